using Kbus.Linux;

namespace Kbus.Daemon;

/// <summary>Decides whether a bus that has nothing to do spins for the next command, or sleeps at once.</summary>
/// <remarks>
/// <para>Spinning pays where programs answer each other without a pause: whoever is awake needs no wake-up. At the pace of most programs it
/// does not pay. It uses processor time. And it keeps a processor busy, so that a process that is woken must start on another one, which
/// sleeps. So the bus usually sleeps at once. From time to time it tries spinning. If it is rewarded several times in a row, it goes on
/// spinning, until that fails.</para>
/// <para>A trial ends with the first command that does not come in time. After each trial in vain the next one comes later.</para>
/// <para>It does not spin with one processor, nor while other programs need the processors. One thread uses it.</para>
/// </remarks>
/// <param name="processors">The number of processors of the machine.</param>
internal sealed class Lookout(int processors)
{
    // All times are in nanoseconds.
    //
    // Measured: a sleeping processor takes 40 to 80 us to wake. A process that slept for an answer sends its next command after that time.
    private const long Short = 100_000;

    // Measured: a Request to another bus and its Reply pass six sleepers. While both buses spin, no processor sleeps meanwhile, and it
    // takes 230 us instead of 430. Some trials spin for so long.
    private const long Long = 500_000;

    // Most commands that come soon come within this time.
    private const long Stubborn = 3_000;

    // A longer gap between two readings of the clock means that another program had the processor.
    private const long Preemption = 200_000;
    private const long Rest = 5_000_000;

    // So many commands in a row must come in time in a trial.
    private const int Rewards = 16;

    // Waits between two trials.
    private const int FewestBetweenTrials = 8;
    private const int MostBetweenTrials = 1024;
    private const int TrialsBetweenLongOnes = 4;

    // So many failures in so many waits end the spinning.
    private const int FailuresToEnd = 2;
    private const int WaitsToForget = 32;

    private Manner _manner;
    private bool _isWaiting;
    private long _since;
    private long _last;
    private long _restUntil;
    private long _limit;

    // The limit with which spinning has succeeded; trials begin with it.
    private long _learnt = Short;
    private int _waits;
    private int _untilTrial = FewestBetweenTrials;
    private int _betweenTrials = FewestBetweenTrials;
    private int _trials;
    private int _failures;

    private enum Manner
    {
        /// <summary>It sleeps at once.</summary>
        Sleeping,

        /// <summary>It spins to find out whether that is rewarded.</summary>
        Trying,

        /// <summary>It spins.</summary>
        Spinning,
    }

    /// <summary>No command has come. Pauses before the next poll, if there should be one.</summary>
    /// <param name="now">The time.</param>
    /// <returns>False to sleep.</returns>
    public bool TryRest(long now)
    {
        if (!_isWaiting)
        {
            Begin(now);
        }
        else if (now - _last > Preemption)
        {
            // On a busy machine spinning uses up the thread's time slice, and the next command would wait for another one.
            _restUntil = now + Rest;
        }

        _last = now;
        if (_manner == Manner.Sleeping || now < _restUntil || now - _since >= _limit)
        {
            return false;
        }

        if (now - _since < Stubborn)
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
        if (!_isWaiting)
        {
            return;
        }

        _isWaiting = false;
        if (_manner == Manner.Sleeping)
        {
            return;
        }

        _limit = _learnt = Math.Clamp(2 * (_last - _since), _limit, Long);
        if (_manner == Manner.Trying && _waits >= Rewards)
        {
            _manner = Manner.Spinning;
            _waits = _failures = 0;
        }
    }

    /// <summary>The bus goes to sleep.</summary>
    public void GaveUp()
    {
        if (_manner == Manner.Sleeping)
        {
            return;
        }

        _isWaiting = false;
        if (_last < _restUntil)
        {
            // This teaches nothing.
            Sleep(_betweenTrials);
        }
        else if (_manner == Manner.Trying)
        {
            _learnt = Math.Max(Short, _learnt * 3 / 4);
            Sleep(Math.Min(MostBetweenTrials, 2 * _betweenTrials));
        }
        else if (++_failures >= FailuresToEnd)
        {
            Sleep(FewestBetweenTrials);
        }
    }

    /// <summary>A wait begins.</summary>
    private void Begin(long now)
    {
        _isWaiting = true;
        _since = now;
        _waits++;
        if (_manner == Manner.Spinning && _waits % WaitsToForget == 0)
        {
            _failures = 0;
        }

        if (_manner == Manner.Sleeping && --_untilTrial <= 0 && processors > 1 && now >= _restUntil)
        {
            _manner = Manner.Trying;
            _waits = 0;
            _limit = ++_trials % TrialsBetweenLongOnes == 0 ? Long : _learnt;
        }
    }

    private void Sleep(int betweenTrials)
    {
        _manner = Manner.Sleeping;
        (_betweenTrials, _untilTrial) = (betweenTrials, betweenTrials);
    }
}
