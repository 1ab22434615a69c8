using Kbus.Device;

namespace Kbus.Daemon;

/// <content>The thread that serves device files: it comes into the bus as a guest, between two operations of the bus's own thread.</content>
internal sealed partial class BusThread
{
    private readonly HashSet<DeviceKsock> _deviceKsocks = [];

    /// <summary>The guest enters.</summary>
    /// <returns>False if the bus has ended. Then nothing of it may be used.</returns>
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

    /// <summary>Rings the recipients of the guest's messages. Then the guest leaves.</summary>
    public void LeaveAsGuest()
    {
        RingRecipients();
        PublishWatched();
        Watchers?.Ring();
        bool isLeft = _failed.Count > 0 || HasMore;
        _gate!.LeaveAsGuest();
        if (isLeft)
        {
            // The bus's own thread closes failed sessions, and continues the work that operations have left.
            Wake();
        }
    }

    /// <summary>An operation of the guest threw an exception. It ends the bus, and the guest leaves.</summary>
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
