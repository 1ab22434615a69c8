using Kbus.Link;

namespace Kbus.Daemon;

/// <summary>Decides how long a bus spins for commands before it sleeps.</summary>
/// <remarks>
/// It spins for a short time after each command, or for a longer time if recent commands came that late. Sometimes it tries the longer time, to
/// learn. It does not spin with one processor, nor while other programs need the processors.
/// </remarks>
/// <param name="processors">How many processors there are.</param>
/// <param name="time">The clock.</param>
internal sealed class Lookout(int processors, TimeProvider time)
{
    // Measured: a sleeping processor takes 40 to 80 us to wake. A process that slept for an answer sends its next command after that
    // time. If the bus is still awake then, the next answer comes before the process sleeps.
    private static readonly TimeSpan Short = TimeSpan.FromMicroseconds(100);

    // Measured: a Request to another bus and its Reply pass six sleepers. While both buses spin, no processor sleeps meanwhile, and it
    // takes 230 us instead of 430.
    private static readonly TimeSpan Long = TimeSpan.FromMicroseconds(500);

    // Most commands that come soon come within this time.
    private static readonly TimeSpan Stubborn = TimeSpan.FromMicroseconds(3);

    // A longer gap between two readings of the clock means that another program had the processor.
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

    /// <summary>No command has come. Pauses before the next poll, if there should be one.</summary>
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
            // On a busy machine spinning uses up the thread's time slice, and the next command would wait for another one.
            _restUntil = now + _rest;
        }

        _last = now;
        if (now < _restUntil)
        {
            // This teaches nothing.
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
            // The process that was just woken may have to run on this processor. So yield first, and poll less often.
            Thread.SpinWait(16);
            LibC.YieldProcessor();
        }

        return true;
    }

    /// <summary>A command has come. The next spin starts from zero.</summary>
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

            // A failed trial teaches nothing.
            _learnt = _limit <= _learnt ? Math.Max(_short, _limit * 3 / 4) : _learnt;
        }
    }

    private static long Ticks(TimeSpan span, TimeProvider time) => (long)(span.TotalSeconds * time.TimestampFrequency);
}
