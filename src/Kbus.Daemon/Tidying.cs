using Kbus.Linux;

namespace Kbus.Daemon;

/// <summary>Returns memory of the garbage collector to the system, some time after the members that made it grow have left.</summary>
/// <remarks>
/// The collector alone would keep it until it needs memory again. A collection stops every bus while it scans what is in use. If that may be much,
/// a background collection comes first, and a blocking one when little is left. A collection that returned little is not repeated soon. Times are
/// those of the monotonic clock in nanoseconds. The listening thread calls everything but <see cref="Note"/>.
/// </remarks>
/// <param name="trimBuses">Makes the buses free what they no longer use.</param>
internal sealed class Tidying(Action trimBuses)
{
    private const long ShortestPause = 1_000_000_000;
    private const long LongestPause = 60_000_000_000;
    private const long Never = long.MaxValue;

    // Another collection is worth while if so much more is in use than at the lowest point.
    private const long WorthWhile = 4L * 1024 * 1024;

    // With no more in use than this, a blocking collection takes some milliseconds.
    private const long Little = 48L * 1024 * 1024;

    private int _isNoted;
    private long _pause = ShortestPause;
    private long _next = Never;
    private bool _isSecond;
    private long _least = GC.GetTotalMemory(forceFullCollection: false);

    // Before the first collection the runtime does not know.
    private long _leastCommitted = Math.Max(Committed, WorthWhile);

    /// <summary>A member has left, or what it had has been cleared away. Any thread may call.</summary>
    /// <returns>True if the listening thread must be woken for it.</returns>
    public bool Note() => Volatile.Read(ref _isNoted) == 0 && Interlocked.Exchange(ref _isNoted, 1) == 0;

    /// <summary>The memory that the collector has from the system, used or not, as of the last collection.</summary>
    private static long Committed => GC.GetGCMemoryInfo(GCKind.Any).TotalCommittedBytes;

    /// <summary>The time until the next collection is due; -1 if none is.</summary>
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

    /// <summary>Returns memory, if it is due and there is enough to return.</summary>
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
        // Compared with the lowest point, not with the last time: what has left since may still have been in use then.
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
            // It runs in the background. When it has ended, little may be in use.
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
