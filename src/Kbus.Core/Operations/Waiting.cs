namespace Kbus.Core;

// A message that waits for room: how it begins to wait, is tried again, and ends waiting.
internal sealed partial class Bus
{
    private Errno TryAgain(KsockState sender, out KsockState? full)
    {
        StoredMessage message = sender.Waiting!;
        full = null;
        if (message.IsForbidden)
        {
            return Errno.EPERM;
        }

        Errno error = AttemptWaiting(sender, message, out full);
        if (error == Errno.EAGAIN)
        {
            error = WaitFor(sender, full!, full!.WaitingCount);
            full = null;
        }

        return error;
    }

    /// <summary>Attempts to send a waiting message.</summary>
    /// <remarks>
    /// What is charged for it while it waits is no obstacle, when its recipient belongs to the same process: it is given back when the
    /// message is sent.
    /// </remarks>
    private Errno AttemptWaiting(KsockState sender, StoredMessage message, out KsockState? full)
    {
        int bytes = message.EntireLength + MessageQueue.BookBytes;
        Charges.ReturnBytes(sender.Charges, bytes);
        Route route = _bindings.RouteOf(message.Name);
        (ulong delivered, ulong missed) = (_traffic.Delivered, _traffic.Missed);
        Errno error = Attempt(sender, message, route, out full);
        Charges.UseBytes(sender.Charges, bytes);
        if (error == Errno.None)
        {
            Sent(sender, message, route, delivered, missed);
        }

        return error;
    }

    /// <summary>Makes the message wait, with its reply's place reserved if it is a Request (D8).</summary>
    private Errno Wait(KsockState sender, StoredMessage message, KsockState full)
    {
        int waited = full.WaitingCount;
        if (IsShort(sender, message.EntireLength) && Observe(sender) && IsShort(sender, message.EntireLength))
        {
            return Refuse(sender, Charges.Refusal);
        }

        Charges.UseBytes(sender.Charges, message.EntireLength + MessageQueue.BookBytes);
        sender.Waiting = message;
        sender.HoldsSlot = message.Header.IsRequest;
        _waitingSenders.Add(sender);
        Errno error = WaitFor(sender, full, waited);
        if (error != Errno.EAGAIN)
        {
            message.Retain();
            StopWaiting(sender);
        }

        return error;
    }

    /// <summary>Records the full queue that a waiting message waits for, and checks it again, since it may just have got room.</summary>
    /// <param name="sender">Whose message waits.</param>
    /// <param name="full">The queue's Ksock.</param>
    /// <param name="waited">The messages that waited there when it was found full.</param>
    private Errno WaitFor(KsockState sender, KsockState full, int waited)
    {
        while (true)
        {
            SetBlockedOn(sender, full);
            Observe(full);
            if (full.WaitingCount == waited)
            {
                return Errno.EAGAIN;
            }

            StoredMessage message = sender.Waiting!;
            Errno error = AttemptWaiting(sender, message, out KsockState? next);
            if (error != Errno.EAGAIN)
            {
                return error;
            }

            full = next!;
            waited = full.WaitingCount;
        }
    }

    private void StopWaiting(KsockState sender)
    {
        if (sender.Waiting is { } message)
        {
            SetBlockedOn(sender, null);
            sender.Waiting = null;
            _waitingSenders.Leave(sender);
            Charges.ReturnBytes(sender.Charges, message.EntireLength + MessageQueue.BookBytes);
            message.Release();
            if (sender.HoldsSlot)
            {
                sender.HoldsSlot = false;
                RoomMade(sender);
            }
        }
    }

    private static void SetBlockedOn(KsockState sender, KsockState? full)
    {
        KsockState? former = sender.BlockedOn;
        if (former == full)
        {
            return;
        }

        former?.Blocked.Leave(sender);
        sender.BlockedOn = full;
        if (full is not null)
        {
            full.Blocked.Add(sender);
            TellTakes(full);
        }

        if (former is not null)
        {
            TellTakes(former);
        }
    }

    private static void TellTakes(KsockState ksock)
    {
        if (ksock.IsOpen)
        {
            ksock.Carrier.TellTakes(ksock.TakesMatter);
        }
    }
}
