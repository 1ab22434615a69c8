using Kbus.Device;
using Kbus.Linux;

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

        CloseAll();
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

    /// <summary>Frees everything. Each step has a frame of its own, because the fault may have left anything behind: members learn of the end first.</summary>
    private void CloseAll()
    {
        Frames frames = _daemon.Frames;

        // The fault may have happened inside the gate. What follows needs no gate.
        Leave();
        _ = frames.TryRun("the hanging up of a bus's Ksocks", this, static bus => bus.HangUpAll());
        _ = frames.TryRun("the hanging up of a bus's watchers", this, static bus => bus.HangUpWatchers());
        _ = frames.TryRun("a bus's posted work", this, static bus => bus.EndWork());
        if (_fault is not null)
        {
            _ = frames.TryRun("the notice of a bus's end to device files", this, static bus => bus.TellDeviceKsocks());
        }

        Volatile.Write(ref _openKsocks, 0);
        _ = frames.TryRun("what a bus still held", this, static bus => bus.Release());
        _ = frames.TryRun("the notice that a bus has no Ksock left", _daemon, static daemon => daemon.KsocksChanged());
    }

    /// <summary>Hung up, not closed one by one: delivered messages can still be read, and no Ksock is notified of the others that end with it.</summary>
    private void HangUpAll()
    {
        foreach (Session session in _sessions)
        {
            _ = _daemon.Frames.TryRun("the hanging up of a Ksock", session, static s => s.HangUp());
        }

        _sessions.Clear();
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
            Abandon(work);
        }
    }

    private void Abandon(BusWork work) => _ = _daemon.Frames.TryRun("work for a bus", work, static w => w.Abandon());

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
        _epoll.Dispose();
        Payloads.Dispose();
    }
}
