using Kbus.Linux;

namespace Kbus.Watching;

/// <summary>What the wall clock said at one moment of the monotonic clock.</summary>
/// <param name="Wall">The wall clock: nanoseconds since 1970, in UTC.</param>
/// <param name="Monotonic">The machine's monotonic clock: nanoseconds.</param>
internal readonly record struct WallClock(long Wall, long Monotonic)
{
    /// <summary>Both clocks now.</summary>
    public static WallClock Now() =>
        new((DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick, LibC.MonotonicNanoseconds());

    /// <summary>The time of the wall clock at another moment. One that no clock can have becomes the nearest one that it can.</summary>
    /// <param name="monotonic">The moment, in nanoseconds of the monotonic clock.</param>
    public DateTimeOffset At(long monotonic)
    {
        long wall = (long)Int128.Clamp((Int128)Wall + monotonic - Monotonic, 0, long.MaxValue);
        return DateTimeOffset.UnixEpoch.AddTicks(wall / TimeSpan.NanosecondsPerTick);
    }
}
