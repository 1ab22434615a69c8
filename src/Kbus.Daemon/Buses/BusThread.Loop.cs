using Kbus.Link;
using Kbus.Linux;

namespace Kbus.Daemon;

/// <content>
/// The loop: serve the hot links, handle events, and poll once more before sleeping. Each process has one turn in a round, however many links it has.
/// A turn is bounded by the work that it causes (<see cref="Core.Bus.Steps"/>), not by the number of commands.
/// </content>
internal sealed partial class BusThread
{
    private const int EventsAtOnce = 256;
    // Posted work (new links, questions) between two polls of the links.
    private const int WorkAtOnce = 8;

    // Work that a process may cause in one turn: some 200 microseconds. A command counts as one step, and so do so many copied bytes.
    private const ulong StepsInTurn = 2000;
    private const int BytesInStep = 256;

    // Longest time before events (cold links, new links, deaths) are polled while the thread is busy.
    private const long NanosecondsBetweenEvents = 500_000;

    // The same while the thread has nothing to do and does not sleep yet.
    private const long NanosecondsBetweenEventsAtRest = 8_000;

    // A link that has sent no command for so long is asked to ring its bell. So unused links do not slow the loop down, however many there are.
    private const long NanosecondsUntilQuiet = 5_000_000;

    private readonly List<ProcessWatch> _hot = [];
    private readonly Pace _pace = new();
    private readonly Lookout _lookout = new(Environment.ProcessorCount);
    private EpollEvents _events = null!;
    private ulong _carried;
    private long _lastEvents;
    private long _now;

    /// <summary>The steps of Core, and those of serving the links.</summary>
    private ulong Work => Bus.Steps + _carried;

    /// <summary>How often the thread has slept and was woken.</summary>
    public ulong WakeUps { get; private set; }

    private void Serve()
    {
        using var events = new EpollEvents(EventsAtOnce);
        _events = events;
        while (!_stopping)
        {
            int served = ServeHot();
            _pace.Note(served);
            if (HasMore)
            {
                Continue();
                served++;
            }

            if (served == 0 && _hot.Count > 0 && _now - _lastEvents >= NanosecondsBetweenEventsAtRest)
            {
                served += TakeEvents(wait: false) ? 1 : 0;
            }

            if (Watchers is { HasNews: true })
            {
                RingWatchers(isGoingToSleep: false);
            }

            if (served > 0)
            {
                _lookout.Found();
            }
            else if ((_hot.Count == 0 || !_lookout.TryRest(Clock())) && MaySleep())
            {
                if (Watchers is { HasNews: true })
                {
                    RingWatchers(isGoingToSleep: true);
                }

                _lookout.GaveUp();
                TakeEvents(wait: true);
            }
        }
    }

    /// <summary>Gives each process with hot links its turn, and handles events when they are due.</summary>
    /// <returns>The number of things done.</returns>
    private int ServeHot()
    {
        int served = 0;
        for (int i = _hot.Count - 1; i >= 0; i--)
        {
            // Closing sessions shortens the list.
            if (i < _hot.Count)
            {
                served += ServeTurn(_hot[i]);
            }

            _now = Clock();
            if (_now - _lastEvents >= NanosecondsBetweenEvents)
            {
                served += TakeEvents(wait: false) ? 1 : 0;
            }
        }

        return served;
    }

    /// <summary>True if operations have left work to be continued.</summary>
    private bool HasMore => Bus.HasMore || _toRing.Count > 0 || IsTelling;

    /// <summary>Continues the work that operations have left, for as long as a turn of a process.</summary>
    private void Continue()
    {
        Enter();
        Ring(_toRing);
        _ = TellSome(_tellUntil);
        Bus.Continue(StepsInTurn);
        RingRecipients();
        CloseFailed();
        PublishWatched();
        Leave();
        if (!Bus.HasMore)
        {
            _daemon.TidyLater();
        }
    }

    /// <summary>Counts the work of serving a link.</summary>
    /// <param name="commands">The number of commands carried out.</param>
    /// <param name="bytes">The bytes of their bodies.</param>
    public void Carried(int commands, int bytes) => _carried += (uint)commands + (uint)(bytes / BytesInStep);

    /// <summary>A process's turn: serves its links one after the other, each with a bounded share, until the turn has caused enough work.</summary>
    private int ServeTurn(ProcessWatch process)
    {
        int served = 0;
        ulong end = Work + StepsInTurn;
        for (int looks = process.Hot.Count; looks > 0 && process.Hot.Count > 0 && Work < end; looks--)
        {
            process.Next = process.Next == 0 ? process.Hot.Count - 1 : Math.Min(process.Next, process.Hot.Count) - 1;
            Session session = process.Hot[process.Next];
            _carried++;
            if (session.HasWork)
            {
                served += ServeShare(session);
            }
            else if (_now - session.LastServed > NanosecondsUntilQuiet)
            {
                Cool(session);
            }
        }

        return served;
    }

