using System.Diagnostics;

namespace Kbus.Core;

// The path of a message: Send -> Begin -> Attempt (decides everything, changes nothing) -> Deliver (queues the copies).
internal sealed partial class Bus
{
    private ulong _urgentDeliveries;
    private bool[] _refused = new bool[16];

    /// <summary>Sends a message. It reaches everybody it is meant for, or nobody and the error says why (P3). Spec section 4.</summary>
    /// <param name="sender">Who sends.</param>
    /// <param name="message">The message, checked and sealed; its reference passes to the bus.</param>
    /// <param name="id">The id that the message got; meaningful with None and EAGAIN.</param>
    /// <returns>
    /// None, EALREADY (a message is waiting already), ENOLCK (no room for the reply), EADDRNOTAVAIL (no replier, or the requester has
    /// gone), ECONNREFUSED (not this Ksock's to answer), EPIPE (not the replier meant), EBUSY (no room), or EAGAIN (the message waits).
    /// </returns>
    public Errno Send(KsockState sender, StoredMessage message, out MessageId id)
    {
        id = default;
        Errno error = Begin(sender, message);
        if (error == Errno.None)
        {
            id = message.Header.Id;
            error = Attempt(sender, message, out KsockState? full);
            if (error == Errno.EAGAIN)
            {
                error = Wait(sender, message, full!);
            }
        }

        if (error != Errno.EAGAIN)
        {
            message.Release();
        }

        Finish();
        return error;
    }

    /// <summary>Tries a waiting message again because its sender repeats SEND.</summary>
    /// <param name="sender">Whose message waits.</param>
    /// <param name="id">The message's id; meaningful with None and EAGAIN.</param>
    /// <returns>As <see cref="Send"/>, never ENOLCK or EALREADY. Anything but EAGAIN ends the waiting.</returns>
    public Errno Retry(KsockState sender, out MessageId id)
    {
        id = sender.Waiting!.Header.Id;
        sender.LastSent = id;
        Errno error = TryAgain(sender);
        if (error != Errno.EAGAIN)
        {
            StopWaiting(sender);
        }

        Finish();
        return error;
    }

    /// <summary>Tells whether a Ksock can read and write, trying a waiting message once. Spec section 8.</summary>
    /// <remarks>A message that fails for good is dropped; if it is a Request its sender gets a Status, to be seen by the next poll.</remarks>
    public (bool Readable, bool Writable) Poll(KsockState ksock)
    {
        Observe(ksock);
        bool readable = ksock.Queue.Count > 0;
        if (ksock.Waiting is { } message)
        {
            Errno error = TryAgain(ksock);
            if (error == Errno.EAGAIN)
            {
                Finish();
                return (readable, false);
            }

            if (error != Errno.None && message.Header.IsRequest)
            {
                SendStatusForWaiting(ksock, error == Errno.EADDRNOTAVAIL ? MessageName.ReplierDisappeared : MessageName.ErrorSending);
            }

            StopWaiting(ksock);
        }

        Finish();
        return (readable, ksock.CanWrite);
    }

    /// <summary>Drops a waiting message, with no Status. Spec section 4.6.</summary>
    public void Discard(KsockState ksock)
    {
        StopWaiting(ksock);
        Finish();
    }

    private Errno Begin(KsockState sender, StoredMessage message)
    {
        if (sender.Waiting is not null)
        {
            return Errno.EALREADY;
        }

        ref MessageHeader header = ref message.Header;
        if (header.IsRequest && IsFull(sender, 0, 0))
        {
            return Errno.ENOLCK;
        }

        header.Flags &= ~(MessageFlags.Synthetic | MessageFlags.WantYouToReply);
        header.Extra = 0;
        header.From = sender.Id;
        if (header.Id.NetworkId == 0)
        {
            header.Id = NextId();
        }

        sender.LastSent = header.Id;
        return Errno.None;
    }

    /// <summary>Decides who gets the message and queues it for them all, or finds the reason why not and changes nothing.</summary>
    /// <param name="sender">Who sends.</param>
    /// <param name="message">The message, with its id.</param>
    /// <param name="full">With EAGAIN: the first recipient that has no room.</param>
    private Errno Attempt(KsockState sender, StoredMessage message, out KsockState? full)
    {
        ref MessageHeader header = ref message.Header;
        Route route = _bindings.RouteOf(message.Name, sender.LastRoute);
        sender.LastRoute = route;
        Errno noRoom = (header.Flags & MessageFlags.AllOrWait) != 0 ? Errno.EAGAIN : Errno.EBUSY;
        full = null;
        if (header.IsRequest && route.Replier is null)
        {
            return Errno.EADDRNOTAVAIL;
        }

        ReplyDebt? debt = null;
        if (header.IsReply)
        {
            if (FindKsock(header.To) is not { } requester)
            {
                return Errno.EADDRNOTAVAIL;
            }

            debt = _ledger.Find(requester, sender, header.InReplyTo);
            if (debt is null)
            {
                return Errno.ECONNREFUSED;
            }

            if (IsFull(requester, message.EntireLength, 1 + OwnSlots(sender, requester)))
            {
                full = requester;
                return noRoom;
            }
        }

        if (header.IsRequest)
        {
            KsockState replier = route.Replier!.Ksock;
            if (header.To != 0 && header.To != replier.Id)
            {
                return Errno.EPIPE;
            }

            if (IsFull(replier, message.EntireLength, OwnSlots(sender, replier)))
            {
                full = replier;
                return noRoom;
            }
        }

        Errno error = AskListeners(sender, message, route.Listeners, out full);
        if (error == Errno.None)
        {
            Deliver(sender, message, route, debt);
        }

        return error;
    }

