namespace Kbus.Linux;

/// <summary>A moment on the monotonic clock by which something has to have happened.</summary>
/// <remarks>
/// For waits that the kernel makes, in real time, and that may be interrupted and begun again without waiting longer in sum. The default
/// value is a moment that has passed: look once, do not wait.
/// </remarks>
internal readonly struct Deadline
{
    private readonly long _moment;

    private Deadline(long moment) => _moment = moment;

    /// <summary>No limit.</summary>
    public static Deadline Never => new(long.MaxValue);

    /// <summary>Look once, do not wait.</summary>
    public static Deadline Passed => default;

    /// <summary>Whether there is no limit.</summary>
    public bool IsNever => _moment == long.MaxValue;

    /// <summary>Whether the moment has come.</summary>
    public bool HasPassed => !IsNever && (_moment == 0 || LibC.MonotonicNanoseconds() >= _moment);

    /// <summary>How long is left: zero when it has passed, <see cref="LibC.Forever"/> when there is no limit.</summary>
    public long Nanoseconds
    {
        get
        {
            if (IsNever)
            {
                return LibC.Forever;
            }

            return _moment == 0 ? 0 : Math.Max(0, _moment - LibC.MonotonicNanoseconds());
        }
    }

    /// <summary>That long from now; a negative time (as <see cref="Timeout.InfiniteTimeSpan"/>) is no limit.</summary>
    public static Deadline After(TimeSpan time)
    {
        if (time < TimeSpan.Zero)
        {
            return Never;
        }

        long now = LibC.MonotonicNanoseconds();
        return time.Ticks >= (long.MaxValue - now) / TimeSpan.NanosecondsPerTick
            ? Never
            : new(now + (time.Ticks * TimeSpan.NanosecondsPerTick));
    }

    /// <summary>So many nanoseconds from now; a negative number is no limit.</summary>
    public static Deadline AfterNanoseconds(long nanoseconds) => nanoseconds < 0 ? Never : new(LibC.MonotonicNanoseconds() + nanoseconds);

    /// <summary>Whether this moment comes before another.</summary>
    public bool IsBefore(Deadline other) => _moment < other._moment;

    /// <summary>This moment, or one so many nanoseconds from now if that is later.</summary>
    public Deadline ButNotWithin(long nanoseconds) => IsNever ? this : new(Math.Max(_moment, LibC.MonotonicNanoseconds() + nanoseconds));

    /// <summary>How long is left, but at most that long.</summary>
    public long NanosecondsAtMost(long most)
    {
        long left = Nanoseconds;
        return left < 0 || left > most ? most : left;
    }
}
