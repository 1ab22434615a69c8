namespace Kbus.Daemon;

/// <summary>One bus as the status thread sees it: one piece of a report is under way at a time, and the bus's time for that is limited.</summary>
/// <remarks>The status thread alone touches it.</remarks>
/// <param name="filled">Called by the bus's thread when a piece is filled in.</param>
internal sealed class BusTurn(Action<ReportPiece> filled)
{
    // So reports take a tenth of a bus's time at most, however many ask.
    private const int PauseForEachNanosecond = 9;

    // A page that seems to have taken longer than 200 microseconds was interrupted: others had the processor.
    private const long LongestPause = 2_000_000;

    private readonly StatusPage _page = new(filled);
    private BusThread? _bus;

    /// <summary>The connection whose piece is under way; null if none is.</summary>
    public ControlConnection? For { get; private set; }

    /// <summary>The piece that is under way, or was last.</summary>
    public ReportPiece? Piece { get; private set; }

    /// <summary>When the next piece may be handed to the bus, in nanoseconds.</summary>
    public long NotBefore { get; private set; }

    /// <summary>Hands the next piece to the bus that the connection's report is at.</summary>
    public void Post(ControlConnection connection)
    {
        Report report = connection.Report!;
        (For, _bus) = (connection, report.Bus!);
        Piece = report.Next(_page, filled);
        _ = _bus.Post(Piece);
    }

    /// <summary>The piece has come back.</summary>
    /// <returns>For whom it is; null if nobody waits for it any more: the bus is told so.</returns>
    public ControlConnection? TakeBack(long now)
    {
        ControlConnection connection = For!;
        BusThread bus = _bus!;
        (For, _bus) = (null, null);
        NotBefore = now + Math.Min(LongestPause, Piece!.Nanoseconds * PauseForEachNanosecond);
        if (connection.Report?.Awaited == Piece)
        {
            return connection;
        }

        if (Piece.Release() is { } work)
        {
            _ = bus.Post(work);
        }

        return null;
    }
}
