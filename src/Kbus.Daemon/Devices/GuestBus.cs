using Kbus.Core;
using Kbus.Device;

namespace Kbus.Daemon;

/// <summary>A bus of this daemon as its device file sees it.</summary>
internal sealed class GuestBus(BusThread thread) : DeviceBus
{
    /// <inheritdoc/>
    public override uint Number => thread.Number;

    /// <inheritdoc/>
    public override Bus Bus => thread.Bus;

    /// <inheritdoc/>
    public override void Enter() => thread.EnterAsGuest();

    /// <inheritdoc/>
    public override void Leave() => thread.LeaveAsGuest();

    /// <inheritdoc/>
    public override void CountKsock(int change) => thread.CountDevices(change);

    /// <inheritdoc/>
    public override void MaxMessageSizeChanged() => thread.TellMaxMessageSize();
}
