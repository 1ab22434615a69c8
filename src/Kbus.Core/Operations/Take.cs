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
        return HasTaken(ksock, ksock.Carrier.TryTake(out delivered, out uint number), new Take(number, isHeld));
    }

    /// <summary>As <see cref="Take"/>, from the lane of answers. The message knows the tag of its Request
    /// (<see cref="StoredMessage.AnsweredTag"/>).</summary>
    public override bool TakeAnswer(KsockState ksock, out DeliveredMessage delivered, bool isHeld = false)
    {
        Observe(ksock);
        return HasTaken(ksock, ksock.Carrier.TryTakeAnswer(out delivered, out uint number), new Take(number, isHeld, IsAnswer: true));
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

    private bool HasTaken(KsockState ksock, bool any, Take take)
    {
        if (any)
        {
            RecordTakes(ksock, [take]);
            RoomMade(ksock);
        }

        Finish();
        return any;
    }
}
