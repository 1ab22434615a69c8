namespace Kbus.Linux.Tests;

/// <summary>How long a thread spins before it sleeps.</summary>
public sealed class AdaptiveSpinTests
{
    private const int Processors = 2;

    [Fact]
    public void A_spin_ends()
    {
        AdaptiveSpin adaptive = ForAnswers();
        Assert.True(adaptive.TryBegin(Deadline.Never, isOtherAsleep: false, out AdaptiveSpin.Spin spin));
        Assert.Equal(20_000, spin.Limit);
        while (adaptive.Pause(ref spin))
        {
        }
    }

    [Fact]
    public void Nobody_spins_when_the_time_is_over() => Assert.False(ForAnswers().TryBegin(Deadline.Passed, isOtherAsleep: false, out _));

    [Fact]
    public void Nobody_spins_with_one_processor()
    {
        var adaptive = new AdaptiveSpin(20_000, 1);
        Assert.Equal(0, adaptive.MostNanoseconds);
        Assert.False(adaptive.TryBegin(Deadline.Never, isOtherAsleep: false, out _));
    }

    [Fact]
    public void Failed_spins_become_shorter_down_to_a_least_and_longer_again_when_they_succeed()
    {
        AdaptiveSpin adaptive = ForAnswers();
        long[] shorter = [.. Enumerable.Range(0, 6).Select(_ => Next(adaptive, found: false))];
        Assert.Equal([20_000, 10_000, 5_000, 2_500, 2_000, 2_000], shorter);
        long[] longer = [.. Enumerable.Range(0, 6).Select(_ => Next(adaptive, found: true))];
        Assert.Equal([2_000, 4_000, 8_000, 16_000, 20_000, 20_000], longer);
    }

    [Fact]
    public void Among_failed_spins_there_is_a_long_one_now_and_then_and_ever_more_rarely()
    {
        AdaptiveSpin adaptive = ForAnswers();
        for (int i = 0; i < 10; i++)
        {
            Next(adaptive, found: false);
        }

        int[] between = [.. Enumerable.Range(0, 7).Select(_ => UntilTrial(adaptive))];
        Assert.Equal([6, 16, 32, 64, 128, 256, 256], between);
        Assert.Equal(2_000, Next(adaptive, found: false));

        // What a trial finds makes the others longer.
        while (Next(adaptive, found: true) < 20_000)
        {
        }

        Assert.Equal(20_000, Next(adaptive, found: true));
    }

    [Fact]
    public void Nobody_spins_for_a_side_that_had_to_be_woken_but_in_trials()
    {
        AdaptiveSpin adaptive = ForAnswers();
        for (int i = 1; i < 16; i++)
        {
            Assert.False(adaptive.TryBegin(0, isOtherAsleep: true, out _));
        }

        Assert.True(adaptive.TryBegin(0, isOtherAsleep: true, out AdaptiveSpin.Spin trial));
        Assert.Equal(20_000, trial.Limit);
        adaptive.Ended(trial, found: true);
        Assert.False(adaptive.TryBegin(0, isOtherAsleep: true, out _));
        Assert.True(adaptive.TryBegin(0, isOtherAsleep: false, out _));
    }

    [Fact]
    public void After_a_preemption_it_spins_for_the_least_time_until_the_rest_is_over()
    {
        AdaptiveSpin adaptive = ForAnswers();
        Assert.True(adaptive.TryBegin(0, isOtherAsleep: false, out AdaptiveSpin.Spin spin));
        Assert.False(adaptive.Pause(ref spin, 100_001));
        Assert.True(adaptive.TryBegin(100_002, isOtherAsleep: false, out spin));
        Assert.Equal(2_000, spin.Limit);
        Assert.True(adaptive.TryBegin(5_100_002, isOtherAsleep: false, out spin));
        Assert.Equal(20_000, spin.Limit);
    }

    /// <summary>Spins that fail until one is a trial.</summary>
    /// <returns>The number of spins, the trial included.</returns>
    private static int UntilTrial(AdaptiveSpin adaptive)
    {
        int spins = 1;
        while (Next(adaptive, found: false) < 20_000)
        {
            spins++;
        }

        return spins;
    }

    private static AdaptiveSpin ForAnswers() => new(20_000, Processors);

    private static long Next(AdaptiveSpin adaptive, bool found)
    {
        Assert.True(adaptive.TryBegin(0, isOtherAsleep: false, out AdaptiveSpin.Spin spin));
        adaptive.Ended(spin, found);
        return spin.Limit;
    }
}
