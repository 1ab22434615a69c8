namespace Kbus.Core;

internal sealed partial class Bus
{
    /// <summary>Takes the message at the front of a queue (NEXTMSG). A Request to be replied to counts as read from here on.</summary>
    /// <param name="ksock">Whose queue.</param>
    /// <param name="delivered">The message; the caller gets one reference.</param>
    /// <returns>False if nothing waits.</returns>
    public bool Take(KsockState ksock, out DeliveredMessage delivered)
    {
        delivered = default;
        Observe(ksock);
        bool any = ksock.Queue.Count > 0;
        if (any)
        {
            ksock.Carrier.Freeze();
            delivered = TakeFirst(ksock).Delivered;
            ksock.Carrier.Rewritten();
        }

        Finish();
        return any;
    }

    /// <summary>A process that takes by itself says that it has done so, because somebody waits for room.</summary>
    public void NoteTakes(KsockState ksock)
    {
        Observe(ksock);
        Finish();
    }

    /// <summary>A process no longer reads a message in the bus's memory: its bytes do not count against its budget any more.</summary>
    public void NoteReleased(KsockState ksock, int bytes)
    {
        ksock.HeldBytes -= bytes;
        Charges.ReturnBytes(ksock.Charges, bytes);
        RoomMade(ksock);
        Finish();
    }

    /// <summary>A process reads a message on in the bus's memory, which it has taken.</summary>
    public void NoteHeld(KsockState ksock, int bytes)
    {
        ksock.HeldBytes += bytes;
        Charges.UseBytes(ksock.Charges, bytes);
    }

    /// <summary>Charges room for a message that is under construction, until <see cref="ReturnReserved"/>.</summary>
    /// <returns>False if the Ksock's process may hold no more bytes of messages.</returns>
    public bool TryReserve(KsockState ksock, int bytes)
    {
        if (IsShort(ksock, bytes) && Observe(ksock) && IsShort(ksock, bytes))
        {
            _ = Refuse(ksock, Charges.Refusal);
            return false;
        }

        ksock.ReservedBytes += bytes;
        Charges.UseBytes(ksock.Charges, bytes);
        return true;
    }

    /// <summary>No message is under construction any more.</summary>
    public void ReturnReserved(KsockState ksock)
    {
        if (ksock.ReservedBytes > 0)
        {
            Charges.ReturnBytes(ksock.Charges, ksock.ReservedBytes);
            ksock.ReservedBytes = 0;
        }
    }

    /// <summary>Brings the oldest answer that the sender's library waits for to the front of the queue, so that it can be taken
    /// first.</summary>
    /// <remarks>Limits and counts stay as they are: nothing is taken out of the queue to see what is behind it.</remarks>
    /// <returns>False if there is no such answer.</returns>
    public bool BringAnswerForward(KsockState ksock)
    {
        Observe(ksock);
        int place = PlaceOfAnswer(ksock.Queue);
        bool found = place >= 0;
        _steps += (uint)(found ? place : ksock.Queue.Count);
        if (place > 0)
        {
            ksock.Carrier.Freeze();
            Observe(ksock);
            place = PlaceOfAnswer(ksock.Queue);
            found = place >= 0;
            if (place > 0)
            {
                ksock.Queue.Insert(0, ksock.Queue.TakeAt(place));
            }

            ksock.Carrier.Rewritten();
        }

        Finish();
        return found;
    }

    private static int PlaceOfAnswer(MessageQueue queue)
    {
        for (int i = 0; i < queue.Count; i++)
        {
            if (queue[i].IsAwaitedAnswer)
            {
                return i;
            }
        }

        return -1;
    }

    private QueueEntry TakeFirst(KsockState ksock)
    {
        QueueEntry entry = ksock.Queue.TakeFirst();
        Charges.ReturnBytes(ksock.Charges, entry.Length + MessageQueue.BookBytes);
        RoomMade(ksock);
        if (entry.Debt is not null)
        {
            _ledger.CopyTaken(entry.Debt);
        }

        return entry;
    }
}
