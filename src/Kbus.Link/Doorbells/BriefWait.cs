namespace Kbus.Link;

/// <summary>Looking for something a little while before sleeping for it, since waking a sleeper costs more than most things take to come.</summary>
/// <remarks>
/// It looks longer while that succeeds and less when it was in vain, as when others need the processor. Its state is a guess that
/// several threads may spoil for each other without harm.
/// </remarks>
internal sealed class BriefWait
{
    private const long LeastNanoseconds = 500;
    private const long QuietNanoseconds = 3_000;
    private const int WaitsBeforeNewTry = 64;

    private long _most;
    private long _limit;
    private int _waitsWithout;

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
        if (limit <= 0)
        {
            // Looked for in vain too often; now and then it is tried again.
            if (Interlocked.Increment(ref _waitsWithout) % WaitsBeforeNewTry == 0)
            {
                Volatile.Write(ref _limit, MostNanoseconds / 4);
            }

            looking = default;
            return false;
        }

        looking = new Looking(LibC.MonotonicNanoseconds(), limit);
        return true;
    }

    /// <summary>Learns from a wait.</summary>
    /// <param name="looking">The wait.</param>
    /// <param name="found">Whether it was worth while.</param>
    public void Ended(in Looking looking, bool found)
    {
        long shorter = looking.Limit < LeastNanoseconds ? 0 : looking.Limit / 2;
        Volatile.Write(ref _limit, found ? Math.Min(MostNanoseconds, 2 * looking.Limit) : shorter);
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

            if (passed < QuietNanoseconds)
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
