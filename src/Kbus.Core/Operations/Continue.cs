namespace Kbus.Core;

// Work that operations leave for later: waking senders, and removing what closed Ksocks had. It may be long, and no member can see
// whether it has been done.
internal sealed partial class Bus
{
    private readonly Queue<KsockState> _leaving = new();

    /// <summary>True if there is work that <see cref="Continue"/> would do.</summary>
    public bool HasMore => _leaving.Count > 0 || HasSendersToWake;

    /// <summary>Continues the work that operations have left.</summary>
    /// <remarks>No member can see when it is called, or how often. A host calls it now and then, and so gives the time of its thread to
    /// others in between.</remarks>
    /// <param name="steps">About how much is to be done, as <see cref="Steps"/> counts.</param>
    public void Continue(ulong steps)
    {
        ulong end = Steps + steps;
        while (Steps < end && HasSendersToWake)
        {
            WakeOne();
        }

        while (Steps < end && _leaving.TryPeek(out KsockState? leaving))
        {
            _steps++;
            if (!ClearOne(leaving))
            {
                _leaving.Dequeue();
            }
        }
    }

    /// <summary>Clears everything away of the closed Ksock with this id, if there is one still. Another is about to get the id.</summary>
    private void FinishLeaving(uint id)
    {
        // Ids come round after four thousand million of them.
        if (_leaving.Count > 0 && _leaving.FirstOrDefault(k => k.Id == id) is { } leaving)
        {
            while (ClearOne(leaving))
            {
                _steps++;
            }
        }
    }

    /// <summary>Clears away one thing of a closed Ksock.</summary>
    /// <returns>False if nothing was left.</returns>
    private bool ClearOne(KsockState ksock)
    {
        if (ksock.Bindings.Newest is { } newest)
        {
            _bindings.Remove(newest);
        }
        else if (ksock.Debts.Count > 0)
        {
            _ledger.ClearOldest(ksock);
        }
        else
        {
            return ksock.Carrier.DropOne();
        }

        return true;
    }
}
