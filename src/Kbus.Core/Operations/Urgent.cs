namespace Kbus.Core;

// Urgent messages go to the front of every queue. All copies that one Ksock gets of one message are a group: the reply, then the copy to
// answer, then the listener's copies, newest binding first (D13). A group of n copies is put in front in n steps, however long the queue
// is.
internal sealed partial class Bus
{
    private readonly List<KsockState> _urgentRecipients = [];

    /// <summary>Decides which copies there are, in the order of the group, and counts them for each Ksock. Those that are not go into
    /// <see cref="_refused"/>.</summary>
    private void ChooseUrgentCopies(
        KsockState sender, StoredMessage message, ReadOnlySpan<Binding> listeners, KsockState? requester, KsockState? replier)
    {
        if (requester is not null)
        {
            CountUrgentCopy(requester, message);
        }

        if (replier is not null)
        {
            CountUrgentCopy(replier, message);
        }

        for (int i = 0; i < listeners.Length; i++)
        {
            KsockState ksock = listeners[i].Ksock;
            if (_refused[i])
            {
                Miss(ksock);
            }
            else if (IsOwnLimpet(sender, ksock) || HasIt(ksock, message.Header.Id))
            {
                _refused[i] = true;
            }
            else
            {
                CountUrgentCopy(ksock, message);
            }
        }

        foreach (KsockState ksock in _urgentRecipients)
        {
            ksock.Carrier.Freeze(ksock.UrgentCopies, message.EntireLength);
            Observe(ksock);
        }
    }

    private void CountUrgentCopy(KsockState ksock, StoredMessage message)
    {
        if (ksock.UrgentCopies++ == 0)
        {
            _urgentRecipients.Add(ksock);
        }

        ksock.LastPushed = message.Header.Id;
        ksock.LastDelivery = _deliveries;
    }

    private void PutUrgentCopies(StoredMessage message, ReadOnlySpan<Binding> listeners)
    {
        for (int i = listeners.Length - 1; i >= 0; i--)
        {
            if (!_refused[i])
            {
                PutInFront(listeners[i].Ksock, message, listeners[i], debt: null);
            }
        }
    }

    private void PutInFront(KsockState ksock, StoredMessage message, Binding? because, ReplyDebt? debt)
    {
        CountCopies(message, 1);
        NoteCopy(ksock, debt is not null ? CopyFate.Replier : because is null ? CopyFate.Requester : CopyFate.Listener);
        Charges.UseBytes(ksock.Charges, message.EntireLength + MessageQueue.BookBytes);
        uint number = (uint)++ksock.LastNumber;
        ksock.NotAppended++;
        ref QueueEntry entry = ref ksock.Queue.Prepend(number, message.EntireLength);
        entry.Because = because;
        entry.Debt = debt;
        ksock.Carrier.Prepended(message, FlagsOf(message, debt), number);
    }

    private void EndUrgent()
    {
        foreach (KsockState ksock in _urgentRecipients)
        {
            ksock.Carrier.Thaw();
            ksock.UrgentCopies = 0;
        }

        _urgentRecipients.Clear();
    }
}
