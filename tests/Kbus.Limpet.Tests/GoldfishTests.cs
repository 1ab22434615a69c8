namespace Kbus.Limpets.Tests;

/// <summary>The paper's goldfish: A and G in different bowls talk as if they were in one.</summary>
public sealed class GoldfishTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    [Fact]
    public void An_announcement_is_heard_in_the_other_bowl()
    {
        using var bowls = new Bowls(2);
        (Limpet one, Limpet other) = bowls.Join(0, 1, 1, 2);
        Ksock g = bowls.Bound(1, "$.Gulp");
        Ksock a = bowls.Open(0);
        MessageId sent = a.Send(new Announcement("$.Gulp", "hello"));
        Message heard = Bowls.Next(g);
        Assert.Equal(MessageKind.Announcement, heard.Kind);
        Assert.Equal("hello", heard.DataAsText);
        Assert.Equal(new MessageId(1, sent.SerialNumber), heard.Id);
        Assert.Equal(new OrigFrom(1, a.Id), heard.OrigFrom);
        Assert.Equal(other.KsockId, heard.From);
        Assert.Equal(1u, one.NetworkId);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    public void A_request_is_answered_across_a_chain_of_bowls(uint count)
    {
        using var bowls = new Bowls((int)count);
        Chain(bowls, count);
        Ksock g = bowls.Bound(count - 1, "$.Gulp", replier: true);
        bowls.AwaitReplier(0, "$.Gulp");
        Ksock a = bowls.Open(0);
        MessageId sent = a.Send(new Request("$.Gulp", "?"));
        Message request = Bowls.Next(g);
        Assert.True(request.WantsUsToReply);
        Assert.Equal(new MessageId(1, sent.SerialNumber), request.Id);
        g.Send(Message.ReplyTo(request, "!"));
        Message reply = Bowls.Next(a);
        Assert.Equal(MessageKind.Reply, reply.Kind);
        Assert.Equal("!", reply.DataAsText);
        Assert.Equal(sent, reply.InReplyTo);
        Assert.Equal(new OrigFrom((2 * count) - 2, g.Id), reply.OrigFrom);

        a.Send(Message.StatefulRequest(reply, "$.Gulp", "again?"));
        Message again = Bowls.Next(g);
        Assert.Equal("again?", again.DataAsText);
        g.Send(Message.ReplyTo(again, "again!"));
        Assert.Equal("again!", Bowls.Next(a).DataAsText);
        Assert.Equal(0u, a.NumMessages);
        Assert.Equal(0u, g.NumUnrepliedTo);
    }

    [Fact]
    public void A_stateful_request_reaches_a_replier_bound_by_a_wildcard_and_fails_when_another_has_taken_its_place()
    {
        using var bowls = new Bowls(3);
        Chain(bowls, 3);
        Ksock g = bowls.Bound(2, "$.Gulp.*", replier: true);
        bowls.AwaitReplier(0, "$.Gulp.Water");
        Ksock a = bowls.Open(0);
        a.Send(new Request("$.Gulp.Water"));
        g.Send(Message.ReplyTo(Bowls.Next(g)));
        Message reply = Bowls.Next(a);
        a.Send(Message.StatefulRequest(reply, "$.Gulp.Air"));
        Message request = Bowls.Next(g);
        Assert.Equal("$.Gulp.Air", request.Name);
        g.Send(Message.ReplyTo(request));
        reply = Bowls.Next(a);

        Ksock other = bowls.Bound(2, "$.Gulp.Air", replier: true);
        a.Send(Message.StatefulRequest(reply, "$.Gulp.Air"));
        Assert.Equal("$.KBUS.Replier.NotSameKsock", Bowls.Next(a).Name);
        Assert.Equal(0u, other.NumMessages);
    }

    [Fact]
    public void Listeners_beyond_overhear_requests_and_replies_and_nobody_owes_an_answer_for_it()
    {
        using var bowls = new Bowls(2);
        bowls.Join(0, 1, 1, 2);
        Ksock replier = bowls.Bound(0, "$.Gulp", replier: true);
        bowls.AwaitReplier(1, "$.Gulp");
        Ksock watcher = bowls.Bound(1, "$.Gulp");
        Ksock a = bowls.Open(0);
        MessageId sent = a.Send(new Request("$.Gulp", "?"));
        replier.Send(Message.ReplyTo(Bowls.Next(replier), "!"));
        Assert.Equal("!", Bowls.Next(a).DataAsText);
        Message request = Bowls.Next(watcher);
        Assert.True(request.IsRequest);
        Assert.False(request.WantsUsToReply);
        Assert.Equal(new MessageId(1, sent.SerialNumber), request.Id);
        Message reply = Bowls.Next(watcher);
        Assert.Equal(MessageKind.Reply, reply.Kind);
        Assert.Equal(request.Id, reply.InReplyTo);
        Assert.Equal(0u, a.NumMessages);
    }

    [Fact]
    public async Task When_the_link_ends_requests_on_their_way_are_answered_by_the_bus()
    {
        using var bowls = new Bowls(2);
        (Limpet one, Limpet other) = bowls.Join(0, 1, 1, 2);
        Ksock g = bowls.Bound(1, "$.Gulp", replier: true);
        bowls.AwaitReplier(0, "$.Gulp");
        Ksock a = bowls.Open(0);
        MessageId sent = a.Send(new Request("$.Gulp"));
        Bowls.Next(g);
        other.Dispose();
        Message status = Bowls.Next(a);
        Assert.Equal("$.KBUS.Replier.Ignored", status.Name);
        Assert.Equal(sent, status.InReplyTo);
        bowls.AwaitNoReplier(0, "$.Gulp");
        Assert.Equal(LimpetEndingKind.PeerGone, (await one.Ended.WaitAsync(Limit, TestContext.Current.CancellationToken)).Kind);
        Assert.Equal(LimpetEndingKind.Stopped, (await other.Ended.WaitAsync(Limit, TestContext.Current.CancellationToken)).Kind);
    }

    private static void Chain(Bowls bowls, uint count)
    {
        for (uint bus = 0; bus + 1 < count; bus++)
        {
            bowls.Join(bus, (2 * bus) + 1, bus + 1, (2 * bus) + 2);
        }
    }
}
