namespace Kbus.Linux.Tests;

public sealed class DeadlineTests
{
    [Fact]
    public void A_default_deadline_has_passed()
    {
        Assert.True(default(Deadline).HasPassed);
        Assert.Equal(0, Deadline.Passed.Nanoseconds);
    }

    [Fact]
    public void No_deadline_never_passes()
    {
        Assert.False(Deadline.Never.HasPassed);
        Assert.Equal(LibC.Forever, Deadline.Never.Nanoseconds);
        Assert.True(Deadline.After(Timeout.InfiniteTimeSpan).IsNever);
        Assert.True(Deadline.After(TimeSpan.MaxValue).IsNever);
        Assert.Equal(50, Deadline.Never.NanosecondsAtMost(50));
    }

    [Fact]
    public void A_deadline_ahead_tells_what_is_left()
    {
        Deadline deadline = Deadline.After(TimeSpan.FromHours(1));
        Assert.False(deadline.HasPassed);
        Assert.InRange(deadline.Nanoseconds, 3_500_000_000_000, 3_600_000_000_000);
        Assert.Equal(7, deadline.NanosecondsAtMost(7));
        Assert.Equal(0, Deadline.After(TimeSpan.Zero).Nanoseconds);
        Assert.True(Deadline.After(TimeSpan.Zero).HasPassed);
    }
}
