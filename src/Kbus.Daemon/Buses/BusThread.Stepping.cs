using Kbus.Link;

namespace Kbus.Daemon;

/// <content>
/// Rounds one at a time, for a caller that drives the bus without a thread of its own and with a clock of its own: the simulation. It calls these and
/// never <see cref="Start"/>. The rounds are those of the loop, but that the bus never sleeps: it only looks whether it would have been woken.
/// </content>
internal sealed partial class BusThread
{
    private Func<long>? _steppedClock;
    private Func<(Errno Error, uint Number)>? _busMaker;

    /// <summary>Prepares the bus for rounds.</summary>
    /// <param name="clock">Gives the time in nanoseconds; it never goes back.</param>
    /// <param name="events">Room for events, which the caller keeps until the bus has ended.</param>
    /// <param name="ringsAtOnce">How many recipients are rung at once.</param>
    /// <param name="busMaker">Makes another bus (NEWDEVICE), in place of the daemon.</param>
    public void BeginRounds(Func<long> clock, EpollEvents events, int ringsAtOnce, Func<(Errno Error, uint Number)> busMaker)
    {
        _busMaker = busMaker;
        _ringsAtOnce = ringsAtOnce;
        _steppedClock = clock;
        _events = events;
    }

    /// <summary>One round of the loop.</summary>
    /// <param name="mayRest">True if the bus goes to sleep when it finds nothing to do, false if it goes on looking.</param>
    /// <param name="continues">False to leave for a later round what operations have left to be done, which no member can see.</param>
    /// <returns>False if it found nothing to do, or would sleep now.</returns>
    public bool Round(bool mayRest, bool continues = true)
    {
        bool any = ServeHot() > 0;
        if (continues && HasMore)
        {
            Continue();
            any = true;
        }

        if (any)
        {
            return true;
        }

        return mayRest && (!MaySleep() || TakeEvents(wait: false));
    }

    /// <summary>Ends the bus as <see cref="Stop"/> does: every link is hung up.</summary>
    public void EndRounds() => CloseAll();

    private long Clock() => _steppedClock is null ? LibC.MonotonicNanoseconds() : _steppedClock();
}
