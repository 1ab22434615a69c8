using Kbus.Linux;

namespace Kbus.Daemon;

/// <summary>Something that a bus's thread copies out for a report, between two operations.</summary>
/// <remarks>The bus's thread owns it from <see cref="BusThread.Post"/> until it calls <c>filled</c>, the status thread at all other times.</remarks>
/// <param name="filled">Called when the piece is filled in, or will never be; from any thread.</param>
internal abstract class ReportPiece(Action<ReportPiece> filled) : BusWork
{
    /// <summary>Whether the bus has ended, so that there is nothing in the piece.</summary>
    public bool IsAbandoned { get; protected set; }

    /// <summary>How long the bus was busy with it, in nanoseconds.</summary>
    public long Nanoseconds { get; private set; }

    /// <inheritdoc/>
    public override void CarryOut(BusThread bus)
    {
        long start = LibC.MonotonicNanoseconds();
        Fill(bus);
        Nanoseconds = LibC.MonotonicNanoseconds() - start;
        filled(this);
    }

    /// <inheritdoc/>
    public override void Abandon()
    {
        IsAbandoned = true;
        Nanoseconds = 0;
        filled(this);
    }

    /// <summary>What the bus has to do if nobody goes on from this piece; null for nothing.</summary>
    public virtual BusWork? Release() => null;

    /// <summary>Fills it in, on the bus's thread.</summary>
    protected abstract void Fill(BusThread bus);
}
