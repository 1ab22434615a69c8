namespace Kbus.Daemon.Tests;

/// <summary>How long a bus looks before it sleeps, by a clock that moves when it is looked at.</summary>
public sealed class LookoutTests
{
    private const double Short = 100;
    private const double Long = 500;
    private readonly StepClock _clock = new();

    [Fact]
    public void With_one_processor_it_sleeps_at_once()
    {
        var lookout = new Lookout(1);
        for (int i = 0; i < 100; i++)
        {
            Assert.False(lookout.TryRest(_clock.Next()));
            lookout.GaveUp();
        }
    }

    [Fact]
    public void It_looks_a_short_while_and_now_and_then_a_long_one()
    {
        var lookout = new Lookout(2);
        List<double> looks = [.. Enumerable.Range(0, 64).Select(_ => LookInVain(lookout))];
        Assert.Equal(4, looks.Count(l => Math.Abs(l - Long) < 10));
        Assert.Equal(60, looks.Count(l => Math.Abs(l - Short) < 10));
    }

    [Fact]
    public void Commands_that_come_late_have_it_look_longer_until_they_come_no_more()
    {
        var lookout = new Lookout(2);
        bool hasLearnt = false;
        for (int i = 0; i < 32; i++)
        {
            hasLearnt |= LookUntil(lookout, 300);
        }

        Assert.True(hasLearnt);
        for (int i = 0; i < 100; i++)
        {
            Assert.True(LookUntil(lookout, 300));
        }

        for (int i = 0; i < 20; i++)
        {
            LookInVain(lookout);
        }

        Assert.Contains(Enumerable.Range(0, 2).Select(_ => LookInVain(lookout)), l => Math.Abs(l - Short) < 10);
    }

    [Fact]
    public void Commands_that_come_soon_do_not_have_it_look_longer()
    {
        var lookout = new Lookout(2);
        for (int i = 0; i < 100; i++)
        {
            Assert.True(LookUntil(lookout, 20));
        }

        Assert.Contains(Enumerable.Range(0, 2).Select(_ => LookInVain(lookout)), l => Math.Abs(l - Short) < 10);
    }

    [Fact]
    public void Who_lost_the_processor_to_another_rests_for_a_while()
    {
        var lookout = new Lookout(2);
        Assert.True(lookout.TryRest(_clock.Next()));
        _clock.Advance(1000);
        Assert.False(lookout.TryRest(_clock.Next()));
        lookout.GaveUp();
        Assert.False(lookout.TryRest(_clock.Next()));
        lookout.GaveUp();
        _clock.Advance(6000);
        Assert.True(lookout.TryRest(_clock.Next()));
    }

    private double LookInVain(Lookout lookout)
    {
        double start = _clock.Microseconds;
        while (lookout.TryRest(_clock.Next()))
        {
        }

        lookout.GaveUp();
        return _clock.Microseconds - start;
    }

    /// <summary>Looks until something comes; false if it has gone to sleep before.</summary>
    private bool LookUntil(Lookout lookout, double microseconds)
    {
        double start = _clock.Microseconds;
        while (lookout.TryRest(_clock.Next()))
        {
            if (_clock.Microseconds - start >= microseconds)
            {
                lookout.Found();
                return true;
            }
        }

        lookout.GaveUp();
        return false;
    }

    /// <summary>Each reading takes a microsecond.</summary>
    private sealed class StepClock
    {
        private long _now;

        public double Microseconds => _now / 1000.0;

        public void Advance(double microseconds) => _now += (long)(microseconds * 1000);

        public long Next() => _now += 1000;
    }
}
