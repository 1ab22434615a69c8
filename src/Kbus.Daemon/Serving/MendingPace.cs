namespace Kbus.Daemon;

/// <summary>When the directory is looked at next: soon after something was noticed, and ever later while that happens again and again.</summary>
/// <remarks>
/// Whoever may remove a socket may do so a million times. Each time the daemon looks it waits twice as long before it looks again, and it begins
/// anew when it has had peace for long enough. Times are those of the monotonic clock in nanoseconds.
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

    /// <summary>Something has changed. It is looked at after the pause, however often that is said meanwhile.</summary>
    public void Noticed(long now)
    {
        if (_next == Never)
        {
            _pause = now - _last >= Peace ? ShortestPause : _pause;
            _next = now + _pause;
        }
    }

    /// <summary>Whether it is time to look.</summary>
    public readonly bool IsDue(long now) => now >= _next;

    /// <summary>How long until then; -1 if there is nothing to be looked at.</summary>
    public readonly long Left(long now) => _next == Never ? -1 : Math.Max(0, _next - now);

    /// <summary>It was looked at.</summary>
    /// <param name="now">The time.</param>
    /// <param name="again">Whether to look again without being told, as something is missing or has just been made.</param>
    public void Looked(long now, bool again)
    {
        _last = now;
        _pause = Math.Min(_pause * 2, LongestPause);
        _next = again ? now + _pause : Never;
    }
}
