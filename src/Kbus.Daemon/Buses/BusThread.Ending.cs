using Kbus.Device;
using Kbus.Link;

namespace Kbus.Daemon;

/// <content>How a bus ends: because the daemon stops, or because of an internal fault, which ends this bus alone.</content>
/// <remarks>
/// An unexpected exception may have left the bus's books in any state, so they are not used any more. Every link is hung up. The processes
/// see this as the death of their bus (D22), and calls on device files fail with EIO. The daemon makes a new bus of that number when
/// somebody wants one.
/// </remarks>
internal sealed partial class BusThread
{
    private volatile Exception? _fault;

    /// <summary>True once a fault has ended the bus. Any thread may ask.</summary>
    public bool HasFailed => _fault is not null;

    /// <summary>Ends the thread: every link is hung up, so that the processes learn of it (D22). Any other thread may call.</summary>
    public void Stop()
    {
        _stopping = true;
        Wake();
        _thread.Join();
    }

    /// <summary>The thread's outermost frame: whatever happens in the bus ends the bus, and nothing else.</summary>
    private void Run()
    {
        try
        {
            Serve();
        }
        catch (Exception e)
        {
            _fault ??= e;
            _daemon.Log.BusEnded(Number, OpenKsocks, _fault);
        }

        try
        {
            CloseAll();
        }
        catch (Exception e)
        {
            _daemon.Log.GivenUp($"what bus {Number} still held", e);
        }
    }

    /// <summary>Makes the thread check its work queue. Any thread may call, even after the bus has ended.</summary>
    private void Wake()
    {
        lock (_workLock)
        {
            if (!_takesNoWork)
            {
                _ = LibC.SignalEvent(_workBell.Number);
            }
        }
    }

    /// <summary>The bus's own thread enters, between two operations of the guest.</summary>
    private void Enter()
    {
        _gate?.EnterAsOwner();
        if (_fault is not null)
        {
            throw new InvalidOperationException("An operation by a device file failed.", _fault);
        }
    }

    private void Leave() => _gate?.LeaveAsOwner();

    private void CloseAll()
    {
        // The fault may have happened inside the gate. What follows needs no gate.
        Leave();
        EndWork();

        // Hung up, not closed one by one: delivered messages can still be read, and no Ksock is notified of the others that end with it.
        foreach (Session session in _sessions)
        {
            session.HangUp();
        }

        _sessions.Clear();
        if (_fault is not null)
        {
            TellDeviceKsocks();
        }

        Volatile.Write(ref _openKsocks, 0);
        Release();
        _daemon.KsocksChanged();
    }

    /// <summary>Wakes programs that poll a device file of a failed bus. Their next call fails.</summary>
    private void TellDeviceKsocks()
    {
        _gate?.EnterAsOwner();
        foreach (DeviceKsock ksock in _deviceKsocks)
        {
            ksock.BusFailed();
        }

        _deviceKsocks.Clear();
        Leave();
    }

    private void EndWork()
    {
        BusWork[] left;
        lock (_workLock)
        {
            _takesNoWork = true;
            left = [.. _work];
            _work.Clear();
        }

        foreach (BusWork work in left)
        {
            work.Abandon();
        }
    }

    private void Release()
    {
        lock (_workLock)
        {
            _takesNoWork = true;
            _workBell.Dispose();
        }

        foreach (ProcessWatch watch in _watches.Values)
        {
            watch.Dispose();
        }

        _watches.Clear();
        Payloads.Dispose();
        _epoll.Dispose();
    }
}
