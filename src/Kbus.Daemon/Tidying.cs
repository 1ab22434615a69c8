using Kbus.Link;

namespace Kbus.Daemon;

/// <summary>Gives memory of the garbage collector back to the system some time after members have gone who made it grow.</summary>
/// <remarks>
/// By itself the collector would keep it until it needs memory again. A collection stops every bus for as long as it takes to look at what is in use. So a
/// short one is made if that is little, and one beside the buses if it is much. One that gave little back is not repeated soon. Times are those of the
/// monotonic clock in nanoseconds; the listening thread calls everything but <see cref="Note"/>.
/// </remarks>
/// <param name="trimBuses">Has the buses give back what they no longer use.</param>
internal sealed class Tidying(Action trimBuses)
{
    private const long ShortestPause = 1_000_000_000;
    private const long LongestPause = 60_000_000_000;
    private const long Never = long.MaxValue;

    // So much more than after the last time makes another time worth while.
    private const long WorthWhile = 4L * 1024 * 1024;

    // Up to so much in use a collection that stops all threads takes some milliseconds.
    private const long Little = 48L * 1024 * 1024;

    private int _isNoted;
    private long _pause = ShortestPause;
    private long _next = Never;
    private long _inUse = GC.GetTotalMemory(forceFullCollection: false);

    /// <summary>A member has gone, or what it had has been cleared away. Any thread may call.</summary>
    /// <returns>True if the listening thread is to look at it: it did not know.</returns>
    public bool Note() => Volatile.Read(ref _isNoted) == 0 && Interlocked.Exchange(ref _isNoted, 1) == 0;

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
        long before = GC.GetTotalMemory(forceFullCollection: false);
        if (before - _inUse < WorthWhile)
        {
            _inUse = Math.Min(_inUse, before);
            return;
        }

        // What was in use the last time tells how much there is to look at.
        bool isLittle = _inUse <= Little;
        GC.Collect(GC.MaxGeneration, isLittle ? GCCollectionMode.Aggressive : GCCollectionMode.Forced, blocking: isLittle, compacting: isLittle);
        _inUse = GC.GetTotalMemory(forceFullCollection: false);
        _pause = before - _inUse < WorthWhile ? Math.Min(2 * _pause, LongestPause) : ShortestPause;
    }
}
