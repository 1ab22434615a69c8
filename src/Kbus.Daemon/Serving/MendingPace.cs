namespace Kbus.Daemon;

/// <summary>Decides when the directory is checked next: soon after a change, and later and later if changes keep coming.</summary>
/// <remarks>
/// A user who may remove a socket may do so a million times. After each check the pause before the next one doubles. It starts from the first pause
/// again after a long quiet time. Times are those of the monotonic clock in nanoseconds.
/// </remarks>
internal struct MendingPace()
{
    /// <summary>The first pause: long enough for <c>rm -r</c> to end.</summary>
    public const long ShortestPause = 100_000_000;

    /// <summary>The longest pause.</summary>
    public const long LongestPause = 10_000_000_000;

    private const long Peace = 60_000_000_000;
    private const long Never = long.MaxValue;

    private long _pause = ShortestPause;
    private long _next = Never;
    private long _last = long.MinValue / 2;

    /// <summary>Something has changed. The check comes after the pause, however often this is called meanwhile.</summary>
    public void Noticed(long now)
    {
        if (_next == Never)
        {
            _pause = now - _last >= Peace ? ShortestPause : _pause;
            _next = now + _pause;
        }
    }

    /// <summary>Whether a check is due.</summary>
    public readonly bool IsDue(long now) => now >= _next;

    /// <summary>The time until the next check; -1 if none is planned.</summary>
    public readonly long Left(long now) => _next == Never ? -1 : Math.Max(0, _next - now);

    /// <summary>The directory was checked.</summary>
    /// <param name="now">The time.</param>
    /// <param name="again">Whether to check again without a report: something is missing or has just been made, or nothing is reported.</param>
    public void Looked(long now, bool again)
    {
        _last = now;
        _pause = Math.Min(_pause * 2, LongestPause);
        _next = again ? now + _pause : Never;
    }
}
