using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Kbus.Linux;

/// <summary>Decides how long a thread polls for something before it sleeps, since to be woken costs more than most things take to come.</summary>
/// <remarks>
/// The limit grows while spins succeed, and shrinks while they fail. Nobody spins for a side that had to be woken: that takes longer, and the other
/// side may need this very processor. Now and then a trial spins for the longest time all the same. Failed trials become rarer. Where other
/// programs need the processor, it hardly spins at all: a thread that sleeps gets the processor back sooner than one that spins. With one
/// processor it never spins. The state is a guess. Several threads may change it at the same time without harm.
/// </remarks>
internal sealed class AdaptiveSpin
{
    // For this long it does nothing else. Then it yields to whoever else can run.
    private const long StubbornNanoseconds = 3_000;

    // About one answer from a side that is awake, and less than a sleep and a wake-up. Without it, two sides that have once begun to sleep for each
    // other would go on with that.
    private const long LeastNanoseconds = 2_000;

    // After so many waits it spins for the longest time: the other side may have become quicker meanwhile.
    private const int FewestBetweenTrials = 16;
    private const int MostBetweenTrials = 256;

    // A longer gap between two polls means that another program had the processor.
    private const long PreemptionNanoseconds = 100_000;

    // For this long after a preemption it does not compete for the processor.
    private const long RestNanoseconds = 5_000_000;

    private long _most;
    private long _limit;
    private long _restUntil;
    private int _untilTrial = FewestBetweenTrials;
    private int _betweenTrials = FewestBetweenTrials;

    /// <summary>Makes one that has learnt nothing yet.</summary>
    /// <param name="most">The longest limit, in nanoseconds.</param>
    /// <param name="processors">The number of processors of the machine.</param>
    public AdaptiveSpin(long most, int processors) => _most = _limit = processors > 1 ? most : 0;

    /// <summary>Makes one for this machine.</summary>
    public AdaptiveSpin(long most)
        : this(most, Environment.ProcessorCount)
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
    /// <param name="isOtherAsleep">Whether the side that is to bring it had to be woken.</param>
    /// <param name="spin">The spin, if it is worthwhile.</param>
    /// <returns>False to sleep at once.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryBegin(Deadline deadline, bool isOtherAsleep, out Spin spin)
    {
        if (!IsWorthwhile(isOtherAsleep, out bool isTrial))
        {
            spin = default;
            return false;
        }

        long now = LibC.MonotonicNanoseconds();
        spin = new Spin { Start = now, Last = now, Limit = deadline.NanosecondsAtMost(NextLimit(now, isTrial)) };
        return spin.Limit > 0;
    }

    /// <summary>Begins to spin, without a deadline.</summary>
    /// <param name="now">The time, in nanoseconds of any clock.</param>
    /// <param name="isOtherAsleep">Whether the side that is to bring it had to be woken.</param>
    /// <param name="spin">The spin, if it is worthwhile.</param>
    /// <returns>False to sleep at once.</returns>
    public bool TryBegin(long now, bool isOtherAsleep, out Spin spin)
    {
        if (!IsWorthwhile(isOtherAsleep, out bool isTrial))
        {
            spin = default;
            return false;
        }

        spin = new Spin { Start = now, Last = now, Limit = NextLimit(now, isTrial) };
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
        if (gap > PreemptionNanoseconds)
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
            Pause();
        }
        else
        {
            // The thread that is to bring the answer may wait for this very processor.
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
            limit = Math.Min(MostNanoseconds, Math.Max(limit, 2 * spin.Limit));
            _betweenTrials = FewestBetweenTrials;
        }
        else if (spin.Limit <= limit)
        {
            limit = Math.Max(Math.Min(MostNanoseconds, LeastNanoseconds), spin.Limit / 2);
        }
        else
        {
            // A trial that failed teaches no more than this.
            _betweenTrials = Math.Min(MostBetweenTrials, 2 * _betweenTrials);
        }

        Volatile.Write(ref _limit, limit);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool IsWorthwhile(bool isOtherAsleep, out bool isTrial)
    {
        isTrial = --_untilTrial <= 0;
        if (isTrial)
        {
            _untilTrial = _betweenTrials;
        }

        return isTrial || !isOtherAsleep;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private long NextLimit(long now, bool isTrial)
    {
        long most = MostNanoseconds;
        return now < Volatile.Read(ref _restUntil) ? Math.Min(most, LeastNanoseconds) : isTrial ? most : Volatile.Read(ref _limit);
    }

    /// <summary>Leaves the other half of the processor's core alone for some cycles.</summary>
    private static void Pause()
    {
        if (X86Base.IsSupported)
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
