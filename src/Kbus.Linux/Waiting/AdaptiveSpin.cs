using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Kbus.Linux;

/// <summary>Decides how long a thread polls for something before it sleeps, since to be woken costs more than most things take to come.</summary>
/// <remarks>
/// The limit grows while spins succeed, and shrinks while they fail. Where other programs need the processor, it hardly spins at all: a thread that
/// sleeps gets the processor back sooner than one that spins. With one processor it never spins. The state is a guess. Several threads may
/// change it at the same time without harm.
/// </remarks>
internal sealed class AdaptiveSpin
{
    // For this long it does nothing else. Then it yields to whoever else can run.
    private const long StubbornNanoseconds = 3_000;

    // This often it spins for the longest time: the other side may have become quicker meanwhile.
    private const uint SpinsBetweenTrials = 16;

    // For this long after a preemption it does not compete for the processor.
    private const long RestNanoseconds = 5_000_000;

    private readonly SpinRules _rules;
    private long _most;
    private long _limit;
    private long _restUntil;
    private uint _spins;

    /// <summary>Makes one that has learnt nothing yet.</summary>
    /// <param name="rules">How long it spins.</param>
    /// <param name="processors">The number of processors of the machine.</param>
    public AdaptiveSpin(SpinRules rules, int processors)
    {
        _rules = rules;
        _most = processors > 1 ? rules.Most : 0;
        _limit = rules.IsEager ? _most : Math.Min(_most, rules.Least);
    }

    /// <summary>Makes one for this machine.</summary>
    public AdaptiveSpin(SpinRules rules)
        : this(rules, Environment.ProcessorCount)
    {
    }

    /// <summary>The longest limit; setting it forgets what was learnt.</summary>
    public long MostNanoseconds
    {
        get => Volatile.Read(ref _most);
        set
        {
            Volatile.Write(ref _most, value);
            Volatile.Write(ref _limit, value);
        }
    }

    /// <summary>Begins to spin.</summary>
    /// <param name="deadline">When the caller's own time is over.</param>
    /// <param name="spin">The spin, if it is worthwhile.</param>
    /// <returns>False to sleep at once.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryBegin(Deadline deadline, out Spin spin)
    {
        long now = LibC.MonotonicNanoseconds();
        spin = new Spin { Start = now, Last = now, Limit = deadline.NanosecondsAtMost(NextLimit(now)) };
        return spin.Limit > 0;
    }

    /// <summary>Begins to spin, without a deadline.</summary>
    /// <param name="now">The time, in nanoseconds of any clock.</param>
    /// <param name="spin">The spin, if it is worthwhile.</param>
    /// <returns>False to sleep at once.</returns>
    public bool TryBegin(long now, out Spin spin)
    {
        spin = new Spin { Start = now, Last = now, Limit = NextLimit(now) };
        return spin.Limit > 0;
    }

    /// <summary>Pauses between two polls. False once the limit has passed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Pause(ref Spin spin) => Pause(ref spin, LibC.MonotonicNanoseconds());

    /// <summary>Pauses between two polls. False once the limit has passed, or if another program had the processor.</summary>
    /// <param name="spin">The spin.</param>
    /// <param name="now">The time, in nanoseconds of the clock by which it began.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Pause(ref Spin spin, long now)
    {
        long gap = now - spin.Last;
        spin.Last = now;
        if (gap > _rules.Preemption)
        {
            // On a busy machine a spin uses up the thread's time slice, and what comes next would wait for another one.
            Volatile.Write(ref _restUntil, now + RestNanoseconds);
            return false;
        }

        if (now - spin.Start >= spin.Limit)
        {
            return false;
        }

        if (now - spin.Start < StubbornNanoseconds)
        {
            Pause(_rules.PauseIterations);
        }
        else
        {
            // The thread that is to bring the answer may wait for this very processor.
            if (_rules.PauseIterations > 0)
            {
                Thread.SpinWait(4 * _rules.PauseIterations);
            }

            LibC.YieldProcessor();
        }

        return true;
    }

    /// <summary>Learns from a spin that has ended.</summary>
    /// <param name="spin">The spin.</param>
    /// <param name="found">Whether it succeeded.</param>
    public void Ended(in Spin spin, bool found)
    {
        long limit = Volatile.Read(ref _limit);
        if (found)
        {
            limit = Math.Min(MostNanoseconds, Math.Max(limit, 2 * (_rules.IsEager ? spin.Limit : spin.Last - spin.Start)));
        }
        else if (spin.Limit <= limit)
        {
            // A longer spin was a trial, and a trial that failed teaches nothing.
            limit = Math.Max(Math.Min(MostNanoseconds, _rules.Least), spin.Limit * _rules.KeptPercent / 100);
        }

        Volatile.Write(ref _limit, limit);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private long NextLimit(long now)
    {
        long most = MostNanoseconds;
        return now < Volatile.Read(ref _restUntil) ? Math.Min(most, _rules.WhileBusy)
            : ++_spins % SpinsBetweenTrials == 0 ? most
            : Volatile.Read(ref _limit);
    }

    /// <summary>Leaves the other half of the processor's core alone for some cycles.</summary>
    private static void Pause(int iterations)
    {
        if (iterations > 0)
        {
            Thread.SpinWait(iterations);
        }
        else if (X86Base.IsSupported)
        {
            X86Base.Pause();
        }
        else if (ArmBase.IsSupported)
        {
            ArmBase.Yield();
        }
        else
        {
            Thread.SpinWait(1);
        }
    }

    /// <summary>One spin, of one thread.</summary>
    public struct Spin
    {
        /// <summary>When it began.</summary>
        public long Start { get; init; }

        /// <summary>When it was paused last.</summary>
        public long Last { get; set; }

        /// <summary>Nanoseconds that it lasts at most.</summary>
        public long Limit { get; init; }
    }
}
