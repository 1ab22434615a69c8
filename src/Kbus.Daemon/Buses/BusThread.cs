using Kbus.Core;
using Kbus.Link;

namespace Kbus.Daemon;

/// <summary>One bus and the one thread that owns it: it carries out what the links bring, in the order in which it comes.</summary>
/// <remarks>
/// <para>Links with traffic are <em>hot</em>: the thread looks at their command rings by itself. A link that has been quiet for a while
/// is asked to ring its bell instead. Under load no system call is made for a message; idle, the thread sleeps and costs nothing.</para>
/// <para>Other threads hand it work through <see cref="Post"/>; everything else here belongs to the thread. The loop stands in
/// BusThread.Loop.cs, opening and closing of links in BusThread.Links.cs, its end in BusThread.Ending.cs.</para>
/// </remarks>
internal sealed partial class BusThread
{
    // What one operation does of what can be continued.
    private const ulong StepsAtOnce = 1000;

    // Recipients that sleep are woken by a system call each: so many at a time, before others have their turns.
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
    private uint _toldMaxMessageSize;
    private volatile bool _stopping;
    private bool _takesNoWork;

    /// <summary>Makes the bus; <see cref="Start"/> starts its thread.</summary>
    /// <exception cref="KbusdException">There are no descriptors left.</exception>
    public BusThread(Daemon daemon, uint number, BusOptions options, bool hasDevice)
    {
        _daemon = daemon;
        _gate = hasDevice ? new BusGate() : null;
        Number = number;
        Bus = new Bus(options with { StepsAtOnce = Math.Min(options.StepsAtOnce, StepsAtOnce) });
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
    /// <exception cref="KbusdException">There can be no further thread; nothing is left of the bus.</exception>
    public void Start()
    {
        if (!Threads.TryStart(_thread))
        {
            Release();
            throw new KbusdException($"{NoBus}: there can be no further thread.");
        }
    }

    /// <summary>Has work done on the bus's thread, between two operations. Any thread may call.</summary>
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

        work.Abandon();
        return false;
    }

    /// <summary>Remembers a recipient that is to be rung before the sender gets its answer.</summary>
    public void RingLater(Session session) => _recipients.Add(session);

    /// <summary>Remembers a session that must end when the present operation is over.</summary>
    public void CloseLater(Session session) => _failed.Add(session);

    /// <summary>Lets all recipients see what they got, and rings those that sleep. If they are many, the rest is rung later.</summary>
    public void RingRecipients() => RingRecipients(_toRing);

    /// <summary>Lets all recipients see what they got, and rings those that sleep; if they are many, some of them.</summary>
    /// <param name="rest">Takes those that are still to be rung.</param>
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

        // One fence for all of them, between publishing and looking who sleeps.
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

    /// <summary>Rings some of those that are still to be rung, the last of the list first.</summary>
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

    /// <summary>A session ends before all were rung that got its messages: they are rung all the same.</summary>
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
        session.State.Refusal = error == Errno.EDQUOT ? refusal : session.State.Refusal;
        return error;
    }

    /// <summary>Tells all links the bus's present message limit, if that is not what they know.</summary>
    public void TellMaxMessageSize()
    {
        if (_toldMaxMessageSize == Bus.MaxMessageSize)
        {
            return;
        }

        _toldMaxMessageSize = Bus.MaxMessageSize;
        _carried += (uint)_sessions.Count;
        foreach (Session session in _sessions)
        {
            session.TellMaxMessageSize(Bus.MaxMessageSize);
        }
    }
}