    /// <summary>Finds which listeners have room, and whether that is good enough for this message.</summary>
    private Errno AskListeners(KsockState sender, StoredMessage message, Binding[] listeners, out KsockState? full)
    {
        full = null;
        if (listeners.Length > _refused.Length)
        {
            _refused = new bool[listeners.Length * 2];
        }

        MessageFlags flags = message.Header.Flags;
        for (int i = 0; i < listeners.Length; i++)
        {
            KsockState ksock = listeners[i].Ksock;
            _refused[i] = IsFull(ksock, message.EntireLength, OwnSlots(sender, ksock));
            if (_refused[i] && (flags & (MessageFlags.AllOrWait | MessageFlags.AllOrFail)) != 0)
            {
                full = ksock;
                return (flags & MessageFlags.AllOrWait) != 0 ? Errno.EAGAIN : Errno.EBUSY;
            }
        }

        return Errno.None;
    }

    /// <summary>Queues the copies: the reply for its requester, the Request for its replier, then the listeners, newest binding first.</summary>
    private void Deliver(KsockState sender, StoredMessage message, Route route, ReplyDebt? answered)
    {
        if ((message.Header.Flags & MessageFlags.Urgent) != 0)
        {
            _urgentDeliveries++;
        }

        if (answered is not null)
        {
            // The replier may have taken the Request without our notice; that comes before its reply.
            Observe(sender);
            KsockState requester = answered.Sender;
            bool isAwaited = answered.IsAwaited;
            _ledger.Strike(answered);
            Enqueue(requester, new QueueEntry { Message = message, IsAwaitedAnswer = isAwaited });
        }

        if (message.Header.IsRequest)
        {
            sender.HoldsSlot = false;
            Binding binding = route.Replier!;
            ReplyDebt debt = _ledger.Enter(sender, binding.Ksock, message.Header.Id, message.IsAwaited);
            Enqueue(binding.Ksock, new QueueEntry { Message = message, Because = binding, Debt = debt });
        }

        Binding[] listeners = route.Listeners;
        for (int i = 0; i < listeners.Length; i++)
        {
            KsockState ksock = listeners[i].Ksock;
            if (_refused[i])
            {
                ksock.Missed++;
            }
            else if (!ksock.OnlyOnce || ksock.LastPushed != message.Header.Id)
            {
                Enqueue(ksock, new QueueEntry { Message = message, Because = listeners[i] });
            }
        }
    }

    /// <summary>Puts a copy where it belongs: at the end, or, if urgent, in front, after earlier copies of the same message (D13).</summary>
    private void Enqueue(KsockState ksock, in QueueEntry entry)
    {
        if ((entry.Message.Header.Flags & MessageFlags.Urgent) == 0)
        {
            Append(ksock, entry);
            return;
        }

        ksock.Carrier.Freeze();
        int copies = ksock.UrgentGroup.Delivery == _urgentDeliveries ? ksock.UrgentGroup.Copies : 0;
        int waitedBefore = ksock.Queue.Count;
        Observe(ksock);
        copies = Math.Max(0, copies - (waitedBefore - ksock.Queue.Count));
        entry.Message.Retain();
        ksock.Queue.Insert(copies, entry);
        ksock.UrgentGroup = (_urgentDeliveries, copies + 1);
        ksock.LastPushed = entry.Message.Header.Id;
        if (copies == 0)
        {
            ksock.Carrier.Prepended();
        }
        else
        {
            ksock.Carrier.Rewritten();
        }
    }

    private Errno TryAgain(KsockState sender)
    {
        Errno error = Attempt(sender, sender.Waiting!, out KsockState? full);
        if (error == Errno.EAGAIN)
        {
            error = WaitFor(sender, full!);
        }

        return error;
    }

    /// <summary>Makes the message wait, with its reply's place reserved if it is a Request (D8).</summary>
    private Errno Wait(KsockState sender, StoredMessage message, KsockState full)
    {
        sender.Waiting = message;
        sender.HoldsSlot = message.Header.IsRequest;
        _waitingSenders.Add(sender);
        Errno error = WaitFor(sender, full);
        if (error != Errno.EAGAIN)
        {
            message.Retain();
            StopWaiting(sender);
        }

        return error;
    }

    /// <summary>Notes whose full queue a waiting message waits for, and looks again, since room may just have been made there.</summary>
    private Errno WaitFor(KsockState sender, KsockState full)
    {
        while (true)
        {
            SetBlockedOn(sender, full);
            int waited = full.Queue.Count;
            Observe(full);
            if (full.Queue.Count == waited)
            {
                return Errno.EAGAIN;
            }

            Errno error = Attempt(sender, sender.Waiting!, out KsockState? next);
            if (error != Errno.EAGAIN)
            {
                return error;
            }

            full = next!;
        }
    }

    private void StopWaiting(KsockState sender)
    {
        if (sender.Waiting is { } message)
        {
            SetBlockedOn(sender, null);
            _roomMade |= sender.HoldsSlot;
            sender.HoldsSlot = false;
            sender.Waiting = null;
            _waitingSenders.Remove(sender);
            message.Release();
        }
    }

    private static void SetBlockedOn(KsockState sender, KsockState? full)
    {
        KsockState? former = sender.BlockedOn;
        if (former == full)
        {
            return;
        }

        sender.BlockedOn = full;
        if (full is not null)
        {
            full.Blocking++;
            TellTakes(full);
        }

        if (former is not null)
        {
            Debug.Assert(former.Blocking > 0, "who is not blocking any more was blocking");
            former.Blocking--;
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

    /// <summary>A waiting Request's own reserved place is no obstacle to that very Request (fine point 3).</summary>
    private static int OwnSlots(KsockState sender, KsockState target) => sender == target && sender.HoldsSlot ? 1 : 0;
}
