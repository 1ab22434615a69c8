using Kbus.Device;

namespace Kbus.Daemon;

/// <content>The thread that serves device files: it comes into the bus as a guest, between two operations of the bus's own thread.</content>
internal sealed partial class BusThread
{
    private readonly HashSet<DeviceKsock> _deviceKsocks = [];

    /// <summary>Lets the guest in.</summary>
    /// <returns>False if the bus has ended: nothing of it may be touched any more.</returns>
    public bool TryEnterAsGuest()
    {
        _gate!.EnterAsGuest();
        if (_fault is null)
        {
            return true;
        }

        _gate.LeaveAsGuest();
        return false;
    }

    /// <summary>Rings those who got messages from the guest, and lets the guest out.</summary>
    public void LeaveAsGuest()
    {
        RingRecipients();
        bool isLeft = _failed.Count > 0 || HasMore;
        _gate!.LeaveAsGuest();
        if (isLeft)
        {
            // Its sessions are for this bus's own thread to close, and what operations leave to be done is for it to continue.
            Wake();
        }
    }

    /// <summary>An operation of the guest came to an exception: the bus ends by it, and the guest is out.</summary>
    public void FailAsGuest(Exception fault)
    {
        _fault ??= fault;
        _gate!.LeaveAsGuest();
        Wake();
    }

    /// <summary>A Ksock was opened as a device file. Called inside.</summary>
    public void Opened(DeviceKsock ksock)
    {
        _deviceKsocks.Add(ksock);
        CountKsocks();
    }

    /// <summary>A Ksock that was a device file has been closed. Called inside.</summary>
    public void Closed(DeviceKsock ksock)
    {
        _deviceKsocks.Remove(ksock);
        CountKsocks();
    }
}
