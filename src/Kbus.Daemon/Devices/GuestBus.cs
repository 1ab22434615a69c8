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
    public override void Opened(DeviceKsock ksock) => thread.Opened(ksock);

    /// <inheritdoc/>
    public override void Closed(DeviceKsock ksock) => thread.Closed(ksock);

    /// <inheritdoc/>
    public override void MaxMessageSizeChanged() => thread.TellMaxMessageSize();

    /// <inheritdoc/>
    protected override bool TryGetIn() => thread.TryEnterAsGuest();

    /// <inheritdoc/>
    protected override void GetOut() => thread.LeaveAsGuest();

    /// <inheritdoc/>
    protected override void Fail(Exception fault) => thread.FailAsGuest(fault);
}
