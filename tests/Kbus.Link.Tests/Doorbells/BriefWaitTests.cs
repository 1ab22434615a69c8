namespace Kbus.Link.Tests;

public sealed class BriefWaitTests
{
    [Fact]
    public void A_brief_wait_ends()
    {
        var brief = new BriefWait(20_000);
        Assert.SkipUnless(brief.MostNanoseconds > 0, "with one processor nobody waits so");
        Assert.True(brief.TryBegin(Deadline.Never, out BriefWait.Looking looking));
        Assert.Equal(20_000, looking.Limit);
        while (brief.Pause(ref looking))
        {
        }
    }

    [Fact]
    public void Nobody_waits_briefly_when_the_time_is_over() => Assert.False(new BriefWait(20_000).TryBegin(Deadline.Passed, out _));

    [Fact]
    public void Waits_in_vain_become_shorter_down_to_a_least_and_longer_again_when_they_are_not()
    {
        var brief = new BriefWait(20_000);
        Assert.SkipUnless(brief.MostNanoseconds > 0, "with one processor nobody waits so");
        long[] shorter = [.. Enumerable.Range(0, 6).Select(_ => Next(brief, found: false))];
        Assert.Equal([20_000, 10_000, 5_000, 2_500, 2_000, 2_000], shorter);
        long[] longer = [.. Enumerable.Range(0, 6).Select(_ => Next(brief, found: true))];
        Assert.Equal([2_000, 4_000, 8_000, 16_000, 20_000, 20_000], longer);
    }

    [Fact]
    public void Among_waits_in_vain_there_is_a_long_one_now_and_then_which_changes_nothing_unless_it_finds()
    {
        var brief = new BriefWait(20_000);
        Assert.SkipUnless(brief.MostNanoseconds > 0, "with one processor nobody waits so");
        for (int i = 1; i < 100; i++)
        {
            long limit = Next(brief, found: false);
            Assert.Equal(i % 16 == 0 || i == 1 ? 20_000 : Math.Max(2_000, 20_000 >> Math.Min(i - 1, 10)), limit);
        }

        long trial;
        while ((trial = Next(brief, found: false)) < 20_000)
        {
        }

        Assert.Equal(2_000, Next(brief, found: false));
    }

    private static long Next(BriefWait brief, bool found)
    {
        Assert.True(brief.TryBegin(Deadline.Never, out BriefWait.Looking looking));
        brief.Ended(looking, found);
        return looking.Limit;
    }
}
