namespace Kbus.Core;

/// <summary>Carries one Ksock's messages for a host, and keeps them until they are taken. The books about them are the bus's.</summary>
/// <remarks>
/// Called on the bus's own thread, in the middle of an operation: an implementation never calls back into the bus. It keeps the copies in
/// the order in which the bus tells of them. In some hosts a process takes messages by itself, without an operation. Such a host reports
/// those takes when asked, each by the number of its entry. The bus asks before it relies on what a queue holds. So on one machine every
/// operation sees each take that ended before the operation began. A carrier may also report takes later, by
/// <see cref="Bus.Taken"/>: the bus judges room by what it was told.
/// </remarks>
internal abstract class Carrier
{
    /// <summary>What the host has made to carry the messages; this, or what this passes everything on to.</summary>
    public virtual Carrier Host => this;

    /// <summary>The owner of the Ksock, for lists of Ksocks.</summary>
    public virtual KsockOwner Owner => default;

    /// <summary>A message was put at the end of the queue.</summary>
    /// <param name="message">The message; to keep it, the carrier copies it or owns a reference of its own.</param>
    /// <param name="flags">The flags of this copy.</param>
    /// <param name="number">The number of its entry (<see cref="QueueEntry.Number"/>).</param>
    public abstract void Appended(StoredMessage message, MessageFlags flags, uint number);

    /// <summary>A message was put in front of the queue. Comes only between <see cref="Freeze()"/> and <see cref="Thaw"/>.</summary>
    /// <param name="message">As for <see cref="Appended"/>.</param>
    /// <param name="flags">The flags of this copy.</param>
    /// <param name="number">The number of its entry.</param>
    public abstract void Prepended(StoredMessage message, MessageFlags flags, uint number);

    /// <summary>An answer that the process awaits was put on the lane of answers, with the tag of its Request
    /// (<see cref="StoredMessage.AnsweredTag"/>).</summary>
    /// <param name="message">As for <see cref="Appended"/>.</param>
    /// <param name="number">The number of its entry. The lane and the queue share their numbers.</param>
    public abstract void Answered(StoredMessage message, uint number);

    /// <summary>Messages were removed from the queue. Comes only between <see cref="Freeze()"/> and <see cref="Thaw"/>.</summary>
    /// <param name="removed">Their entries, in their order.</param>
    public abstract void Removed(List<QueueEntry> removed);

    /// <summary>An answer was moved from the lane into the queue. Comes only between <see cref="Freeze()"/> and
    /// <see cref="Thaw"/>.</summary>
    /// <param name="number">The number of its entry.</param>
    /// <param name="place">Its place in the queue.</param>
    public abstract void Withdrawn(uint number, int place);

    /// <summary>A waiting send could now give another result; the sender should be woken (D7).</summary>
    public abstract void RetryWorthwhile();

    /// <summary>Some of the messages that the process has taken by itself since the last call, in their order.</summary>
    /// <remarks>The bus calls until there are none.</remarks>
    public virtual ReadOnlySpan<Take> ObserveTaken() => default;

    /// <summary>Takes the message in front, for a process that takes by operations on the bus.</summary>
    /// <param name="delivered">The message; the caller gets one reference.</param>
    /// <param name="number">The number of its entry.</param>
    /// <returns>False if there is none, or the process takes by itself.</returns>
    public virtual bool TryTake(out DeliveredMessage delivered, out uint number)
    {
        (delivered, number) = (default, 0);
        return false;
    }

    /// <summary>As <see cref="TryTake"/>, from the lane of answers.</summary>
    public virtual bool TryTakeAnswer(out DeliveredMessage delivered, out uint number)
    {
        (delivered, number) = (default, 0);
        return false;
    }

    /// <summary>Gives one message back that is still kept for a closed Ksock.</summary>
    /// <returns>False if there is none.</returns>
    public abstract bool DropOne();

    /// <summary>From now on until <see cref="Thaw"/> the process takes nothing by itself.</summary>
    public virtual void Freeze()
    {
    }

    /// <summary>As <see cref="Freeze()"/>, when so many messages are about to be put in front: the carrier can make room for them
    /// first.</summary>
    /// <param name="count">The number of messages.</param>
    /// <param name="length">Bytes of the entire form of each.</param>
    public virtual void Freeze(int count, int length) => Freeze();

    /// <summary>The end of what <see cref="Freeze()"/> began.</summary>
    public virtual void Thaw()
    {
    }

    /// <summary>Whether takes must become operations at once, because somebody waits for room in this queue.</summary>
    /// <remarks>When it has been switched on, every later take is an operation, or will be seen by <see cref="ObserveTaken"/>.</remarks>
    public virtual void TellTakes(bool tell)
    {
    }
}
