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
}
