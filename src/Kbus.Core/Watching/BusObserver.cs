namespace Kbus.Core;

/// <summary>Is told everything that happens on a bus, once and in the bus's order.</summary>
/// <remarks>
/// Called on the bus's own thread, in the middle of an operation: an implementation never calls back into the bus, and what it is given
/// is valid only during the call. It takes no part: nothing on the bus depends on what it does. While a bus has no observer, an operation
/// pays one comparison.
/// </remarks>
internal abstract class BusObserver
{
    /// <summary>A Ksock was opened.</summary>
    public abstract void Opened(KsockState ksock);

    /// <summary>A Ksock closes. What follows from that comes afterwards: Statuses and bind events.</summary>
    public abstract void Closing(KsockState ksock);

    /// <summary>A Ksock has bound, or tried to.</summary>
    /// <param name="ksock">The Ksock.</param>
    /// <param name="name">The name, which anything can stand in if it was refused.</param>
    /// <param name="isReplier">True for a replier's binding.</param>
    /// <param name="outcome">None, or why it was refused.</param>
    public abstract void Bound(KsockState ksock, ReadOnlySpan<byte> name, bool isReplier, Errno outcome);

    /// <summary>A Ksock has unbound, or tried to.</summary>
    /// <param name="ksock">The Ksock.</param>
    /// <param name="name">The name, which anything can stand in if it was refused.</param>
    /// <param name="isReplier">True for a replier's binding.</param>
    /// <param name="isRevoked">True if the binding was ended because the Ksock may not have it any more.</param>
    /// <param name="outcome">None, or why it was refused.</param>
    public abstract void Unbound(KsockState ksock, ReadOnlySpan<byte> name, bool isReplier, bool isRevoked, Errno outcome);

    /// <summary>A message was sent, was refused, or waits; or the bus made one.</summary>
    public abstract void Message(in WatchedMessage message);

    /// <summary>A Ksock has changed a setting, or tried to.</summary>
    /// <param name="ksock">The Ksock.</param>
    /// <param name="setting">The setting.</param>
    /// <param name="value">The value that was asked for.</param>
    /// <param name="outcome">None, or why it was refused.</param>
    public abstract void Set(KsockState ksock, Setting setting, uint value, Errno outcome);

    /// <summary>Something was refused to a Ksock because its process or user holds as much as it may.</summary>
    public abstract void LimitReached(KsockState ksock, QuotaRefusal refusal);
}
