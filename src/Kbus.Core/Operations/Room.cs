using System.Runtime.CompilerServices;

namespace Kbus.Core;

// Whether a recipient has room: in its queue, and in what its process may hold.
internal sealed partial class Bus
{
    // No error: there is room. A take that made it was observed only while the reason for a refusal was sought.
    private const Errno RoomAfterAll = (Errno)(-1);

    // The number of Ksocks polled at once, of a process that holds as much as it may.
    private const int KsocksBetweenLooks = 16;

    /// <summary>True if a message of that many bytes has no room in this Ksock's queue. Spec section 5.2; P8.</summary>
    /// <param name="ksock">Whose queue.</param>
    /// <param name="bytes">The message's entire length.</param>
    /// <param name="ownSlots">Reserved places that this very message may use.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool IsFull(KsockState ksock, int bytes, int ownSlots)
    {
        // Takes by the process only make room. So poll them when the queue seems full, not before.
        return SeemsFull(ksock, bytes, ownSlots) && Observe(ksock) && SeemsFull(ksock, bytes, ownSlots);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool SeemsFull(KsockState ksock, int bytes, int ownSlots) => IsQueueFull(ksock, bytes, ownSlots) || IsShort(ksock, bytes);

    /// <summary>True if the queue itself has no room, whatever else its process holds.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool IsQueueFull(KsockState ksock, int bytes, int ownSlots)
    {
        if (ksock.WaitingCount + (long)ksock.Reserved - ownSlots >= ksock.MaxMessages)
        {
            return true;
        }

        long waiting = ksock.WaitingBytes + ksock.HeldBytes;
        return waiting > 0 && waiting + bytes > _options.MaxQueuedBytes;
    }

    /// <summary>True if the recipient's process may hold no more bytes of messages. If it holds none, it may hold any one
    /// message.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool IsShort(KsockState ksock, int bytes) =>
        bytes + MessageQueue.BookBytes > ksock.Charges.BytesLeft && IsShortIndeed(ksock, bytes);

    /// <remarks>Takes with the process's other Ksocks make room, too. There may be many of them, so the bus polls some each time.</remarks>
    private bool IsShortIndeed(KsockState ksock, int bytes)
    {
        ProcessCharges process = ksock.Charges;
        int left = Math.Min(KsocksBetweenLooks, process.Ksocks.Count);
        while (bytes > 0 && !Charges.HasBytes(process, bytes + MessageQueue.BookBytes) && process.Used(ChargeKind.MessageBytes) > 0)
        {
            if (left-- == 0)
            {
                return true;
            }

            _steps++;
            Observe(process.Ksocks.Rotate());
        }

        return false;
    }

    /// <summary>The error for a sender when a recipient has no room; <see cref="RoomAfterAll"/> if it has some by now.</summary>
    /// <remarks>
    /// It waits for room in that one queue (D7). When it is the recipient's process that holds as much as it may, no single queue can say
    /// when that changes: then the sender gets the error at once. So it waits only for a queue that is full itself.
    /// </remarks>
    private Errno NoRoom(KsockState sender, KsockState full, StoredMessage message, int ownSlots = 0)
    {
        // Whether the process is short is found by polling its Ksocks, and that may make room in this queue: so the queue comes last.
        if ((message.Header.Flags & MessageFlags.AllOrWait) == 0 || IsShort(full, message.EntireLength))
        {
            return Errno.EBUSY;
        }

        return IsQueueFull(full, message.EntireLength, ownSlots + OwnSlots(sender, full)) ? Errno.EAGAIN : RoomAfterAll;
    }

    /// <summary>Remembers why something is refused to a Ksock, which may ask.</summary>
    private Errno Refuse(KsockState ksock, QuotaRefusal refusal)
    {
        ksock.Refusal = refusal;
        Observer?.LimitReached(ksock, refusal);
        return Errno.EDQUOT;
    }

    /// <summary>A waiting Request's own reserved place is no obstacle to that very Request (fine point 3).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int OwnSlots(KsockState sender, KsockState target) => sender == target && sender.HoldsSlot ? 1 : 0;
}
