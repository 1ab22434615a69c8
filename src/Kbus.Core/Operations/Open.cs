namespace Kbus.Core;

internal sealed partial class Bus
{
    // Until then no id has been used twice, and none need be sought among those that are used.
    private bool _idsHaveWrapped;

    /// <summary>Opens a Ksock. Ids ascend from 1; 0 means the bus itself, and is skipped when they wrap.</summary>
    /// <param name="canWrite">True if it was opened for writing and so can send.</param>
    /// <param name="carrier">How its messages reach it.</param>
    public override KsockState Open(bool canWrite, Carrier carrier) => OpenFor(canWrite, carrier.Owner, carrier);

    private KsockState OpenFor(bool canWrite, in KsockOwner owner, Carrier carrier)
    {
        do
        {
            _lastKsockId++;
            _idsHaveWrapped |= _lastKsockId == 0;
        }
        while (_lastKsockId == 0 || (_idsHaveWrapped && _ksocks.ContainsKey(_lastKsockId)));

        if (_idsHaveWrapped)
        {
            FinishLeaving(_lastKsockId);
        }

        KsockState ksock = Enter(_lastKsockId, canWrite, owner, carrier);
        Observer?.Opened(ksock);
        Finish();
        return ksock;
    }

    private KsockState Enter(uint id, bool canWrite, in KsockOwner owner, Carrier carrier)
    {
        var ksock = new KsockState(id, canWrite, _options.DefaultMaxMessages, carrier, Charges.Enter(owner)) { Owner = owner };
        _ksocks.Add(id, ksock);
        ksock.Charges.Ksocks.Add(ksock);
        KsocksByAge.Add(ksock);
        return ksock;
    }
}