    private int ServeShare(Session session)
    {
        session.LastServed = _now;
        Enter();
        int served = session.Serve();
        if (session.IsEnding && !session.IsRinging && !session.IsClosed && (served == 0 || --session.TurnsLeft == 0))
        {
            Close(session);
            served++;
        }

        CloseFailed();
        PublishWatched();
        Leave();
        return served;
    }

    /// <summary>Asks every hot link to ring its bell. True if none has work after that.</summary>
    private bool MaySleep()
    {
        foreach (ProcessWatch process in _hot)
        {
            foreach (Session session in process.Hot)
            {
                session.AskForBell();
            }
        }

        // Pairs with the fence in CommandBell.RingIfWanted: the link sees the request for its bell, or this thread sees its command.
        Interleaving.Here();
        Fence.Full();
        bool quiet = true;
        foreach (ProcessWatch process in _hot)
        {
            foreach (Session session in process.Hot)
            {
                quiet &= !session.HasWork;
            }
        }

        foreach (ProcessWatch process in _hot)
        {
            foreach (Session session in process.Hot)
            {
                if (quiet)
                {
                    session.HotPlace = -1;
                }
                else
                {
                    session.ForgoBell();
                }
            }

            if (quiet)
            {
                process.Hot.Clear();
                process.HotPlace = -1;
            }
        }

        if (quiet)
        {
            _hot.Clear();
        }

        return quiet;
    }

    private void Cool(Session session)
    {
        session.AskForBell();
        Fence.Full();
        if (session.HasCommands)
        {
            session.ForgoBell();
            return;
        }

        RemoveHot(session);
    }

    private void Heat(Session session)
    {
        session.LastServed = _now;
        if (session.IsHot || session.IsClosed)
        {
            return;
        }

        session.ForgoBell();
        ProcessWatch process = session.Process;
        if (process.Hot.Count == 0)
        {
            process.HotPlace = _hot.Count;
            _hot.Add(process);
        }

        session.HotPlace = process.Hot.Count;
        process.Hot.Add(session);
    }

    /// <summary>The last of the list moves to the free place. So the cost does not depend on the number of hot links.</summary>
    private void RemoveHot(Session session)
    {
        ProcessWatch process = session.Process;
        process.Hot[^1].HotPlace = session.HotPlace;
        process.Hot[session.HotPlace] = process.Hot[^1];
        process.Hot.RemoveAt(process.Hot.Count - 1);
        session.HotPlace = -1;
        if (process.Hot.Count == 0)
        {
            _hot[^1].HotPlace = process.HotPlace;
            _hot[process.HotPlace] = _hot[^1];
            _hot.RemoveAt(_hot.Count - 1);
            process.HotPlace = -1;
        }
    }

    private bool TakeEvents(bool wait)
    {
        int count = LibC.EpollWait(_epoll.Number, _events, wait ? LibC.Forever : 0);
        WakeUps += wait ? 1u : 0;
        _now = Clock();
        _lastEvents = _now;
        if (count <= 0)
        {
            return false;
        }

        Enter();
        for (int i = 0; i < count; i++)
        {
            Handle(_events.Data(i));
        }

        CloseFailed();
        PublishWatched();
        Leave();
        return true;
    }

    private void Handle(ulong token)
    {
        switch (token & KindMask)
        {
            case WorkToken:
                DoWork();
                break;
            case BellToken when Find(token) is { } session:
                Heat(session);
                break;
            case SocketToken when Find(token) is { } session:
                HungUp(session);
                break;
            case SocketToken when _watchersByToken.GetValueOrDefault(token & ~KindMask) is { } watcher:
                EndWatching(watcher);
                break;
            case ProcessToken:
                ProcessEnded(token);
                break;
        }
    }

    /// <summary>Does some of the posted work. The bell is rung for the rest, so that links are served in between.</summary>
    private void DoWork()
    {
        for (int left = WorkAtOnce; NextWork() is { } work; left--)
        {
            try
            {
                work.CarryOut(this);
            }
            catch
            {
                Abandon(work);
                throw;
            }

            RingRecipients();
            if (left == 1)
            {
                Wake();
                return;
            }
        }
    }

    private BusWork? NextWork()
    {
        lock (_workLock)
        {
            return _work.TryDequeue(out BusWork? work) ? work : null;
        }
    }
}
