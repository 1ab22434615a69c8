using System.Buffers;
using System.Text.Json;

namespace Kbus.Daemon;

/// <summary>A JSON document about all buses, which is made piece by piece as buses copy them out.</summary>
/// <remarks>
/// It holds the JSON of one piece at most. It can be begun anew, so that questions leave no garbage of that size. The status thread alone touches it.
/// </remarks>
/// <param name="daemon">What it is about.</param>
internal abstract class Report(Daemon daemon) : IDisposable
{
    private const int RoomForPiece = 96 * 1024;

    private readonly ArrayBufferWriter<byte> _buffer = new(RoomForPiece);
    private readonly List<uint> _missing = [];
    private List<uint> _withheld = [];
    private Utf8JsonWriter? _writer;

    /// <summary>The bus whose piece comes next.</summary>
    public uint Number { get; private set; }

    /// <summary>Its thread; null if the report is complete.</summary>
    public BusThread? Bus { get; private set; }

    /// <summary>The piece that was asked of the bus last; null before the first.</summary>
    public ReportPiece? Awaited { get; private set; }

    /// <summary>The document's bytes that have been made and not been sent.</summary>
    public ReadOnlySpan<byte> Made => _buffer.WrittenSpan;

    /// <summary>What processes call themselves.</summary>
    protected ProcessNames Names { get; } = new();

    /// <summary>Writes into the document.</summary>
    protected Utf8JsonWriter Json => _writer ??= new Utf8JsonWriter(_buffer);

    /// <summary>Begins the document: what is told of the daemon itself is there to be sent.</summary>
    /// <param name="viewer">Who asks. Buses that he may not see are left out and named in <c>withheld</c>; null if there is no policy.</param>
    public void Begin(StatusViewer? viewer)
    {
        _buffer.ResetWrittenCount();
        _missing.Clear();
        Names.Clear();
        Json.Reset();
        Json.WriteStartObject();
        uint count = (uint)daemon.BusCount;
        _withheld = viewer?.Withheld(count) ?? [];
        if (viewer is not null && _withheld.Count == count)
        {
            Refuse(viewer.WhyNothing);
            return;
        }

        Json.WriteString("version", DaemonVersion.Text);
        Json.WriteNumber("pid", Environment.ProcessId);
        Json.WriteString("runtime_dir", daemon.Directory);
        BeginDaemon(daemon);
        Json.WriteStartArray("buses");
        GoTo(0);
        Json.Flush();
    }

    /// <summary>All that was made has been sent: its memory serves for the next piece.</summary>
    public void Clear() => _buffer.ResetWrittenCount();

    /// <summary>The next piece, which is to be handed to the bus.</summary>
    /// <param name="page">A page that may be used for it.</param>
    /// <param name="filled">What the piece calls when it is filled in, if it is another one.</param>
    public ReportPiece Next(StatusPage page, Action<ReportPiece> filled) => Awaited = MakeNext(page, filled);

    /// <summary>Writes a piece, or, if its bus has ended, that there is none.</summary>
    public void Write(ReportPiece piece)
    {
        if (piece.IsAbandoned)
        {
            Miss();
            return;
        }

        if (WritePiece(piece))
        {
            GoTo(Number + 1);
        }

        Json.Flush();
    }

    /// <summary>The bus does not answer, or has ended: it is named in <c>missing</c>, and what was told of it is not complete.</summary>
    public void Miss()
    {
        _missing.Add(Number);
        CutBus();
        GoTo(Number + 1);
        Json.Flush();
    }

    /// <summary>What the present bus has to do if the report does not go on there; null for nothing.</summary>
    public virtual BusWork? Release() => null;

    /// <summary>Lets go of the writer.</summary>
    public void Dispose() => _writer?.Dispose();

    /// <summary>Writes what is told of the daemon itself.</summary>
    protected abstract void BeginDaemon(Daemon about);

    /// <summary>Begins with a bus; nothing is written of it before its first piece.</summary>
    protected virtual void BeginBus()
    {
    }

    /// <summary>Makes the next piece of the present bus, or readies the page that is given.</summary>
    protected abstract ReportPiece MakeNext(StatusPage page, Action<ReportPiece> filled);

    /// <summary>Writes a piece.</summary>
    /// <returns>True if it was the last one of its bus.</returns>
    protected abstract bool WritePiece(ReportPiece piece);

    /// <summary>Ends what was written of the present bus, if anything was.</summary>
    protected virtual void CutBus()
    {
    }

    /// <summary>The document for who may see nothing. A reader knows it by how it begins.</summary>
    private void Refuse(string why)
    {
        Bus = null;
        Json.WriteString("refused", why);
        Json.WriteString("version", DaemonVersion.Text);
        Json.WriteNumber("pid", Environment.ProcessId);
        Json.WriteEndObject();
        Json.Flush();
    }

    private void GoTo(uint number)
    {
        while (_withheld.Contains(number))
        {
            number++;
        }

        Number = number;
        Awaited = null;
        Bus = daemon.FindBus(number);
        BeginBus();
        if (Bus is null)
        {
            Json.WriteEndArray();
            Json.WriteStartArray("missing");
            _missing.ForEach(Json.WriteNumberValue);
            Json.WriteEndArray();
            if (_withheld.Count > 0)
            {
                Json.WriteStartArray("withheld");
                _withheld.ForEach(Json.WriteNumberValue);
                Json.WriteEndArray();
            }

            Json.WriteEndObject();
        }
    }
}
