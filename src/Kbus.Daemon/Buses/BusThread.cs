using Kbus.Core;
using Kbus.Link;
using Kbus.Linux;

namespace Kbus.Daemon;

/// <summary>One bus and the one thread that owns it. The thread carries out the commands of the links in the order of their arrival.</summary>
/// <remarks>
/// <para>Links with traffic are <em>hot</em>: the thread polls their command rings. A link that has been quiet for a while is asked to ring
/// its bell instead. Under load, a message needs no system call. When idle, the thread sleeps and costs nothing.</para>
/// <para>Other threads give it work through <see cref="Post"/>. Everything else here belongs to the thread. The loop is in
/// BusThread.Loop.cs, opening and closing of links in BusThread.Links.cs, and its end in BusThread.Ending.cs.</para>
/// </remarks>
internal sealed partial class BusThread
{
    // Steps of unfinished work that each operation continues by itself.
    private const ulong StepsAtOnce = 1000;

    // Waking a sleeping recipient takes a system call. So many are woken at a time; then others have their turns.
    private const int MostRingsAtOnce = 64;
    private const ulong StepsOfRing = 20;

    private const string NoBus = "A bus cannot be made";

    private readonly Daemon _daemon;
    private readonly Lock _workLock = new();
    private readonly Queue<BusWork> _work = new();
    private readonly List<Session> _recipients = [];
    private readonly List<Session> _toRing = [];
    private readonly List<Session> _failed = [];
    private readonly List<Session> _closed = [];
    private readonly Descriptor _epoll;
    private readonly Descriptor _workBell;
    private readonly Thread _thread;
    private readonly BusGate? _gate;
    private int _ringsAtOnce = MostRingsAtOnce;
    private volatile bool _stopping;
    private bool _takesNoWork;

    /// <summary>Makes the bus; <see cref="Start"/> starts its thread.</summary>
    /// <param name="daemon">The daemon.</param>
    /// <param name="number">The bus's number.</param>
    /// <param name="options">Its limits.</param>
    /// <param name="hasDevice">True if other threads come in with calls on its device file.</param>
    /// <param name="isSequenced">True if it is a replica that is fed by a log in memory.</param>
    /// <param name="faults">What such a log does wrong; null for nothing.</param>
    /// <exception cref="KbusdException">There are no descriptors left.</exception>
    public BusThread(Daemon daemon, uint number, BusOptions options, bool hasDevice, bool isSequenced, Random? faults = null)
    {
        _daemon = daemon;
        _gate = hasDevice ? new BusGate() : null;
        Number = number;
        Operations = isSequenced
            ? new SequencedBus(options, faults)
            : new Bus(options with { StepsAtOnce = Math.Min(options.StepsAtOnce, StepsAtOnce) });
        Bus = Operations.Books;
        _toldMaxMessageSize = Bus.MaxMessageSize;
        _epoll = Needed.Descriptor(LibC.CreateEpoll(), "epoll_create1", NoBus);
        try
        {
            _workBell = Needed.Descriptor(LibC.CreateEvent(), "eventfd2", NoBus);
            _ = Needed.Done(LibC.EpollAdd(_epoll.Number, _workBell.Number, LibC.EpollIn | LibC.EpollEdgeTriggered, WorkToken), "epoll_ctl", NoBus);
        }
        catch
        {
            _epoll.Dispose();
            _workBell?.Dispose();
            throw;
        }

        _thread = Threads.Make($"bus {number}", Run);
    }

    /// <summary>The bus's number.</summary>
    public uint Number { get; }

    /// <summary>The operations on the bus.</summary>
    public BusOperations Operations { get; }

    /// <summary>The bus as it is now.</summary>
    public Bus Bus { get; }

    /// <summary>Where its big payloads are.</summary>
    public PayloadStore Payloads { get; } = new();

    /// <summary>How many Ksocks are open, as any thread may ask.</summary>
    public int OpenKsocks => Volatile.Read(ref _openKsocks);

    /// <summary>Starts the thread.</summary>
    /// <exception cref="KbusdException">The kernel allows no further thread. The bus has been freed.</exception>
    public void Start()
    {
        if (!Threads.TryStart(_thread))
        {
            Release();
            throw new KbusdException($"{NoBus}: there can be no further thread.");
        }
    }

    /// <summary>Queues work for the bus's thread, which does it between two operations. Any thread may call.</summary>
    /// <returns>False if the bus has ended: the work has been abandoned.</returns>
    public bool Post(BusWork work)
    {
        lock (_workLock)
        {
            if (!_takesNoWork)
            {
                _work.Enqueue(work);
                _ = LibC.SignalEvent(_workBell.Number);
                return true;
            }
        }

        Abandon(work);
        return false;
    }

    /// <summary>Records a recipient that must be rung before the sender gets its answer.</summary>
    public void RingLater(Session session) => _recipients.Add(session);

    /// <summary>Records a session that must end after the current operation.</summary>
    public void CloseLater(Session session) => _failed.Add(session);

    /// <summary>Publishes the deliveries of all recipients, and rings those that sleep. If they are many, the rest is rung later.</summary>
    public void RingRecipients() => RingRecipients(_toRing);

    /// <summary>Publishes the deliveries of all recipients, and rings those that sleep. If they are many, it rings some of them.</summary>
    /// <param name="rest">Receives the recipients that are still to be rung.</param>
    public void RingRecipients(List<Session> rest)
    {
        if (_recipients.Count == 0)
        {
            return;
        }

        foreach (Session session in _recipients)
        {
            session.PublishNews();
        }

        // One fence for all, between publishing and reading which of them sleep.
        Fence.Full();
        if (_recipients.Count <= _ringsAtOnce && rest.Count == 0)
        {
            foreach (Session session in _recipients)
            {
                session.RingForNews();
            }
        }
        else
        {
            rest.AddRange(_recipients);
            Ring(rest);
        }

        _recipients.Clear();
    }

    /// <summary>Rings some of the remaining recipients, the last of the list first.</summary>
    public void Ring(List<Session> rest)
    {
        int left = Math.Max(0, rest.Count - _ringsAtOnce);
        for (int i = rest.Count - 1; i >= left; i--)
        {
            rest[i].RingForNews();
        }

        _carried += (ulong)(rest.Count - left) * StepsOfRing;
        rest.RemoveRange(left, rest.Count - left);
    }

    /// <summary>A session ends before all of its recipients were rung. The bus rings the rest.</summary>
    public void RingFor(List<Session> rest)
    {
        _toRing.AddRange(rest);
        rest.Clear();
    }

    /// <summary>Makes another bus for a Ksock's process (NEWDEVICE).</summary>
    public Errno NewDevice(Session session, out uint number)
    {
        if (_busMaker is { } maker)
        {
            (Errno made, number) = maker();
            return made;
        }

        Errno error = _daemon.NewDevice(session.Share, out number, out QuotaRefusal refusal);
        session.BusRefusal = error == Errno.EDQUOT ? refusal : null;
        return error;
    }
}
