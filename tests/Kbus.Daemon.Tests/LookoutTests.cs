namespace Kbus.Daemon.Tests;

/// <summary>When a bus spins before it sleeps, by a clock that moves when it is read.</summary>
public sealed class LookoutTests
{
    private const double Short = 100;
    private const double Long = 500;
    private long _now;

    private double Microseconds => _now / 1000.0;

    [Fact]
    public void With_one_processor_it_sleeps_at_once()
    {
        var lookout = new Lookout(1);
        for (int i = 0; i < 1000; i++)
        {
            Assert.Equal(0, Wait(lookout, spinning: 2, sleeping: 20));
        }
    }

    [Fact]
    public void At_the_pace_of_most_programs_it_hardly_ever_spins()
    {
        var lookout = new Lookout(2);

        // A Request that is answered by who must wake up first, and the next one a millisecond later.
        double spun = 0;
        const int requests = 2000;
        for (int i = 0; i < requests; i++)
        {
            spun += Wait(lookout, spinning: 60, sleeping: 30);
            spun += Wait(lookout, spinning: 900, sleeping: 930);
        }

        Assert.InRange(spun / requests, 0.1, 3);
    }

    [Fact]
    public void Where_spinning_is_rewarded_it_spins()
    {
        var lookout = new Lookout(2);
        Learn(lookout, 2, 20);
        for (int i = 0; i < 1000; i++)
        {
            Assert.InRange(Wait(lookout, spinning: 2, sleeping: 20), 1, 5);
        }
    }

    [Fact]
    public void Commands_that_come_late_are_found_by_a_trial_that_is_longer()
    {
        var lookout = new Lookout(2);
        Learn(lookout, 300, 600);
        Assert.InRange(Wait(lookout, spinning: 300, sleeping: 600), 290, 310);
        Assert.True(Short < 300);
    }

    [Fact]
    public void When_commands_come_no_more_it_stops_spinning()
    {
        var lookout = new Lookout(2);
        Learn(lookout, 2, 20);
        Assert.InRange(Wait(lookout, spinning: 5000, sleeping: 5000), Short - 5, Long);
        Assert.InRange(Wait(lookout, spinning: 5000, sleeping: 5000), Short - 5, Long);
        Assert.Equal(0, Wait(lookout, spinning: 5000, sleeping: 5000));
    }

    [Fact]
    public void One_command_that_comes_late_does_not_stop_it()
    {
        var lookout = new Lookout(2);
        Learn(lookout, 2, 20);
        for (int i = 0; i < 1000; i++)
        {
            bool isLate = i % 100 == 50;
            Assert.NotEqual(0, Wait(lookout, spinning: isLate ? 5000 : 2, sleeping: 20));
        }
    }

    [Fact]
    public void After_a_long_time_at_a_slow_pace_a_fast_one_is_found_with_the_next_trial()
    {
        var lookout = new Lookout(2);
        for (int i = 0; i < 5000; i++)
        {
            Wait(lookout, spinning: 900, sleeping: 930);
        }

        Assert.InRange(Learn(lookout, 2, 20), 1, 1024);
    }

    [Fact]
    public void Who_lost_the_processor_to_another_rests_for_a_while()
    {
        var lookout = new Lookout(2);
        Learn(lookout, 2, 20);
        Assert.True(lookout.TryRest(Now()));
        Advance(1000);
        Assert.False(lookout.TryRest(Now()));
        lookout.GaveUp();
        for (int i = 0; i < 100; i++)
        {
            Assert.Equal(0, Wait(lookout, spinning: 2, sleeping: 20));
        }

        Advance(6000);
        Learn(lookout, 2, 20);
    }

    /// <summary>Waits until it spins for all of some waits in a row.</summary>
    /// <returns>The waits that it took.</returns>
    private int Learn(Lookout lookout, double spinning, double sleeping)
    {
        int spun = 0;
        for (int i = 0; i < 5000; i++)
        {
            spun = Wait(lookout, spinning, sleeping) > 0 ? spun + 1 : 0;
            if (spun == 100)
            {
                return i - spun;
            }
        }

        Assert.Fail("it did not begin to spin");
        return 0;
    }

    /// <summary>One wait for a command, which comes after one time if the bus spins, and after another if it sleeps.</summary>
    /// <returns>Microseconds that it has spun.</returns>
    private double Wait(Lookout lookout, double spinning, double sleeping)
    {
        double start = Microseconds;
        while (lookout.TryRest(Now()))
        {
            if (Microseconds - start >= spinning)
            {
                lookout.Found();
                return Microseconds - start;
            }
        }

        double spun = Microseconds - start;
        lookout.GaveUp();
        Advance(sleeping);
        lookout.Found();

        // To read the clock once is not to spin.
        return spun < 2 ? 0 : spun;
    }

    private void Advance(double microseconds) => _now += (long)(microseconds * 1000);

    /// <summary>Each reading of the clock takes a microsecond.</summary>
    private long Now() => _now += 1000;
}
