using System.Diagnostics;
using Kbus.Link;

namespace Kbus.Daemon;

/// <content>The loop: look at the hot links, take events, and before sleeping look once more.</content>
internal sealed partial class BusThread
{
    private const int EventsAtOnce = 256;
    private const int RoundsBetweenEvents = 64;
    private const int RoundsUntilQuiet = 4096;

    // 100 us. Measured: a sleeping processor takes 40 to 80 us to wake. A process that sleeps for an answer is back with its next command
    // after that time, and finds the bus awake, so that the next answer comes before the process has gone to sleep.
    private static readonly long SpinTicks = Environment.ProcessorCount > 1 ? Stopwatch.Frequency / 10_000 : 0;

    // 3 us, in which most commands come that come at all soon.
    private static readonly long StubbornTicks = Stopwatch.Frequency * 3 / 1_000_000;

    // 200 us. A longer gap between two looks at the clock means that the processor was given to somebody who has much to do.
    private static readonly long PreemptionTicks = Stopwatch.Frequency / 5_000;
    private static readonly long RestTicks = Stopwatch.Frequency / 200;

    private readonly List<Session> _hot = [];
    private long _round;
    private long _lastLook;
    private long _restUntil;

    private void Run()
    {
        using var events = new EpollEvents(EventsAtOnce);
        long idleSince = 0;
        while (!_stopping)
        {
            _round++;
            bool worked = ServeHot();
            if (worked || _round % RoundsBetweenEvents == 0)
            {
                worked |= (_round % RoundsBetweenEvents == 0) && TakeEvents(events, wait: false);
            }

            if (worked)
            {
                idleSince = 0;
            }
            else if (_hot.Count > 0 && IsWorthSpinning(ref idleSince))
            {
                Rest(idleSince);
            }
            else if (MaySleep())
            {
                idleSince = 0;
                TakeEvents(events, wait: true);
            }
        }

        CloseAll();
    }

    /// <summary>Whether to go on looking instead of sleeping: for a while after the last command, unless others need the processor.</summary>
    private bool IsWorthSpinning(ref long idleSince)
    {
        long now = Stopwatch.GetTimestamp();
        if (idleSince == 0)
        {
            idleSince = now;
        }
        else if (now - _lastLook > PreemptionTicks)
        {
            // On a busy machine looking costs its share of the processor, which the next command would then have to wait for.
            _restUntil = now + RestTicks;
        }

        _lastLook = now;
        return now - idleSince < SpinTicks && now >= _restUntil;
    }

    /// <summary>A moment between two looks.</summary>
    private void Rest(long idleSince)
    {
        if (_lastLook - idleSince < StubbornTicks)
        {
            Thread.SpinWait(4);
        }
        else
        {
            // The process that has just been woken may have been put on this very processor. To ask a little less often costs nobody anything.
            Thread.SpinWait(16);
            LibC.YieldProcessor();
        }
    }

    /// <summary>Gives each hot link its bounded share. A link that has long been quiet is asked to ring instead.</summary>
    private bool ServeHot()
    {
        bool worked = false;
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
                _gate?.EnterAsOwner();
                worked |= session.Serve() > 0;
                CloseFailed();
                _gate?.LeaveAsOwner();
            }
            else if (_round - session.LastServed > RoundsUntilQuiet)
            {
                Cool(session);
            }
        }

        return worked;
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

        _gate?.EnterAsOwner();
        for (int i = 0; i < count; i++)
        {
            Handle(events.Data(i));
        }

        CloseFailed();
        _gate?.LeaveAsOwner();
        return true;
    }

    private void Handle(ulong token)
    {
        switch (token & KindMask)
        {
            case WorkToken:
                while (_work.TryDequeue(out Action? work))
                {
                    work();
                    RingRecipients();
                }

                break;
            case BellToken when Find(token) is { } session:
                Heat(session);
                break;
            case SocketToken when Find(token) is { } session:
                HungUp(session);
                break;
            case ProcessToken:
                ProcessEnded((int)(token >> KindBits));
                break;
        }
    }
}
