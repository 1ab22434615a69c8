namespace Kbus.Core;

/// <summary>The carrier of a Ksock of another node: that one alone has its messages.</summary>
internal sealed class StubCarrier(KsockOwner owner) : Carrier
{
    /// <inheritdoc/>
    public override KsockOwner Owner => owner;

    /// <inheritdoc/>
    public override void Appended(StoredMessage message, MessageFlags flags, uint number)
    {
    }

    /// <inheritdoc/>
    public override void Prepended(StoredMessage message, MessageFlags flags, uint number)
    {
    }

    /// <inheritdoc/>
    public override void Removed(List<QueueEntry> removed)
    {
    }

    /// <inheritdoc/>
    public override void Answered(StoredMessage message, uint number)
    {
    }

    /// <inheritdoc/>
    public override void Withdrawn(uint number, int place)
    {
    }

    /// <inheritdoc/>
    public override void RetryWorthwhile()
    {
    }

    /// <inheritdoc/>
    public override bool DropOne() => false;
}
