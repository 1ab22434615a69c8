using Kbus.Link;

namespace Kbus.Daemon;

/// <summary>How long a bus goes on looking for commands before it sleeps.</summary>
/// <remarks>
/// A while after each command, and a longer while if commands have lately come that late; now and then it tries the longer one, to see. Not at
/// all with one processor, and not while others need the processors.
/// </remarks>
/// <param name="processors">How many processors there are.</param>
/// <param name="time">The clock.</param>
internal sealed class Lookout(int processors, TimeProvider time)
{
    // Measured: a sleeping processor takes 40 to 80 us to wake. A process that sleeps for an answer is back with its next command
    // after that time, and finds the bus awake, so that the next answer comes before the process has gone to sleep.
    private static readonly TimeSpan Short = TimeSpan.FromMicroseconds(100);

    // Measured: a Request to another bus and its Reply pass six sleepers. While both buses look, no processor sleeps meanwhile, and it
    // takes 230 us in place of 430.
    private static readonly TimeSpan Long = TimeSpan.FromMicroseconds(500);

    // In which most commands come that come at all soon.
    private static readonly TimeSpan Stubborn = TimeSpan.FromMicroseconds(3);

    // A longer gap between two looks at the clock means that the processor was given to somebody who has much to do.
    private static readonly TimeSpan Preemption = TimeSpan.FromMicroseconds(200);
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(5);

    private const uint TimesBetweenTrials = 16;

    private readonly long _short = processors > 1 ? Ticks(Short, time) : 0;
    private readonly long _long = processors > 1 ? Ticks(Long, time) : 0;
    private readonly long _stubborn = Ticks(Stubborn, time);
    private readonly long _preemption = Ticks(Preemption, time);
    private readonly long _rest = Ticks(Rest, time);
    private long _learnt = processors > 1 ? Ticks(Short, time) : 0;
    private long _limit;
    private long _since;
    private long _last;
    private long _restUntil;
    private uint _times;
    private bool _isLooking;

    /// <summary>Nothing has come. Rests a moment before the next look, if there should be one.</summary>
    /// <returns>False to sleep.</returns>
    public bool TryRest()
    {
        long now = time.GetTimestamp();
        if (!_isLooking)
        {
            _isLooking = true;
            _since = now;
            _limit = ++_times % TimesBetweenTrials == 0 ? _long : _learnt;
        }
        else if (now - _last > _preemption)
        {
            // On a busy machine looking costs its share of the processor, which the next command would then have to wait for.
            _restUntil = now + _rest;
        }

        _last = now;
        if (now < _restUntil)
        {
            // Which teaches nothing.
            _isLooking = false;
            return false;
        }

        if (now - _since >= _limit)
        {
            return false;
        }

        if (now - _since < _stubborn)
        {
            Thread.SpinWait(4);
        }
        else
        {
            // The process that has just been woken may have been put on this very processor. To ask a little less often costs nobody anything.
            Thread.SpinWait(16);
            LibC.YieldProcessor();
        }

        return true;
    }

    /// <summary>Something has come: the next look begins anew.</summary>
    public void Found()
    {
        if (_isLooking)
        {
            _isLooking = false;
            _learnt = Math.Min(_long, Math.Max(_learnt, 2 * (_last - _since)));
        }
    }

    /// <summary>The bus goes to sleep.</summary>
    public void GaveUp()
    {
        if (_isLooking)
        {
            _isLooking = false;

            // A trial that was in vain has taught nothing.
            _learnt = _limit <= _learnt ? Math.Max(_short, _limit * 3 / 4) : _learnt;
        }
    }

    private static long Ticks(TimeSpan span, TimeProvider time) => (long)(span.TotalSeconds * time.TimestampFrequency);
}
