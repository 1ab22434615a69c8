namespace Kbus.Core;

internal sealed partial class Bus
{
    private readonly List<KsockState> _repliersOfClosing = [];
    private ulong _lastMark;

    /// <summary>Closes a Ksock, however its process ended (P6). Every Ksock that waits for it is notified. Spec section 6.4.</summary>
    /// <remarks>
    /// <para>In this order: its own sends and debts, its queue (GoneAway), its bindings (bind events), what it read and left
    /// (Ignored).</para>
    /// <para>It takes as long as the messages that are delivered because of it. The rest of its state becomes invisible at once, and is
    /// removed later.</para>
    /// </remarks>
    public override void Close(KsockState ksock)
    {
        Observer?.Closing(ksock);
        ObserveRepliersOf(ksock);
        ksock.Carrier.Freeze();
        Observe(ksock);
        StopWaiting(ksock);
        ReleaseCharges(ksock);
        ksock.IsOpen = false;
        _bindingsChanged = true;

        // What events still bring to its queue is thrown away with it: it has as much room for them as an empty one.
        ksock.EmptyQueue();
        TellSendersOfQueued(ksock);
        EndReportedBindings(ksock);
        RemoveSetAside(ksock, 0, ksock.SetAside.Count);
        AnswerUnreplied(ksock);
        Charges.ReturnBytes(ksock.Charges, ksock.WaitingCharge);
        ksock.EmptyQueue();
        _ksocks.Remove(ksock.Id);
        ksock.Charges.Ksocks.Remove(ksock);
        Charges.Leave(ksock.Charges);
        ClearAway(ksock);
        KsocksByAge.Remove(ksock);
        Finish();
    }

    /// <summary>What a closing Ksock has is charged on nobody any more, though it is cleared away later.</summary>
    private void ReleaseCharges(KsockState ksock)
    {
        _ledger.SenderGone(ksock);
        Charges.ReturnBytes(ksock.Charges, ksock.WaitingCharge + ksock.HeldBytes + ksock.ReservedBytes);
        ksock.HeldBytes = 0;
        ksock.ReservedBytes = 0;
        Charges.Release(ksock.Charges, ChargeKind.Bindings, ksock.Bindings.Count);
        Charges.Release(ksock.Charges, ChargeKind.NameBytes, ksock.NameBytes);
    }

    /// <summary>
    /// Repliers may have taken messages before this Close. That matters for Requests that were answered before they were read: record
    /// those takes while the sender is still known.
    /// </summary>
    private void ObserveRepliersOf(KsockState sender)
    {
        if (sender.Debts.Count == sender.Outstanding)
        {
            return;
        }

        _lastMark++;
        for (ReplyDebt? debt = sender.Debts.Oldest; debt is not null; debt = sender.Debts.After(debt))
        {
            _steps++;
            if (debt.Replier.ObservedAt != _lastMark)
            {
                debt.Replier.ObservedAt = _lastMark;
                _repliersOfClosing.Add(debt.Replier);
            }
        }

        foreach (KsockState replier in _repliersOfClosing)
        {
            Observe(replier);
        }

        _repliersOfClosing.Clear();
    }

    private void TellSendersOfQueued(KsockState replier)
    {
        while (replier.QueuedDebts.Oldest is { } debt)
        {
            _steps++;
            if (debt.IsOwed)
            {
                SendStatus(debt, StatusKind.GoneAway);
            }

            _ledger.CopyThrownAway(debt);
        }
    }

    /// <summary>Reports the end of each replier's binding, newest first, if that is wanted. The bindings in between end in their
    /// turn.</summary>
    private void EndReportedBindings(KsockState ksock)
    {
        while (ReportsBinds && ksock.RepliersBound > 0)
        {
            Binding newest = ksock.Bindings.Newest!;
            _steps++;
            if (newest.IsReplier)
            {
                ReportOrSetAside(newest);
            }

            _bindings.Remove(newest);
        }
    }

    private void AnswerUnreplied(KsockState replier)
    {
        while (replier.Unreplied.Newest is { } debt)
        {
            _steps++;
            if (debt.IsOwed)
            {
                SendStatus(debt, StatusKind.Ignored);
            }
            else
            {
                _ledger.DropUnreplied(debt);
            }
        }
    }

    /// <summary>Clears away what little a closed Ksock had; what is more waits for <see cref="Continue"/>.</summary>
    private void ClearAway(KsockState ksock)
    {
        for (int left = _options.ClearedAtOnce; left > 0; left--)
        {
            if (!ClearOne(ksock))
            {
                return;
            }

            _steps++;
        }

        _bindings.Leave(ksock);
        _leaving.Enqueue(ksock);
    }
}
