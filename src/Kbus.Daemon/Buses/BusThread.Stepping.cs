using Kbus.Linux;

namespace Kbus.Daemon;

/// <content>
/// Rounds one at a time, for the simulation, which drives the bus with its own clock and without a thread of the bus. It calls these methods and
/// never <see cref="Start"/>. The rounds are those of the loop, but the bus never sleeps: it only checks whether it would have been woken.
/// </content>
internal sealed partial class BusThread
{
    private Func<long>? _steppedClock;
    private Func<(Errno Error, uint Number)>? _busMaker;
    private bool _wouldSleep;

    /// <summary>Prepares the bus for rounds.</summary>
    /// <param name="clock">Gives the time in nanoseconds; it never goes back.</param>
    /// <param name="events">Room for events, which the caller keeps until the bus has ended.</param>
    /// <param name="ringsAtOnce">How many recipients are rung at once, and how many links told of another limit.</param>
    /// <param name="busMaker">Makes another bus (NEWDEVICE), instead of the daemon.</param>
    public void BeginRounds(Func<long> clock, EpollEvents events, int ringsAtOnce, Func<(Errno Error, uint Number)> busMaker)
    {
        _busMaker = busMaker;
        _ringsAtOnce = ringsAtOnce;
        _toldAtOnce = ringsAtOnce;
        _steppedClock = clock;
        _events = events;
    }

    /// <summary>One round of the loop.</summary>
    /// <param name="mayRest">True if the bus sleeps when it has nothing to do, false if it keeps polling.</param>
    /// <param name="continues">False to leave unfinished work for a later round, which no member can see.</param>
    /// <returns>False if there was nothing to do, or the bus would sleep now.</returns>
    public bool Round(bool mayRest, bool continues = true)
    {
        if (_wouldSleep && !TakeEvents(wait: false))
        {
            return false;
        }

        _wouldSleep = false;
        bool any = ServeHot() > 0;
        if (continues && HasMore)
        {
            Continue();
            any = true;
        }

        if (Watchers is { HasNews: true })
        {
            RingWatchers(isGoingToSleep: true);
        }

        if (any)
        {
            return true;
        }

        if (!mayRest || HasMore || !MaySleep())
        {
            return mayRest;
        }

        _wouldSleep = !TakeEvents(wait: false);
        return !_wouldSleep;
    }

    /// <summary>Ends the bus as <see cref="Stop"/> does: every link is hung up.</summary>
    public void EndRounds() => CloseAll();

    private long Clock() => _steppedClock is null ? LibC.MonotonicNanoseconds() : _steppedClock();
}
