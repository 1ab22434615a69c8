using Kbus.Link;

namespace Kbus.Daemon;

/// <summary>Gives memory of the garbage collector back to the system some time after members have gone who made it grow.</summary>
/// <remarks>
/// By itself the collector would keep it until it needs memory again. A collection stops every bus for as long as it takes to look at what is in use. If that may
/// be much, one is made beside the buses first, and a short one that stops them when little is left. One that gave little back is not repeated soon. Times are those of the
/// monotonic clock in nanoseconds; the listening thread calls everything but <see cref="Note"/>.
/// </remarks>
/// <param name="trimBuses">Has the buses give back what they no longer use.</param>
internal sealed class Tidying(Action trimBuses)
{
    private const long ShortestPause = 1_000_000_000;
    private const long LongestPause = 60_000_000_000;
    private const long Never = long.MaxValue;

    // So much more than the least that was ever in use makes another time worth while.
    private const long WorthWhile = 4L * 1024 * 1024;

    // Up to so much in use a collection that stops all threads takes some milliseconds.
    private const long Little = 48L * 1024 * 1024;

    private int _isNoted;
    private long _pause = ShortestPause;
    private long _next = Never;
    private bool _isSecond;
    private long _least = GC.GetTotalMemory(forceFullCollection: false);

    // Before the first collection the runtime does not know.
    private long _leastCommitted = Math.Max(Committed, WorthWhile);

    /// <summary>A member has gone, or what it had has been cleared away. Any thread may call.</summary>
    /// <returns>True if the listening thread is to look at it: it did not know.</returns>
    public bool Note() => Volatile.Read(ref _isNoted) == 0 && Interlocked.Exchange(ref _isNoted, 1) == 0;

    /// <summary>What the collector has from the system, also for nothing: as of the last collection.</summary>
    private static long Committed => GC.GetGCMemoryInfo(GCKind.Any).TotalCommittedBytes;

    /// <summary>How long until it is time; -1 if there is nothing to do.</summary>
    public long NanosecondsLeft
    {
        get
        {
            if (_next == Never && Volatile.Read(ref _isNoted) != 0)
            {
                _next = LibC.MonotonicNanoseconds() + _pause;
            }

            return _next == Never ? -1 : Math.Max(0, _next - LibC.MonotonicNanoseconds());
        }
    }

    /// <summary>Gives memory back, if it is time and there is enough of it.</summary>
    public void TidyIfDue()
    {
        if (NanosecondsLeft == 0)
        {
            _next = Never;
            Volatile.Write(ref _isNoted, 0);
            trimBuses();
            Tidy();
        }
    }

    private void Tidy()
    {
        // Beside the least that was ever in use, not beside the last time: what has gone since may still have been there then.
        long before = GC.GetTotalMemory(forceFullCollection: false);
        bool isSecond = _isSecond;
        _isSecond = false;
        if (before - _least < WorthWhile && Committed - _leastCommitted < WorthWhile)
        {
            return;
        }

        bool isLittle = before <= Little;
        GC.Collect(GC.MaxGeneration, isLittle ? GCCollectionMode.Aggressive : GCCollectionMode.Forced, blocking: isLittle, compacting: isLittle);
        if (!isLittle && !isSecond)
        {
            // It goes on beside the buses. When it has ended, what is in use may be little.
            _isSecond = true;
            Volatile.Write(ref _isNoted, 1);
            return;
        }

        long after = GC.GetTotalMemory(forceFullCollection: false);
        _least = Math.Min(_least, after);
        _leastCommitted = Math.Min(_leastCommitted, Committed);
        _pause = before - after < WorthWhile ? Math.Min(2 * _pause, LongestPause) : ShortestPause;
    }
}
