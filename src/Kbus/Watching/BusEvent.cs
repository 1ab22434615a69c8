namespace Kbus;

/// <summary>Something that happened on a bus, as a <see cref="BusWatcher"/> sees it.</summary>
public abstract class BusEvent
{
    private protected BusEvent()
    {
    }

    /// <summary>Its number: each event that could be watched has the next one. 0 is before the first.</summary>
    public ulong Number { get; init; }

    /// <summary>When it happened, on the machine's monotonic clock. The start of that clock means nothing; differences do.</summary>
    public TimeSpan Monotonic { get; init; }

    /// <summary>When it happened, by the wall clock of this process.</summary>
    public DateTimeOffset Time { get; init; }

    /// <summary>The Ksock whose operation it was; 0 for the bus itself.</summary>
    public uint Ksock { get; init; }

    /// <summary><see cref="Errno.None"/>, or the error with which it was refused; of a message EAGAIN while it waits for room.</summary>
    public Errno Outcome { get; init; }
}
