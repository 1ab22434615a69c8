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
        while (looking.Pause())
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
        long[] shorter = [.. Enumerable.Range(0, 6).Select(_ => Next(found: false))];
        Assert.Equal([20_000, 10_000, 5_000, 2_500, 2_000, 2_000], shorter);
        long[] longer = [.. Enumerable.Range(0, 6).Select(_ => Next(found: true))];
        Assert.Equal([2_000, 4_000, 8_000, 16_000, 20_000, 20_000], longer);

        long Next(bool found)
        {
            Assert.True(brief.TryBegin(Deadline.Never, out BriefWait.Looking looking));
            brief.Ended(looking, found);
            return looking.Limit;
        }
    }
}
