namespace Kbus.Core;

internal sealed partial class Bus
{
    private readonly List<QueueEntry> _removed = [];

    /// <summary>Binds a Ksock to a name. When this has returned, every message sent later matches (P5). Spec sections 2.3, 2.4,
    /// 6.3.</summary>
    /// <returns>None, EBADMSG, ENAMETOOLONG, EADDRINUSE (there is a replier), EDQUOT (as many bindings as may be), or EAGAIN (a listener
    /// for bind events has no room).</returns>
    public override Errno Bind(KsockState ksock, ReadOnlySpan<byte> name, bool isReplier)
    {
        Errno error = CheckBind(name, isReplier);
        if (error == Errno.None)
        {
            error = CheckShare(ksock, name, isReplier);
        }

        if (error == Errno.None && isReplier && ReportsBinds && !TryReport(isBind: true, ksock, name))
        {
            error = Errno.EAGAIN;
        }

        if (error == Errno.None)
        {
            Charges.Charge(ksock.Charges, ChargeKind.Bindings, 1);
            Charges.Charge(ksock.Charges, ChargeKind.NameBytes, name.Length);
            _bindings.Add(ksock, name, isReplier);
            _bindingsChanged = true;
        }

        Observer?.Bound(ksock, name, isReplier, error);
        Finish();
        return error;
    }

    /// <summary>Ends the newest binding of this Ksock with exactly this name and kind, and takes back what came by it. Spec section
    /// 6.2.</summary>
    /// <returns>None, EBADMSG, ENAMETOOLONG, EINVAL (no such binding), or EAGAIN (a listener for bind events has no room).</returns>
    public override Errno Unbind(KsockState ksock, ReadOnlySpan<byte> name, bool isReplier)
    {
        Errno error = MessageName.CheckBinding(name);
        Binding? binding = error == Errno.None ? _bindings.Find(ksock, name, isReplier) : null;
        if (error == Errno.None && binding is null)
        {
            error = Errno.EINVAL;
        }

        if (error == Errno.None && isReplier && ReportsBinds && !TryReport(isBind: false, ksock, name))
        {
            error = Errno.EAGAIN;
        }

        Observer?.Unbound(ksock, name, isReplier, isRevoked: false, error);
        if (error == Errno.None)
        {
            Charges.Release(ksock.Charges, ChargeKind.Bindings, 1);
            Charges.Release(ksock.Charges, ChargeKind.NameBytes, name.Length);
            _bindings.Remove(binding!);
            _bindingsChanged = true;
            TakeBack(binding!);
            PurgeSetAside(binding!);
        }

        Finish();
        return error;
    }

    /// <summary>Finds the Ksock that is bound as replier with exactly this string, or the one that would get a Request of this
    /// name.</summary>
    /// <param name="name">The string.</param>
    /// <param name="isMatching">False for exactly this string, wildcards not evaluated (spec section 2.6). True for the Ksock that would
    /// get the Request.</param>
    /// <param name="replier">The replier's Ksock id; 0 if there is none.</param>
    /// <returns>None, or ENAMETOOLONG for no bytes or more than 1000; EBADMSG if no Request may have the name to be matched.</returns>
    public override Errno FindReplier(ReadOnlySpan<byte> name, bool isMatching, out uint replier)
    {
        replier = 0;
        if (name.IsEmpty || name.Length > MessageName.MaxLength)
        {
            return Errno.ENAMETOOLONG;
        }

        if (isMatching && !MessageName.IsSendable(name))
        {
            return Errno.EBADMSG;
        }

        Binding? binding = isMatching ? _bindings.RouteOf(name).Replier : _bindings.FindReplier(name);
        replier = binding?.Ksock.Id ?? 0;
        return Errno.None;
    }

    private Errno CheckBind(ReadOnlySpan<byte> name, bool isReplier)
    {
        Errno error = MessageName.CheckBinding(name);
        if (error != Errno.None || !isReplier)
        {
            return error;
        }

        if (name.SequenceEqual(MessageName.ReplierBindEvent))
        {
            return Errno.EBADMSG;
        }

        return _bindings.FindReplier(name) is null ? Errno.None : Errno.EADDRINUSE;
    }

    private Errno CheckShare(KsockState ksock, ReadOnlySpan<byte> name, bool isReplier)
    {
        if (!isReplier && _bindings.Find(ksock, name, isReplier: false)?.Alike >= _options.MaxRepeats)
        {
            return Refuse(ksock, new QuotaRefusal(ChargeKind.Bindings, ChargeLevel.Ksock, _options.MaxRepeats));
        }

        bool isWithin = Charges.MayHave(ksock.Charges, ChargeKind.Bindings, 1) && Charges.MayHave(ksock.Charges, ChargeKind.NameBytes, name.Length);
        return isWithin ? Errno.None : Refuse(ksock, Charges.Refusal);
    }

    /// <summary>Takes out of the queue what came by this binding, and answers the Requests among it.</summary>
    private void TakeBack(Binding binding)
    {
        KsockState ksock = binding.Ksock;
        Observe(ksock);
        _steps += (uint)ksock.Queue.Count;
        if (!CameBy(ksock.Queue, binding))
        {
            return;
        }

        ksock.Carrier.Freeze();
        Observe(ksock);
        long charge = ksock.Queue.Charge;
        ksock.Queue.RemoveBecauseOf(binding, _removed);
        ksock.Carrier.Removed(_removed);
        ksock.Carrier.Thaw();
        Charges.ReturnBytes(ksock.Charges, charge - ksock.Queue.Charge);
        RoomMade(ksock);
        foreach (QueueEntry entry in _removed)
        {
            ThrowAway(entry, StatusKind.Unbound);
        }

        _removed.Clear();
    }

    private static bool CameBy(MessageQueue queue, Binding binding)
    {
        for (int i = 0; i < queue.Count; i++)
        {
            if (queue[i].Because == binding)
            {
                return true;
            }
        }

        return false;
    }
}
