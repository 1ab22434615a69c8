namespace Kbus.Core;

internal sealed partial class Bus
{
    /// <summary>Takes the message at the front of a queue (NEXTMSG). A Request to be replied to counts as read from here on.</summary>
    /// <param name="ksock">Whose queue.</param>
    /// <param name="delivered">The message; the caller gets one reference.</param>
    /// <param name="isHeld">True if its bytes are charged until <see cref="NoteReleased"/>.</param>
    /// <returns>False if nothing waits.</returns>
    public override bool Take(KsockState ksock, out DeliveredMessage delivered, bool isHeld = false)
    {
        Observe(ksock);
        bool any = ksock.Carrier.TryTake(out delivered, out uint number);
        if (any)
        {
            RecordTakes(ksock, [new Take(number, isHeld)]);
            RoomMade(ksock);
        }

        Finish();
        return any;
    }

    /// <summary>A process has taken messages by itself, which its carrier did not report when it was asked.</summary>
    /// <param name="ksock">Whose messages.</param>
    /// <param name="taken">The messages, wherever they stand in the queue. One that is no longer there counts for nothing.</param>
    public void Taken(KsockState ksock, ReadOnlySpan<Take> taken)
    {
        RecordTakes(ksock, taken);
        RoomMade(ksock);
        Finish();
    }

    /// <summary>A process that takes by itself says that it has done so, because somebody waits for room.</summary>
    public override void NoteTakes(KsockState ksock)
    {
        Observe(ksock);
        Finish();
    }

    /// <summary>A process no longer reads a message in the bus's memory: its bytes do not count against its budget any more.</summary>
    public override void NoteReleased(KsockState ksock, int bytes)
    {
        ksock.HeldBytes -= bytes;
        Charges.ReturnBytes(ksock.Charges, bytes);
        RoomMade(ksock);
        Finish();
    }

    /// <summary>Charges room for a message that is under construction, until <see cref="ReturnReserved"/>.</summary>
    /// <returns>False if the Ksock's process may hold no more bytes of messages.</returns>
    public override bool TryReserve(KsockState ksock, int bytes)
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
    public override void ReturnReserved(KsockState ksock)
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
    public override bool BringAnswerForward(KsockState ksock)
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
                ksock.Carrier.BroughtForward(ksock.Queue[place].Number);
                ksock.Queue.BringForward(place);
            }

            ksock.Carrier.Thaw();
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
}
