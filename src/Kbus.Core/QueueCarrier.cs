namespace Kbus.Core;

/// <summary>Carries the messages of a Ksock whose process takes them by operations on the bus.</summary>
internal abstract class QueueCarrier : Carrier
{
    private readonly DeliveryQueue _deliveries = new();

    /// <inheritdoc/>
    public sealed override void Appended(StoredMessage message, MessageFlags flags, uint number)
    {
        _deliveries.Append(message, flags, number);
        Changed();
    }

    /// <inheritdoc/>
    public sealed override void Prepended(StoredMessage message, MessageFlags flags, uint number) => _deliveries.Prepend(message, flags, number);

    /// <inheritdoc/>
    public sealed override void Removed(List<QueueEntry> removed) => _deliveries.Remove(removed);

    /// <inheritdoc/>
    public sealed override void BroughtForward(uint number) => _deliveries.BringForward(number);

    /// <inheritdoc/>
    public sealed override void Thaw() => Changed();

    /// <inheritdoc/>
    public sealed override bool TryTake(out DeliveredMessage delivered, out uint number)
    {
        bool isThere = _deliveries.TryTake(out Delivery delivery);
        delivered = new DeliveredMessage(delivery.Message, delivery.Flags);
        number = delivery.Number;
        return isThere;
    }

    /// <inheritdoc/>
    public sealed override bool DropOne() => _deliveries.TryDropFirst();

    /// <summary>The messages that can be taken have changed, other than by a take.</summary>
    protected virtual void Changed()
    {
    }
}
