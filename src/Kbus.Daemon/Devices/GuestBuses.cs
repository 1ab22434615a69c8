using Kbus.Core;
using Kbus.Device;
using Kbus.Linux;

namespace Kbus.Daemon;

/// <summary>The daemon's buses as the device files see them.</summary>
internal sealed class GuestBuses(Daemon daemon) : DeviceBuses
{
    /// <inheritdoc/>
    public override int Count => daemon.BusCount;

    /// <inheritdoc/>
    public override DeviceBus? Find(uint number) => daemon.FindBus(number) is { } bus ? new GuestBus(bus, daemon) : null;

    /// <inheritdoc/>
    public override Errno TryOpen(in KsockOwner owner, out IDisposable? share)
    {
        bool mayHave = daemon.Shares.TryOpen(owner, out KsockShare? place, out _);
        share = place;
        return mayHave ? Errno.None : Errno.EDQUOT;
    }

    /// <inheritdoc/>
    public override Errno NewDevice(IDisposable share, out uint number) => daemon.NewDevice((KsockShare)share, out number, out _);

    /// <inheritdoc/>
    public override void MemoryRefused(int processId, uint userId, string why) => daemon.Log.MemoryRefused(processId, userId, why);

    /// <inheritdoc/>
    public override bool TryStartThread(string name, ThreadStart run) => Threads.TryStart(name, run);

    /// <inheritdoc/>
    public override void RequestFailed(Exception fault) => daemon.Log.GivenUp("a call on a device file", fault);
}
