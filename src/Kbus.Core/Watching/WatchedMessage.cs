namespace Kbus.Core;

/// <summary>What became of a message, as it is told to whoever watches.</summary>
internal ref struct WatchedMessage
{
    /// <summary>The Ksock that sent it; null if the bus itself made it.</summary>
    public KsockState? Sender { get; init; }

    /// <summary>The message. Its id and its sender are set, unless it was refused before it got them.</summary>
    public StoredMessage Message { get; init; }

    /// <summary>None if it was sent; EAGAIN if it waits for room; otherwise the reason why it was refused.</summary>
    public Errno Outcome { get; init; }

    /// <summary>The recipients, in the order in which the copies were queued: <see cref="Bus.MostWatchedCopies"/> at most.</summary>
    public ReadOnlySpan<WatchedCopy> Copies { get; init; }

    /// <summary>The number of recipients, those left out of <see cref="Copies"/> included.</summary>
    public int CopyCount { get; init; }
}
