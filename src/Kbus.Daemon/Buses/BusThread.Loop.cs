using Kbus.Link;

namespace Kbus.Daemon;

/// <content>The loop: look at the hot links, take events, and before sleeping look once more.</content>
internal sealed partial class BusThread
{
    private const int EventsAtOnce = 256;
    private const int RoundsBetweenEvents = 64;
    private const int RoundsUntilQuiet = 4096;

    private readonly List<Session> _hot = [];
    private readonly Pace _pace = new();
    private readonly Lookout _lookout = new(Environment.ProcessorCount, TimeProvider.System);
    private long _round;

    private void Serve()
    {
        using var events = new EpollEvents(EventsAtOnce);
        while (!_stopping)
        {
            _round++;
            int served = ServeHot();
            _pace.Note(served);
            bool worked = served > 0;
            if (worked || _round % RoundsBetweenEvents == 0)
            {
                worked |= (_round % RoundsBetweenEvents == 0) && TakeEvents(events, wait: false);
            }

            if (worked)
            {
                _lookout.Found();
            }
            else if ((_hot.Count == 0 || !_lookout.TryRest()) && MaySleep())
            {
                _lookout.GaveUp();
                TakeEvents(events, wait: true);
            }
        }
    }

    /// <summary>Gives each hot link its bounded share. A link that has long been quiet is asked to ring instead.</summary>
    /// <returns>How many commands were carried out.</returns>
    private int ServeHot()
    {
        int served = 0;
        for (int i = _hot.Count - 1; i >= 0; i--)
        {
            // Closing sessions shortens the list.
            if (i >= _hot.Count)
            {
                continue;
            }

            Session session = _hot[i];
            if (session.HasCommands)
            {
                session.LastServed = _round;
                Enter();
                served += session.Serve();
                CloseFailed();
                Leave();
            }
            else if (_round - session.LastServed > RoundsUntilQuiet)
            {
                Cool(session);
            }
        }

        return served;
    }

    /// <summary>Asks every hot link to ring; true if after that none has anything to say.</summary>
    private bool MaySleep()
    {
        foreach (Session session in _hot)
        {
            session.AskForBell();
        }

        // The pair of the fence in CommandBell.RingIfWanted: either the link sees that we want its bell, or we see its command.
        Fence.Full();
        bool quiet = true;
        foreach (Session session in _hot)
        {
            quiet &= !session.HasCommands;
        }

        foreach (Session session in _hot)
        {
            if (quiet)
            {
                session.IsHot = false;
            }
            else
            {
                session.ForgoBell();
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

        session.IsHot = false;
        _hot.Remove(session);
    }

    private void Heat(Session session)
    {
        session.LastServed = _round;
        if (!session.IsHot && !session.IsClosed)
        {
            session.IsHot = true;
            session.ForgoBell();
            _hot.Add(session);
        }
    }

    private bool TakeEvents(EpollEvents events, bool wait)
    {
        int count = LibC.EpollWait(_epoll.Number, events, wait ? LibC.Forever : 0);
        if (count <= 0)
        {
            return false;
        }

        Enter();
        for (int i = 0; i < count; i++)
        {
            Handle(events.Data(i));
        }

        CloseFailed();
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
            case ProcessToken:
                ProcessEnded(token);
                break;
        }
    }

    private void DoWork()
    {
        while (NextWork() is { } work)
        {
            try
            {
                work.CarryOut(this);
            }
            catch
            {
                work.Abandon();
                throw;
            }

            RingRecipients();
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
