namespace Kbus.Limpets.Tests;

public sealed class TerminationTests
{
    private const string Enough = "$.Enough";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_termination_message_ends_the_link_after_what_was_sent_before_it_and_is_not_carried(bool isLinked)
    {
        const int Sent = 2000;
        using var bowls = new Bowls(2, isLinked: isLinked);
        (Limpet one, Limpet other) = bowls.Join(bowls.Options(0, 1) with { TerminationMessage = Enough }, bowls.Options(1, 2));
        Ksock g = bowls.Open(1);
        g.SetMaxMessages(Sent + 1);
        g.Bind("$.*");
        Ksock a = bowls.Open(0);

        // One that only begins so is as good as any.
        a.Send(new Announcement("$.Enough.Not"));
        for (int i = 1; i < Sent; i++)
        {
            a.Send(new Announcement("$.Gulp", $"{i}"));
        }

        a.Send(new Announcement(Enough));
        Assert.Equal(LimpetEndingKind.Terminated, (await End(one)).Kind);
        Assert.Equal(LimpetEndingKind.PeerGone, (await End(other)).Kind);
        Assert.False((await End(one)).IsWorthAnotherTry);
        Assert.True((await End(other)).IsWorthAnotherTry);

        Assert.Equal("$.Enough.Not", Bowls.Next(g).Name);
        for (int i = 1; i < Sent; i++)
        {
            Assert.Equal($"{i}", Bowls.Next(g).DataAsText);
        }

        Assert.Equal(0u, g.NumMessages);
    }

    private static Task<LimpetEnding> End(Limpet limpet) => limpet.Ended.WaitAsync(TimeSpan.FromSeconds(120), TestContext.Current.CancellationToken);
}
