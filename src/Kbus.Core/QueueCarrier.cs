namespace Kbus.Core;

/// <summary>Carries the messages of a Ksock whose process takes them by operations on the bus.</summary>
internal abstract class QueueCarrier : Carrier
{
    private readonly DeliveryQueue _deliveries = new();
    private readonly DeliveryQueue _answers = new();

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
    public sealed override void Answered(StoredMessage message, uint number)
    {
        _answers.Append(message, message.Header.Flags, number);
        HasAnswers();
    }

    /// <inheritdoc/>
    public sealed override void Withdrawn(uint number, int place)
    {
        if (_answers.TryTake(number, out Delivery answer))
        {
            _deliveries.InsertOwned(place, answer);
        }
    }

    /// <inheritdoc/>
    public sealed override void Thaw() => Changed();

    /// <inheritdoc/>
    public sealed override bool TryTake(out DeliveredMessage delivered, out uint number) => TryTake(_deliveries, out delivered, out number);

    /// <inheritdoc/>
    public sealed override bool TryTakeAnswer(out DeliveredMessage delivered, out uint number) => TryTake(_answers, out delivered, out number);

    /// <inheritdoc/>
    public sealed override bool DropOne() => _deliveries.TryDropFirst() || _answers.TryDropFirst();

    /// <summary>The messages that can be taken have changed, other than by a take.</summary>
    protected virtual void Changed()
    {
    }

    /// <summary>An answer has come on the lane.</summary>
    protected virtual void HasAnswers()
    {
    }

    private static bool TryTake(DeliveryQueue queue, out DeliveredMessage delivered, out uint number)
    {
        bool isThere = queue.TryTake(out Delivery delivery);
        delivered = new DeliveredMessage(delivery.Message, delivery.Flags);
        number = delivery.Number;
        return isThere;
    }
}
