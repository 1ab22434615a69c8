namespace Kbus.Core.Tests;

internal sealed partial class NaiveBus
{
    public Errno Send(NaiveKsock sender, NaiveMessage message, out MessageId id)
    {
        id = default;
        if (sender.Waiting is not null)
        {
            Halt(sender, message, Errno.EALREADY);
            return Errno.EALREADY;
        }

        if (message.IsRequest && IsFull(sender, 0, 0))
        {
            _full = sender;
            Halt(sender, message, Errno.ENOLCK);
            return Errno.ENOLCK;
        }

        message = message with
        {
            Flags = message.Flags & ~(MessageFlags.Synthetic | MessageFlags.WantYouToReply),
            From = sender.Id,
            Id = message.Id.NetworkId == 0 ? NextId() : message.Id,
        };
        id = message.Id;
        sender.LastSent = id;
        Errno error = Attempt(sender, message);
        if (error == Errno.EAGAIN)
        {
            sender.Waiting = message;
            sender.HoldsSlot = message.IsRequest;
        }

        Halt(sender, message, error);
        AdmitSetAside();
        return error;
    }

    public Errno Retry(NaiveKsock sender, out MessageId id)
    {
        id = sender.Waiting!.Id;
        sender.LastSent = id;
        Errno error = Attempt(sender, sender.Waiting);
        if (error != Errno.EAGAIN)
        {
            Halt(sender, sender.Waiting, error);
            StopWaiting(sender);
        }

        AdmitSetAside();
        return error;
    }

    public (bool Readable, bool Writable) Poll(NaiveKsock ksock)
    {
        bool readable = ksock.Queue.Count > 0;
        bool writable = ksock.CanWrite;
        if (ksock.Waiting is { } message)
        {
            Errno error = Attempt(ksock, message);
            if (error == Errno.EAGAIN)
            {
                writable = false;
            }
            else
            {
                Halt(ksock, message, error);
                if (error != Errno.None && message.IsRequest)
                {
                    string name = error == Errno.EADDRNOTAVAIL ? "$.KBUS.Replier.Disappeared" : "$.KBUS.ErrorSending";
                    var status = new NaiveMessage(name, [], NextId(), message.Id, ksock.Id, 0, MessageFlags.Synthetic);
                    CountStatus(ksock, message.Name, name);
                    PushAnswer(ksock, new NaiveEntry(status, Tag: message.Tag));
                    Tell(null, status, Errno.None);
                }

                StopWaiting(ksock);
            }
        }

        AdmitSetAside();
        return (readable, writable);
    }

    public void Discard(NaiveKsock ksock)
    {
        StopWaiting(ksock);
        AdmitSetAside();
    }

    private static void StopWaiting(NaiveKsock sender)
    {
        sender.Waiting = null;
        sender.HoldsSlot = false;
    }

    private Errno Attempt(NaiveKsock sender, NaiveMessage message)
    {
        _full = null;
        List<NaiveBinding> listeners = _newestFirst.FindAll(b => !b.IsReplier && b.Matches(message.Name));
        NaiveKsock? replier = ChooseReplier(message.Name)?.Ksock;
        Errno noRoom = message.Has(MessageFlags.AllOrWait) ? Errno.EAGAIN : Errno.EBUSY;
        if (message.IsRequest && replier is null)
        {
            return Errno.EADDRNOTAVAIL;
        }

        NaiveDebt? debt = null;
        if (message.IsReply)
        {
            NaiveKsock? requester = _ksocks.Find(k => k.Id == message.To);
            if (requester is null)
            {
                return Errno.EADDRNOTAVAIL;
            }

            debt = requester.Outstanding.Find(d => d.Id == message.InReplyTo && d.Replier == sender);
            if (debt is null)
            {
                return Errno.ECONNREFUSED;
            }

            if (IsFull(requester, message.Length, 1 + Own(sender, requester)))
            {
                _full = requester;
                return noRoom;
            }
        }

        if (message.IsRequest)
        {
            if (message.To != 0 && message.To != replier!.Id)
            {
                return Errno.EPIPE;
            }

            if (IsFull(replier!, message.Length, Own(sender, replier!)))
            {
                _full = replier;
                return noRoom;
            }
        }

        List<NaiveBinding> refused = listeners.FindAll(b => IsFull(b.Ksock, message.Length, Own(sender, b.Ksock)));
        if (refused.Count > 0 && (message.Has(MessageFlags.AllOrWait) || message.Has(MessageFlags.AllOrFail)))
        {
            _full = refused[0].Ksock;
            return noRoom;
        }

        Deliver(sender, message, debt, ChooseReplier(message.Name), listeners, refused);
        CountSent(sender, message, debt);
        Tell(sender, message, Errno.None);
        return Errno.None;
    }

