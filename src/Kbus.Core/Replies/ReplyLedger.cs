namespace Kbus.Core;

/// <summary>Records every Request that still owes its sender an answer, and what each replier has read and not replied to.</summary>
/// <remarks>
/// A debt enters when the Request is queued for its replier. It is struck exactly once: by a Reply, by a Status when the replier
/// unbinds or closes, or when the sender closes. Each of these but the last brings the sender one message (P2). Of several equal
/// debts the oldest goes first. Only the bus's own thread touches it. Spec sections 5.1 to 5.3; D6; fine point 1.
/// </remarks>
internal sealed class ReplyLedger(ChargeBook charges)
{
    // The most debts kept for reuse. So a warm bus allocates nothing, and a burst does not hold memory for ever.
    private const int MostSpare = 4096;

    private readonly record struct Key(uint Sender, uint Replier, MessageId Id);

    private readonly Dictionary<Key, DebtList> _owed = [];

    private readonly Stack<DebtList> _spareLists = new();
    private readonly Stack<ReplyDebt> _spareDebts = new();

    /// <summary>The number of answers owed on this bus.</summary>
    public int Owed { get; private set; }

    /// <summary>Stands in restored books for a Ksock that had closed: nobody can see which it was.</summary>
    public KsockState Gone { get; } = new(0, canWrite: false, 0, null!, null!) { IsOpen = false };

    /// <summary>Writes down that a Request has been queued for its replier.</summary>
    /// <param name="sender">The Ksock that is owed the answer.</param>
    /// <param name="replier">The Ksock that must give it.</param>
    /// <param name="id">The Request's id.</param>
    /// <param name="tag">The tag under which the sender's library awaits the answer, or 0.</param>
    /// <param name="isInFront">Whether the Request is put in front of the replier's queue.</param>
    public ReplyDebt Enter(KsockState sender, KsockState replier, MessageId id, uint tag, bool isInFront)
    {
        if (!_spareDebts.TryPop(out ReplyDebt? debt))
        {
            debt = new ReplyDebt();
        }

        debt.Sender = sender;
        debt.Replier = replier;
        debt.Id = id;
        debt.Tag = tag;
        debt.State = DebtState.Owed;
        debt.IsQueued = true;
        sender.Debts.Add(debt);
        charges.Charge(sender.Charges, ChargeKind.Requests, 1);
        if (isInFront)
        {
            replier.QueuedDebts.AddAsOldest(debt);
        }
        else
        {
            replier.QueuedDebts.Add(debt);
        }

        sender.Outstanding++;
        sender.MaxOutstanding = Math.Max(sender.MaxOutstanding, sender.Outstanding);

        EnterAmongEquals(debt);
        return debt;
    }

    /// <summary>Enters a debt of saved books, whose charges are saved with them.</summary>
    public ReplyDebt Restore(KsockState sender, KsockState replier, MessageId id, uint tag, bool isOwed)
    {
        var debt = new ReplyDebt
        {
            Sender = sender,
            Replier = replier,
            Id = id,
            Tag = tag,
            State = isOwed ? DebtState.Owed : DebtState.Answered,
        };
        sender.Debts.Add(debt);
        if (isOwed)
        {
            sender.Outstanding++;
            EnterAmongEquals(debt);
        }

        return debt;
    }

    /// <summary>Enters a debt of saved books whose sender has gone.</summary>
    public ReplyDebt RestoreToGone(KsockState replier) => new() { Sender = Gone, Replier = replier, State = DebtState.SenderGone };

    /// <summary>The copy of a debt's Request waits at its replier, behind those so far.</summary>
    public static void RestoreQueued(ReplyDebt debt)
    {
        debt.IsQueued = true;
        debt.Replier.QueuedDebts.Add(debt);
    }

    /// <summary>The oldest debt of this sender, replier and id that is still owed.</summary>
    public ReplyDebt? Find(KsockState sender, KsockState replier, MessageId id) =>
        _owed.TryGetValue(new Key(sender.Id, replier.Id, id), out DebtList? equals) ? equals.Oldest : null;

