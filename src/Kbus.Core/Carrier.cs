namespace Kbus.Core;

/// <summary>Carries one Ksock's messages for a host. The bus notifies it, and asks it, during operations.</summary>
/// <remarks>
/// Called on the bus's own thread, in the middle of an operation: an implementation never calls back into the bus. In some
/// hosts a process takes messages by itself, without an operation. Such a host reports those takes when asked. The bus asks before it
/// relies on what a queue holds. So every operation sees each take that ended before the operation began.
/// </remarks>
internal abstract class Carrier
{
    /// <summary>The owner of the Ksock, for lists of Ksocks.</summary>
    public virtual KsockOwner Owner => default;

    /// <summary>A message is put at the end of the queue: does the carrier keep the bytes of this copy itself, so that the queue need
    /// not?</summary>
    /// <remarks>What a carrier keeps, it gives back to the queue before it lets <see cref="Rewritten"/> change anything.</remarks>
    /// <param name="message">The message; the carrier gets no reference.</param>
    /// <param name="flags">The flags of this copy.</param>
    /// <param name="place">Where the carrier keeps it.</param>
    /// <returns>False if the queue keeps the message; then <see cref="Appended"/> comes next.</returns>
    public virtual bool TryKeep(StoredMessage message, MessageFlags flags, out uint place)
    {
        place = 0;
        return false;
    }

    /// <summary>A message was put at the end of the queue, which keeps it.</summary>
    public abstract void Appended();

    /// <summary>The queue changed elsewhere than at its end. Comes only between <see cref="Freeze()"/> and the next call.</summary>
    public abstract void Rewritten();

    /// <summary>As <see cref="Rewritten"/>, when nothing has changed but that so many messages were put in front.</summary>
    public virtual void Prepended(int count) => Rewritten();

    /// <summary>A waiting send could now give another result; the sender should be woken (D7).</summary>
    public abstract void RetryWorthwhile();

    /// <summary>The number of messages that the process has taken from the front by itself since the last call.</summary>
    public virtual int ObserveTaken() => 0;

    /// <summary>From now on until <see cref="Rewritten"/> or <see cref="Prepended"/> the process takes nothing by itself.</summary>
    public virtual void Freeze()
    {
    }

    /// <summary>As <see cref="Freeze()"/>, when so many messages are about to be put in front: the carrier can make room for them
    /// first.</summary>
    /// <param name="count">The number of messages.</param>
    /// <param name="length">Bytes of the entire form of each.</param>
    public virtual void Freeze(int count, int length) => Freeze();

    /// <summary>Whether takes must become operations at once, because somebody waits for room in this queue.</summary>
    /// <remarks>When it has been switched on, every later take is an operation, or will be seen by <see cref="ObserveTaken"/>.</remarks>
    public virtual void TellTakes(bool tell)
    {
    }
}
