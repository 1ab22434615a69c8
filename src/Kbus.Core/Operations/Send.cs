using System.Runtime.CompilerServices;

namespace Kbus.Core;

// The path of a message: Send -> Begin -> Attempt (decides everything, changes nothing) -> Deliver (queues the copies); or, for what nobody
// can refuse, Send -> Begin -> Announce.
internal sealed partial class Bus
{
    private const MessageFlags NeedsAsking =
        MessageFlags.WantAReply | MessageFlags.Urgent | MessageFlags.AllOrWait | MessageFlags.AllOrFail;

    // The number of copies queued for recipients.
    private ulong _deliveries;
    private bool[] _refused = new bool[16];

    /// <summary>Sends a message. It reaches all its recipients. Or it reaches nobody, and the error says why (P3). Spec section
    /// 4.</summary>
    /// <param name="sender">The sending Ksock.</param>
    /// <param name="message">The message, checked but for its name, and sealed; its reference passes to the bus.</param>
    /// <param name="id">The id that the message got; meaningful with None and EAGAIN.</param>
    /// <returns>
    /// None, EBADMSG (no message may have this name), EALREADY (a message is waiting already), ENOLCK (no room for the reply),
    /// EADDRNOTAVAIL (no replier, or the requester has gone), ECONNREFUSED (not this Ksock's to answer), EPIPE (not the replier meant),
    /// EBUSY (no room), EAGAIN (the message waits), or EDQUOT (its process has as many Requests out as it may, or no more bytes for a
    /// message that would wait).
    /// </returns>
    public override Errno Send(KsockState sender, StoredMessage message, out MessageId id)
    {
        id = default;
        Route? route = FindRoute(sender, message.Name);
        (ulong delivered, ulong missed, KsockState? full) = (_traffic.Delivered, _traffic.Missed, null);
        bool isOverheard = sender.IsLimpet && message.Header.IsOverheard;
        Errno error = route is null ? Errno.EBADMSG : Begin(sender, message, isOverheard, ref id);
        if (error == Errno.None)
        {
            if (isOverheard)
            {
                Overhear(sender, message, route!);
            }
            else if (CanNobodyRefuse(message.Header, route!))
            {
                Announce(sender, message, route!.Listeners);
            }
            else
            {
                error = Attempt(sender, message, route!, out full);
            }
        }

        if (error == Errno.None)
        {
            Sent(sender, message, route!, delivered, missed);
        }
        else if (error != Errno.EAGAIN || (error = Wait(sender, message, full!)) != Errno.None)
        {
            NotSent(sender, message, route, error, full);
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
    /// <returns>As <see cref="Send"/>, never ENOLCK or EALREADY; EPERM if it may not be sent any more. Anything but EAGAIN ends the waiting.</returns>
    public override Errno Retry(KsockState sender, out MessageId id)
    {
        id = sender.Waiting!.Header.Id;
        sender.LastSent = id;
        Errno error = TryAgain(sender, out KsockState? full);
        if (error != Errno.EAGAIN)
        {
            GivenUp(sender, error, full);
            StopWaiting(sender);
        }

        Finish();
        return error;
    }

    /// <summary>Finds whether a Ksock can read and write. Tries a waiting message once. Spec section 8.</summary>
    /// <remarks>A message that fails for good is dropped; if it is a Request its sender gets a Status, to be seen by the next
    /// poll.</remarks>
    public override (bool Readable, bool Writable) Poll(KsockState ksock)
    {
        Observe(ksock);
        bool readable = ksock.Queue.Count > 0;
        if (ksock.Waiting is { } message)
        {
            Errno error = TryAgain(ksock, out KsockState? full);
            if (error == Errno.EAGAIN)
            {
                Finish();
                return (readable, false);
            }

            GivenUp(ksock, error, full);
            if (error != Errno.None && message.Header.IsRequest)
            {
                SendStatusForWaiting(ksock, error == Errno.EADDRNOTAVAIL ? StatusKind.Disappeared : StatusKind.ErrorSending);
            }

            StopWaiting(ksock);
        }

        Finish();
        return (readable, ksock.CanWrite);
    }

    /// <summary>Drops a waiting message, with no Status. Spec section 4.6.</summary>
    public override void Discard(KsockState ksock)
    {
        StopWaiting(ksock);
        Finish();
    }

    /// <summary>The route of this name; null if no message may have it.</summary>
    private Route? FindRoute(KsockState sender, ReadOnlySpan<byte> name)
    {
        Route? last = sender.LastRoute;
        bool isSame = last is not null && name.SequenceEqual(last.Name);
        if (isSame && _bindings.IsCurrent(last!))
        {
            return last;
        }

        return isSame || MessageName.IsSendable(name) ? sender.LastRoute = _bindings.RouteOf(name) : null;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Errno Begin(KsockState sender, StoredMessage message, bool isOverheard, ref MessageId id)
    {
        if (sender.Waiting is not null)
        {
            return Errno.EALREADY;
        }

        ref MessageHeader header = ref message.Header;
        if (header.IsRequest && !isOverheard)
        {
            if (IsFull(sender, 0, 0))
            {
                return Errno.ENOLCK;
            }

            if (!Charges.MayHave(sender.Charges, ChargeKind.Requests, 1))
            {
                return Refuse(sender, Charges.Refusal);
            }
        }

        header.Flags &= ~(MessageFlags.Synthetic | MessageFlags.WantYouToReply);
        header.Extra = 0;
        header.From = sender.Id;
        id = header.Id.NetworkId == 0 ? NextId() : header.Id;
        header.Id = id;
        sender.LastSent = id;
        return Errno.None;
    }

    /// <summary>True for an announcement that each listener with room gets, independently of the others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool CanNobodyRefuse(in MessageHeader header, Route route) =>
        (header.Flags & NeedsAsking) == 0 && !header.IsReply && !route.HasRepeats;

    /// <summary>Finds the recipients and queues the message for all of them. Otherwise finds the reason for the refusal and changes
    /// nothing.</summary>
    /// <param name="sender">The sending Ksock.</param>
    /// <param name="message">The message, with its id.</param>
    /// <param name="route">The recipients of messages of its name.</param>
    /// <param name="full">With EAGAIN: the first recipient that has no room.</param>
    private Errno Attempt(KsockState sender, StoredMessage message, Route route, out KsockState? full)
    {
        Errno error;
        do
        {
            error = AttemptOnce(sender, message, route, out full);
        }
        while (error == RoomAfterAll);
        return error;
    }

    private Errno AttemptOnce(KsockState sender, StoredMessage message, Route route, out KsockState? full)
    {
        ref MessageHeader header = ref message.Header;
        full = null;
        if (header.IsRequest && (route.Replier is null || IsOwnLimpet(sender, route.Replier.Ksock)))
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
                return NoRoom(sender, requester, message, 1);
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
                return NoRoom(sender, replier, message);
            }
        }

        Errno error = AskListeners(sender, message, header.Flags, ListenersOf(message, route), out full);
        if (error == Errno.None)
        {
            Deliver(sender, message, route, debt);
        }

        return error;
    }

    /// <summary>Sends what nobody can refuse: each listener gets it that has room. Nothing need be known of all before the first gets
    /// it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Announce(KsockState sender, StoredMessage message, ReadOnlySpan<Binding> listeners)
    {
        _deliveries++;
        _steps += (uint)listeners.Length;
        int copies = 0;
        foreach (Binding listener in listeners)
        {
            KsockState ksock = listener.Ksock;
            if (IsOwnLimpet(sender, ksock))
            {
                continue;
            }

            if (IsFull(ksock, message.EntireLength, OwnSlots(sender, ksock)))
            {
                Miss(ksock);
            }
            else if (!HasIt(ksock, message.Header.Id))
            {
                Append(ksock, message, listener, CopyFate.Listener);
                copies++;
            }
        }

        CountCopies(message, copies);
    }

    /// <summary>True if a listener that wants each message only once has it already. Spec section 4.3.</summary>
    /// <remarks>
    /// The id of the message that came last decides, even if another Ksock sent it. A Limpet is exempt. A message that comes back by
    /// another Limpet shows it that buses are joined in a ring. And a bus beyond that has begun anew may send a message with the id of
    /// one that it sent before.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool HasIt(KsockState ksock, MessageId id) =>
        ksock.OnlyOnce && ksock.LastPushed == id && (!ksock.IsLimpet || ksock.LastDelivery == _deliveries);

    /// <summary>Finds which listeners have room, and whether that is good enough for a message with these flags.</summary>
    private Errno AskListeners(KsockState sender, StoredMessage message, MessageFlags flags, ReadOnlySpan<Binding> listeners, out KsockState? full)
    {
        full = null;
        _steps += 2 * (uint)listeners.Length;
        if (listeners.Length > _refused.Length)
        {
            _refused = new bool[listeners.Length * 2];
        }

        for (int i = 0; i < listeners.Length; i++)
        {
            KsockState ksock = listeners[i].Ksock;
            _refused[i] = !IsOwnLimpet(sender, ksock) && IsFull(ksock, message.EntireLength, OwnSlots(sender, ksock));
            if (_refused[i] && (flags & (MessageFlags.AllOrWait | MessageFlags.AllOrFail)) != 0)
            {
                full = ksock;
                return NoRoom(sender, ksock, message);
            }
        }

        return Errno.None;
    }

    /// <summary>Queues the copies: the reply for its requester, the Request for its replier, then the listeners, newest binding
    /// first.</summary>
    private void Deliver(KsockState sender, StoredMessage message, Route route, ReplyDebt? answered)
    {
        _deliveries++;
        bool isUrgent = (message.Header.Flags & MessageFlags.Urgent) != 0;
        KsockState? requester = null;
        if (answered is not null)
        {
            // The replier may have taken the Request without our notice; that comes before its reply.
            Observe(sender);
            requester = answered.Sender;
            uint tag = answered.Tag;
            CountReply(sender, answered);
            _ledger.Strike(answered);
            if (!isUrgent || tag != 0)
            {
                // On the lane of answers order does not matter.
                AppendAnswer(requester, message, tag);
                requester = null;
            }
        }

        Binding? replier = null;
        ReplyDebt? debt = null;
        if (message.Header.IsRequest)
        {
            sender.HoldsSlot = false;
            replier = route.Replier!;
            debt = _ledger.Enter(sender, replier.Ksock, message.Header.Id, message.Tag, isInFront: isUrgent);
            CountRequest(sender, debt, route);
            if (!isUrgent)
            {
                AppendOne(replier.Ksock, message, replier, CopyFate.Replier, debt);
            }
        }

        if (!isUrgent)
        {
            DeliverToListeners(sender, message, ListenersOf(message, route));
            return;
        }

        // Each copy is put in front of the earlier ones of its group, so the group is made from its end (D13).
        ChooseUrgentCopies(sender, message, ListenersOf(message, route), requester, replier?.Ksock);
        PutUrgentCopies(message, ListenersOf(message, route));
        if (replier is not null)
        {
            PutInFront(replier.Ksock, message, replier, debt);
        }

        if (requester is not null)
        {
            PutInFront(requester, message, because: null, debt: null);
        }

        EndUrgent();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ReadOnlySpan<Binding> ListenersOf(StoredMessage message, Route route) => message.IsForRequesterAlone ? default : route.Listeners;

    private void DeliverToListeners(KsockState sender, StoredMessage message, ReadOnlySpan<Binding> listeners)
    {
        int copies = 0;
        for (int i = 0; i < listeners.Length; i++)
        {
            KsockState ksock = listeners[i].Ksock;
            if (_refused[i])
            {
                Miss(ksock);
            }
            else if (!IsOwnLimpet(sender, ksock) && !HasIt(ksock, message.Header.Id))
            {
                Append(ksock, message, listeners[i], CopyFate.Listener);
                copies++;
            }
        }

        CountCopies(message, copies);
    }
}
