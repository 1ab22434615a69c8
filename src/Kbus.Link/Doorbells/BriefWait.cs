using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Kbus.Link;

/// <summary>Looking for something a little while before sleeping for it, since waking a sleeper costs more than most things take to come.</summary>
/// <remarks>
/// It looks longer while that succeeds and less when it was in vain. Where others need the processor it hardly looks at all: who sleeps
/// is given the processor back sooner than who looks. Its state is a guess that several threads may spoil for each other without harm.
/// </remarks>
internal sealed class BriefWait
{
    // So long it always looks: the time that a bus takes to answer which is awake, and less than going to sleep and being woken costs.
    // Without it two sides that have once begun to sleep for each other would go on doing so.
    private const long LeastNanoseconds = 2_000;

    // So long it does nothing else; then it gives way to whoever else can run.
    private const long StubbornNanoseconds = 3_000;

    // This often it looks as long as it may: the other side may have become quicker meanwhile.
    private const uint WaitsBetweenTrials = 16;

    // Who took the processor for so long has much to do, and is not to be competed with for a while.
    private const long BusyNanoseconds = 100_000;
    private const long RestNanoseconds = 5_000_000;

    private long _most;
    private long _limit;
    private long _restUntil;
    private uint _waits;

    /// <summary>One that looks that long at most: nothing on a machine where what is waited for may need this very processor.</summary>
    public BriefWait(long nanoseconds) => MostNanoseconds = Environment.ProcessorCount > 1 ? nanoseconds : 0;

    /// <summary>How long a wait looks at most; setting it forgets what was learnt.</summary>
    public long MostNanoseconds
    {
        get => Volatile.Read(ref _most);
        set
        {
            Volatile.Write(ref _most, value);
            Volatile.Write(ref _limit, value);
        }
    }

    /// <summary>Begins to wait.</summary>
    /// <param name="deadline">When the caller's own time is over.</param>
    /// <param name="looking">The wait, if it is worth while.</param>
    /// <returns>False if it is not: sleep at once.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryBegin(Deadline deadline, out Looking looking)
    {
        long most = MostNanoseconds;
        long now = LibC.MonotonicNanoseconds();
        long limit = now < Volatile.Read(ref _restUntil) ? Math.Min(most, LeastNanoseconds)
            : ++_waits % WaitsBetweenTrials == 0 ? most
            : Volatile.Read(ref _limit);
        limit = deadline.NanosecondsAtMost(limit);
        looking = new Looking { Start = now, Last = now, Limit = limit };
        return limit > 0;
    }

    /// <summary>Rests a moment between two looks. False when it has looked long enough.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Pause(ref Looking looking)
    {
        long now = LibC.MonotonicNanoseconds();
        if (now - looking.Last > BusyNanoseconds)
        {
            Volatile.Write(ref _restUntil, now + RestNanoseconds);
            return false;
        }

        looking.Last = now;
        if (now - looking.Start >= looking.Limit)
        {
            return false;
        }

        if (now - looking.Start < StubbornNanoseconds)
        {
            Spin();
        }
        else
        {
            // Whoever is to bring it may be waiting for this processor.
            LibC.YieldProcessor();
        }

        return true;
    }

    /// <summary>Leaves the other half of the processor's core alone for some cycles; less than any wait that the runtime measures out.</summary>
    private static void Spin()
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

    /// <summary>Learns from a wait.</summary>
    /// <param name="looking">The wait.</param>
    /// <param name="found">Whether it was worth while.</param>
    public void Ended(in Looking looking, bool found)
    {
        long limit = Volatile.Read(ref _limit);
        if (found)
        {
            limit = Math.Min(MostNanoseconds, Math.Max(limit, 2 * looking.Limit));
        }
        else if (looking.Limit <= limit)
        {
            // A trial that was in vain has taught nothing.
            limit = Math.Max(Math.Min(MostNanoseconds, LeastNanoseconds), looking.Limit / 2);
        }

        Volatile.Write(ref _limit, limit);
    }

    /// <summary>One such wait.</summary>
    public struct Looking
    {
        /// <summary>When it began.</summary>
        public long Start { get; init; }

        /// <summary>When it was looked last.</summary>
        public long Last { get; set; }

        /// <summary>Nanoseconds that it lasts at most.</summary>
        public long Limit { get; init; }
    }
}
