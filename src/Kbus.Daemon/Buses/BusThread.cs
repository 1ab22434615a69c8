using System.Collections.Concurrent;
using Kbus.Core;
using Kbus.Link;

namespace Kbus.Daemon;

/// <summary>One bus and the one thread that owns it: it carries out what the links bring, in the order in which it comes.</summary>
/// <remarks>
/// <para>Links with traffic are <em>hot</em>: the thread looks at their command rings by itself. A link that has been quiet for a while
/// is asked to ring its bell instead. Under load no system call is made for a message; idle, the thread sleeps and costs nothing.</para>
/// <para>Other threads hand it work through <see cref="Post"/>; everything else here belongs to the thread. The loop stands in
/// BusThread.Loop.cs, opening and closing of links in BusThread.Links.cs.</para>
/// </remarks>
internal sealed partial class BusThread
{
    private readonly Daemon _daemon;
    private readonly ConcurrentQueue<Action> _work = new();
    private readonly List<Session> _recipients = [];
    private readonly List<Session> _failed = [];
    private readonly List<Session> _closed = [];
    private readonly Descriptor _epoll;
    private readonly Descriptor _workBell;
    private readonly Thread _thread;
    private readonly BusGate? _gate;
    private volatile bool _stopping;

    /// <summary>Makes the bus; <see cref="Start"/> starts its thread.</summary>
    /// <exception cref="KbusdException">There are no descriptors left.</exception>
    public BusThread(Daemon daemon, uint number, BusOptions options, bool hasDevice)
    {
        _daemon = daemon;
        _gate = hasDevice ? new BusGate() : null;
        Number = number;
        Bus = new Bus(options);
        _epoll = Owned(LibC.CreateEpoll());
        _workBell = Owned(LibC.CreateEvent());
        _ = LibC.EpollAdd(_epoll.Number, _workBell.Number, LibC.EpollIn | LibC.EpollEdgeTriggered, WorkToken);
        _thread = new Thread(Run) { Name = $"bus {number}", IsBackground = true };
    }

    /// <summary>The bus's number.</summary>
    public uint Number { get; }

    /// <summary>The bus.</summary>
    public Bus Bus { get; }

    /// <summary>Where its big payloads are.</summary>
    public PayloadStore Payloads { get; } = new();

    /// <summary>How many Ksocks are open, as any thread may ask.</summary>
    public int OpenKsocks => Volatile.Read(ref _openKsocks);

    /// <summary>Starts the thread.</summary>
    public void Start() => _thread.Start();

    /// <summary>Has work done on the bus's thread, between two operations. Any thread may call.</summary>
    public void Post(Action work)
    {
        _work.Enqueue(work);
        _ = LibC.SignalEvent(_workBell.Number);
    }

    /// <summary>Ends the thread: every link is hung up, so that the processes learn of it (D22). Any other thread may call.</summary>
    public void Stop()
    {
        _stopping = true;
        _ = LibC.SignalEvent(_workBell.Number);
        _thread.Join();
    }

    /// <summary>Lets the thread that serves device files in, between two operations of this bus's own thread.</summary>
    public void EnterAsGuest() => _gate!.EnterAsGuest();

    /// <summary>Rings those who got messages from the guest, and lets the guest out.</summary>
    public void LeaveAsGuest()
    {
        RingRecipients();
        bool anyFailed = _failed.Count > 0;
        _gate!.LeaveAsGuest();
        if (anyFailed)
        {
            // Its sessions are for this bus's own thread to close.
            _ = LibC.SignalEvent(_workBell.Number);
        }
    }

    /// <summary>A Ksock was opened or closed as a device file. Called inside.</summary>
    public void CountDevices(int change)
    {
        _openDevices += change;
        CountKsocks();
    }

    /// <summary>Remembers a recipient that is to be rung before the sender gets its answer.</summary>
    public void RingLater(Session session) => _recipients.Add(session);

    /// <summary>Remembers a session that must end when the present operation is over.</summary>
    public void CloseLater(Session session) => _failed.Add(session);

    /// <summary>Rings those recipients that sleep.</summary>
    public void RingRecipients()
    {
        if (_recipients.Count == 0)
        {
            return;
        }

        foreach (Session session in _recipients)
        {
            session.PublishNews();
        }

        // One fence for all of them, between publishing and looking who sleeps.
        Fence.Full();
        foreach (Session session in _recipients)
        {
            session.RingForNews();
        }

        _recipients.Clear();
    }

    /// <summary>Makes another bus (NEWDEVICE).</summary>
    public Errno NewDevice(out uint number) => _daemon.NewDevice(out number);

    /// <summary>Tells all links the bus's present message limit.</summary>
    public void TellMaxMessageSize()
    {
        foreach (Session session in _sessions)
        {
            session.TellMaxMessageSize(Bus.MaxMessageSize);
        }
    }

    private static Descriptor Owned(int result) =>
        result >= 0 ? new Descriptor(result) : throw new KbusdException($"A bus cannot be made: {((Errno)(-result)).Describe()}.");
}