    /// <summary>Strikes a debt: its answer is being queued for the sender.</summary>
    public void Strike(ReplyDebt debt)
    {
        debt.State = DebtState.Answered;
        debt.Sender.Outstanding--;
        Owed--;
        LeaveEquals(debt);
        if (!debt.IsQueued)
        {
            debt.Replier.Unreplied.Remove(debt);
        }

        LeaveSenderIfDone(debt);
        Reclaim(debt);
    }

    /// <summary>The replier has taken its copy: from now on it has read a Request that it has not replied to, if it is owed
    /// still.</summary>
    public void CopyTaken(ReplyDebt debt)
    {
        KsockState replier = debt.Replier;
        Unqueue(debt);

        // One answered before it was read is not owed; but what was answered is forgotten with its sender (fine point 1).
        if (debt.State == DebtState.SenderGone || !debt.Sender.IsOpen)
        {
            replier.UnrepliedToGone++;
        }
        else if (debt.State == DebtState.Owed)
        {
            replier.Unreplied.Add(debt);
        }

        replier.MaxUnreplied = Math.Max(replier.MaxUnreplied, replier.UnrepliedCount);

        LeaveSenderIfDone(debt);
        Reclaim(debt);
    }

    /// <summary>The replier's copy has been thrown away unread.</summary>
    public void CopyThrownAway(ReplyDebt debt)
    {
        Unqueue(debt);
        LeaveSenderIfDone(debt);
        Reclaim(debt);
    }

    /// <summary>The sender closes: from now on nobody waits for these answers. They are cleared away one by one.</summary>
    public void SenderGone(KsockState sender)
    {
        Owed -= sender.Outstanding;
        sender.Outstanding = 0;
        charges.Release(sender.Charges, ChargeKind.Requests, sender.Debts.Count);
    }

    /// <summary>Clears away the oldest debt to a sender that has closed.</summary>
    public void ClearOldest(KsockState sender)
    {
        ReplyDebt debt = sender.Debts.Oldest!;
        if (debt.State == DebtState.Owed)
        {
            LeaveEquals(debt);
        }

        debt.State = DebtState.SenderGone;
        sender.Debts.Remove(debt);
        if (!debt.IsQueued && debt.Replier.Unreplied.Remove(debt))
        {
            debt.Replier.UnrepliedToGone++;
        }

        Reclaim(debt);
    }

    /// <summary>Drops an entry of a closing replier whose sender has gone.</summary>
    public void DropUnreplied(ReplyDebt debt)
    {
        debt.Replier.Unreplied.Remove(debt);
        Reclaim(debt);
    }

    private void EnterAmongEquals(ReplyDebt debt)
    {
        var key = new Key(debt.Sender.Id, debt.Replier.Id, debt.Id);
        if (!_owed.TryGetValue(key, out DebtList? equals))
        {
            equals = _spareLists.TryPop(out DebtList? spare) ? spare : new DebtList(DebtSide.Equals);
            _owed.Add(key, equals);
        }

        equals.Add(debt);
        Owed++;
    }

    private static void Unqueue(ReplyDebt debt)
    {
        debt.IsQueued = false;
        debt.Replier.QueuedDebts.Remove(debt);
    }

    private void LeaveEquals(ReplyDebt debt)
    {
        var key = new Key(debt.Sender.Id, debt.Replier.Id, debt.Id);
        DebtList equals = _owed[key];
        equals.Remove(debt);
        if (equals.Count == 0)
        {
            _owed.Remove(key);
            if (_spareLists.Count < MostSpare)
            {
                _spareLists.Push(equals);
            }
        }
    }

    private void LeaveSenderIfDone(ReplyDebt debt)
    {
        if (debt.State == DebtState.Answered && !debt.IsQueued && debt.Sender.IsOpen)
        {
            debt.Sender.Debts.Remove(debt);
            charges.Release(debt.Sender.Charges, ChargeKind.Requests, 1);
        }
    }

    private void Reclaim(ReplyDebt debt)
    {
        if (debt.IsSettled)
        {
            debt.Sender = null!;
            debt.Replier = null!;
            debt.Traffic = null;
            if (_spareDebts.Count < MostSpare)
            {
                _spareDebts.Push(debt);
            }
        }
    }
}
