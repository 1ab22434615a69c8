using System.Diagnostics;
using Kbus.Linux;

namespace Kbus;

/// <summary>How long a call that blocks may still wait.</summary>
internal readonly struct WaitLimit
{
    private readonly long _start;
    private readonly TimeSpan _timeout;

    /// <summary>Begins to count.</summary>
    /// <param name="timeout">How long in all; null or <see cref="Timeout.InfiniteTimeSpan"/> for ever.</param>
    public WaitLimit(TimeSpan? timeout)
    {
        _timeout = timeout ?? Timeout.InfiniteTimeSpan;
        Check(_timeout);

        // Nothing is measured by who waits for ever, or not at all.
        _start = _timeout > TimeSpan.Zero ? Stopwatch.GetTimestamp() : 0;
    }

    /// <summary>Refuses what is no time to wait.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative.</exception>
    public static void Check(TimeSpan timeout)
    {
        if (timeout < TimeSpan.Zero && timeout != Timeout.InfiniteTimeSpan)
        {
            throw new ArgumentOutOfRangeException(nameof(timeout), timeout, "A time to wait is not negative.");
        }
    }

    /// <summary>The longest time, some 49 days, that the runtime's timers count; who waits longer looks again after it.</summary>
    public static TimeSpan Shortened(TimeSpan time) => time.TotalMilliseconds < uint.MaxValue - 1 ? time : TimeSpan.FromMilliseconds(uint.MaxValue - 1);

    /// <summary>The moment at which it is over.</summary>
    public Deadline Deadline => Deadline.After(Left);

    /// <summary>What is left: zero if nothing is, <see cref="Timeout.InfiniteTimeSpan"/> for ever.</summary>
    public TimeSpan Left
    {
        get
        {
            if (_timeout <= TimeSpan.Zero)
            {
                return _timeout;
            }

            TimeSpan left = _timeout - Stopwatch.GetElapsedTime(_start);
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }
}
