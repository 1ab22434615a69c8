using Kbus.Linux;

namespace Kbus.Link.Tests;

/// <summary>Lets two threads do one thing each at the same moment, again and again.</summary>
internal sealed class Race(int seed)
{
    private int _started;
    private int _ended;

    /// <summary>Runs both that many times; after each time, when both are at rest, the check.</summary>
    public void Run(int rounds, Action first, Action second, Action check) =>
        Limited.Run(
            () =>
            {
                var random = new Random(seed);
                for (int round = 1; round <= rounds; round++)
                {
                    Meet(ref _started, 2 * round);
                    Jitter(random);
                    first();
                    Meet(ref _ended, (3 * round) - 1);
                    check();
                    Interlocked.Increment(ref _ended);
                }
            },
            () =>
            {
                var random = new Random(seed + 1);
                for (int round = 1; round <= rounds; round++)
                {
                    Meet(ref _started, 2 * round);
                    Jitter(random);
                    second();
                    Meet(ref _ended, 3 * round);
                }
            }).GetAwaiter().GetResult();

    private static void Meet(ref int count, int all)
    {
        Interlocked.Increment(ref count);
        for (int spins = 0; Volatile.Read(ref count) < all; spins++)
        {
            if (spins > 2000)
            {
                LibC.YieldProcessor();
            }
        }
    }

    private static void Jitter(Random random)
    {
        // A few to a few hundred nanoseconds: finer than any wait of the platform's.
        for (int i = random.Next(1 << random.Next(8)); i > 0; i--)
        {
            _ = Volatile.Read(ref i);
        }
    }
}
