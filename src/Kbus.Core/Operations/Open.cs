namespace Kbus.Core;

internal sealed partial class Bus
{
    // Until then no id has been used twice, and none need be sought among those that are used.
    private bool _idsHaveWrapped;

    /// <summary>Opens a Ksock. Ids ascend from 1; 0 means the bus itself, and is skipped when they wrap.</summary>
    /// <param name="canWrite">True if it was opened for writing and so can send.</param>
    /// <param name="carrier">How its messages reach it.</param>
    public KsockState Open(bool canWrite, Carrier carrier)
    {
        do
        {
            _lastKsockId++;
            _idsHaveWrapped |= _lastKsockId == 0;
        }
        while (_lastKsockId == 0 || (_idsHaveWrapped && (_ksocks.ContainsKey(_lastKsockId) || _leaving.Any(l => l.Ksock.Id == _lastKsockId))));

        var ksock = new KsockState(_lastKsockId, canWrite, _options.DefaultMaxMessages, carrier, Charges.Enter(carrier.Owner));
        _ksocks.Add(ksock.Id, ksock);
        ksock.Charges.Ksocks.Add(ksock);
        KsocksByAge.Add(ksock);
        Finish();
        return ksock;
    }
}