    private void Deliver(
        NaiveKsock sender, NaiveMessage message, NaiveDebt? answered, NaiveBinding? replier, List<NaiveBinding> listeners, List<NaiveBinding> refused)
    {
        _urgentCopies.Clear();
        if (answered is not null)
        {
            Strike(answered);
            if (answered.Tag != 0)
            {
                PushAnswer(answered.Sender, new NaiveEntry(message, Tag: answered.Tag));
            }
            else
            {
                Enqueue(answered.Sender, new NaiveEntry(message));
            }
        }

        if (message.IsRequest)
        {
            sender.HoldsSlot = false;
            var debt = new NaiveDebt(sender, replier!.Ksock, message.Id, message.Name, message.Tag);
            sender.Outstanding.Add(debt);
            Enqueue(replier.Ksock, new NaiveEntry(message, replier, debt));
        }

        foreach (NaiveBinding listener in listeners)
        {
            NaiveKsock ksock = listener.Ksock;
            if (refused.Contains(listener))
            {
                ksock.Missed++;
                Note(ksock, "missed");
            }
            else if (!ksock.OnlyOnce || ksock.LastPushed != message.Id)
            {
                Enqueue(ksock, new NaiveEntry(message, listener));
            }
        }
    }

    /// <summary>An urgent message goes to the front, its copies in the order of their making.</summary>
    private void Enqueue(NaiveKsock ksock, NaiveEntry entry)
    {
        if (!entry.Message.Has(MessageFlags.Urgent))
        {
            Push(ksock, entry);
            return;
        }

        Count(ksock, entry);
        int copies = _urgentCopies.GetValueOrDefault(ksock);
        ksock.Queue.Insert(copies, entry with { Order = ++ksock.Copies });
        ksock.LastPushed = entry.Message.Id;
        _urgentCopies[ksock] = copies + 1;
    }

    /// <summary>The most specific replier: exact, then <c>%</c>, then the longest <c>*</c>.</summary>
    private NaiveBinding? ChooseReplier(string name) =>
        _newestFirst.Where(b => b.IsReplier && b.Matches(name))
            .OrderBy(b => b.Name.EndsWith('*') ? 2 : b.Name.EndsWith('%') ? 1 : 0)
            .ThenByDescending(b => b.Name.Length)
            .FirstOrDefault();

    private static void Strike(NaiveDebt debt)
    {
        debt.IsAnswered = true;
        debt.Sender.Outstanding.Remove(debt);
        debt.Replier.Unreplied.Remove(debt);
    }

    private void Answer(NaiveDebt debt, string name, bool leaveUnreplied = false)
    {
        debt.IsAnswered = true;
        debt.Sender.Outstanding.Remove(debt);
        if (!leaveUnreplied)
        {
            debt.Replier.Unreplied.Remove(debt);
        }

        var status = new NaiveMessage(name, [], NextId(), debt.Id, debt.Sender.Id, debt.Replier.Id, MessageFlags.Synthetic);
        CountStatus(debt.Sender, debt.Name, name);
        PushAnswer(debt.Sender, new NaiveEntry(status, Tag: debt.Tag));
        Tell(null, status, Errno.None);
    }

    private static int Own(NaiveKsock sender, NaiveKsock target) => sender == target && sender.HoldsSlot ? 1 : 0;
}
