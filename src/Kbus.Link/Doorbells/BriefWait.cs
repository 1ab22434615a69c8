namespace Kbus.Link;

/// <summary>Looking for something a little while before sleeping for it, since waking a sleeper costs more than most things take to come.</summary>
/// <remarks>
/// It looks longer while that succeeds and less when it was in vain, as when others need the processor. Its state is a guess that
/// several threads may spoil for each other without harm.
/// </remarks>
internal sealed class BriefWait
{
    // So long it always looks: the time that a bus takes to answer which is awake, and less than going to sleep and being woken costs.
    // Without it two sides that have once begun to sleep for each other would go on doing so.
    private const long LeastNanoseconds = 2_000;

    // So long it does nothing else; then it gives way to whoever else can run.
    private const long StubbornNanoseconds = 3_000;

    private long _most;
    private long _limit;

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
    public bool TryBegin(Deadline deadline, out Looking looking)
    {
        long limit = deadline.NanosecondsAtMost(Volatile.Read(ref _limit));
        looking = limit > 0 ? new Looking(LibC.MonotonicNanoseconds(), limit) : default;
        return limit > 0;
    }

    /// <summary>Learns from a wait.</summary>
    /// <param name="looking">The wait.</param>
    /// <param name="found">Whether it was worth while.</param>
    public void Ended(in Looking looking, bool found)
    {
        long next = found ? Math.Min(MostNanoseconds, 2 * looking.Limit) : Math.Max(Math.Min(MostNanoseconds, LeastNanoseconds), looking.Limit / 2);
        Volatile.Write(ref _limit, next);
    }

    /// <summary>One such wait.</summary>
    /// <param name="start">When it began.</param>
    /// <param name="limit">Nanoseconds that it lasts.</param>
    public readonly struct Looking(long start, long limit)
    {
        /// <summary>Nanoseconds that it lasts.</summary>
        public long Limit => limit;

        /// <summary>Rests a moment between two looks. False when the time is over.</summary>
        public bool Pause()
        {
            long passed = LibC.MonotonicNanoseconds() - start;
            if (passed >= limit)
            {
                return false;
            }

            if (passed < StubbornNanoseconds)
            {
                Thread.SpinWait(8);
            }
            else
            {
                // Whoever is to bring it may be waiting for this processor.
                LibC.YieldProcessor();
            }

            return true;
        }
    }
}
