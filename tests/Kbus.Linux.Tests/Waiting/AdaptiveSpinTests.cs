namespace Kbus.Linux.Tests;

/// <summary>How long a thread spins before it sleeps.</summary>
public sealed class AdaptiveSpinTests
{
    private const int Processors = 2;

    [Fact]
    public void A_spin_ends()
    {
        AdaptiveSpin adaptive = ForAnswers();
        Assert.True(adaptive.TryBegin(Deadline.Never, out AdaptiveSpin.Spin spin));
        Assert.Equal(20_000, spin.Limit);
        while (adaptive.Pause(ref spin))
        {
        }
    }

    [Fact]
    public void Nobody_spins_when_the_time_is_over() => Assert.False(ForAnswers().TryBegin(Deadline.Passed, out _));

    [Fact]
    public void Nobody_spins_with_one_processor()
    {
        var adaptive = new AdaptiveSpin(SpinRules.ForAnswers(20_000), 1);
        Assert.Equal(0, adaptive.MostNanoseconds);
        Assert.False(adaptive.TryBegin(Deadline.Never, out _));
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
    public void Among_failed_spins_there_is_a_long_one_now_and_then_which_changes_nothing_unless_it_succeeds()
    {
        AdaptiveSpin adaptive = ForAnswers();
        for (int i = 1; i < 100; i++)
        {
            long limit = Next(adaptive, found: false);
            Assert.Equal(i % 16 == 0 || i == 1 ? 20_000 : Math.Max(2_000, 20_000 >> Math.Min(i - 1, 10)), limit);
        }

        long trial;
        while ((trial = Next(adaptive, found: false)) < 20_000)
        {
        }

        Assert.Equal(2_000, Next(adaptive, found: false));
    }

    [Fact]
    public void After_a_preemption_it_spins_for_the_least_time_until_the_rest_is_over()
    {
        AdaptiveSpin adaptive = ForAnswers();
        Assert.True(adaptive.TryBegin(0, out AdaptiveSpin.Spin spin));
        Assert.False(adaptive.Pause(ref spin, 100_001));
        Assert.True(adaptive.TryBegin(100_002, out spin));
        Assert.Equal(2_000, spin.Limit);
        Assert.True(adaptive.TryBegin(5_100_002, out spin));
        Assert.Equal(20_000, spin.Limit);
    }

    [Fact]
    public void A_spin_that_succeeded_makes_the_limit_no_longer_than_twice_the_time_it_took_unless_it_is_eager()
    {
        var adaptive = new AdaptiveSpin(SpinRules.ForAnswers(20_000) with { IsEager = false }, Processors);
        Assert.True(adaptive.TryBegin(0, out AdaptiveSpin.Spin spin));
        Assert.Equal(2_000, spin.Limit);
        Assert.True(adaptive.Pause(ref spin, 1_500));
        adaptive.Ended(spin, found: true);
        Assert.Equal(3_000, Next(adaptive, found: false));
    }

    private static AdaptiveSpin ForAnswers() => new(SpinRules.ForAnswers(20_000), Processors);

    private static long Next(AdaptiveSpin adaptive, bool found)
    {
        Assert.True(adaptive.TryBegin(0, out AdaptiveSpin.Spin spin));
        adaptive.Ended(spin, found);
        return spin.Limit;
    }
}
