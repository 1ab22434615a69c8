namespace Kbus.Core;

internal sealed partial class Bus
{
    private readonly List<KsockState> _repliersOfClosing = [];

    /// <summary>Closes a Ksock, however its process ended (P6): everybody who waits for it is told. Spec section 6.4.</summary>
    /// <remarks>In this order: its own sends and debts, its queue (GoneAway), its bindings (bind events), what it read and left (Ignored).</remarks>
    public void Close(KsockState ksock)
    {
        Steps += (uint)(ksock.Debts.Count + ksock.Queue.Count + ksock.Bindings.Count + ksock.Unreplied.Count);
        ObserveRepliersOf(ksock);
        ksock.Carrier.Freeze();
        Observe(ksock);
        StopWaiting(ksock);
        _ledger.SenderGone(ksock);
        ksock.IsOpen = false;
        _bindingsChanged = true;

        while (ksock.Queue.Count > 0)
        {
            ThrowAway(ksock.Queue.TakeFirst(), MessageName.ReplierGoneAway);
        }

        while (ksock.Bindings.Newest is { } newest)
        {
            if (newest.IsReplier && ReportsBinds)
            {
                ReportOrSetAside(newest);
            }

            _bindings.Remove(newest);
        }

        RemoveSetAside(ksock, 0, ksock.SetAside.Count);
        AnswerUnreplied(ksock);
        while (ksock.Queue.Count > 0)
        {
            ksock.Queue.TakeFirst().Message?.Release();
        }

        _ksocks.Remove(ksock.Id);
        Finish();
    }

    /// <summary>What repliers took before this Close was taken before it: note it while the sender is still known.</summary>
    private void ObserveRepliersOf(KsockState sender)
    {
        for (ReplyDebt? debt = sender.Debts.Oldest; debt is not null; debt = sender.Debts.After(debt))
        {
            if (_repliersOfClosing is not [.., { } last] || last != debt.Replier)
            {
                _repliersOfClosing.Add(debt.Replier);
            }
        }

        foreach (KsockState replier in _repliersOfClosing)
        {
            Observe(replier);
        }

        _repliersOfClosing.Clear();
    }

    private void AnswerUnreplied(KsockState replier)
    {
        while (replier.Unreplied.Newest is { } debt)
        {
            if (debt.State == DebtState.Owed)
            {
                SendStatus(debt, MessageName.ReplierIgnored);
            }
            else
            {
                _ledger.DropUnreplied(debt);
            }
        }
    }
}
