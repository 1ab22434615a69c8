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
    public void Waits_in_vain_become_shorter_and_end_and_are_tried_again_now_and_then()
    {
        var brief = new BriefWait(20_000);
        Assert.SkipUnless(brief.MostNanoseconds > 0, "with one processor nobody waits so");
        long last = long.MaxValue;
        while (brief.TryBegin(Deadline.Never, out BriefWait.Looking looking))
        {
            Assert.True(looking.Limit < last);
            last = looking.Limit;
            brief.Ended(looking, found: false);
        }

        int tries = 1;
        while (!brief.TryBegin(Deadline.Never, out _))
        {
            tries++;
        }

        Assert.InRange(tries, 32, 128);
        for (int i = 0; i < 20; i++)
        {
            Assert.True(brief.TryBegin(Deadline.Never, out BriefWait.Looking looking));
            brief.Ended(looking, found: true);
        }

        Assert.True(brief.TryBegin(Deadline.Never, out BriefWait.Looking longest));
        Assert.Equal(20_000, longest.Limit);
    }
}
