namespace Kbus.Limpets.Tests;

public sealed class ReplyWaysTests
{
    private const uint Way = 7;
    private const uint OtherLimpet = 8;
    private const uint Program = 9;
    private readonly HashSet<uint> _limpets = [Way, OtherLimpet];
    private readonly ReplyWays _ways;

    public ReplyWaysTests() => _ways = new ReplyWays(_limpets.Contains);

    [Fact]
    public void What_is_not_known_is_not_judged() => Assert.True(_ways.MayBe(4, Program));

    [Fact]
    public void While_the_Limpet_is_there_by_which_answers_came_nobody_else_is_meant()
    {
        _ways.Note(4, Way);
        Assert.True(_ways.MayBe(4, Way));
        Assert.False(_ways.MayBe(4, OtherLimpet));
        Assert.False(_ways.MayBe(4, Program));
        Assert.True(_ways.MayBe(5, Program));
    }

    [Fact]
    public void When_it_has_gone_another_Limpet_may_be_meant_and_no_program()
    {
        _ways.Note(4, Way);
        _limpets.Remove(Way);
        Assert.True(_ways.MayBe(4, OtherLimpet));
        Assert.False(_ways.MayBe(4, Program));
    }

    /// <summary>An original Limpet is to its bus a program.</summary>
    [Fact]
    public void Of_an_original_Limpet_only_that_same_Ksock_is_meant()
    {
        _ways.Note(4, Program);
        Assert.True(_ways.MayBe(4, Program));
        Assert.False(_ways.MayBe(4, Way));
        _ways.Note(4, Way);
        Assert.True(_ways.MayBe(4, Way));
    }

    /// <summary>The first 4096 networks were kept for ever, and no way after them was known.</summary>
    [Fact]
    public void A_branch_with_ever_new_networks_displaces_its_own_ways_and_no_others()
    {
        const int Most = 64;
        var ways = new ReplyWays(_limpets.Contains, Most);
        for (uint network = 1; network <= 8; network++)
        {
            ways.Note(network, Way);
        }

        for (uint network = 1000; network < 21_000; network++)
        {
            ways.Note(network, OtherLimpet);
            ways.Note(1000, OtherLimpet);
            Assert.InRange(ways.Count, 1, Most);
        }

        for (uint network = 1; network <= 8; network++)
        {
            Assert.False(ways.MayBe(network, Program));
        }

        // The one that is used, and the newest, are known; one of long ago is not.
        Assert.False(ways.MayBe(1000, Program));
        Assert.False(ways.MayBe(20_999, Program));
        Assert.True(ways.MayBe(2000, Program));
    }

    [Fact]
    public void A_network_whose_way_has_changed_counts_for_the_Ksock_that_brings_its_answers_now()
    {
        var ways = new ReplyWays(_limpets.Contains, 2);
        ways.Note(4, Way);
        ways.Note(5, Way);
        ways.Note(4, OtherLimpet);
        ways.Note(5, OtherLimpet);
        ways.Note(6, Way);
        Assert.Equal(2, ways.Count);
        Assert.True(ways.MayBe(4, Program));
        Assert.False(ways.MayBe(5, Way));
        Assert.False(ways.MayBe(6, OtherLimpet));
    }
}
