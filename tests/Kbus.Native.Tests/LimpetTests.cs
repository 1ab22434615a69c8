namespace Kbus.Native.Tests;

/// <summary>A Limpet in C, as a program for the original would be, and one of .NET: they give the picture of spec section 12.6, both ways.</summary>
public sealed class LimpetTests
{
    /// <summary>Which Limpet listens for the other, and on which bus the fish is that begins.</summary>
    public static TheoryData<bool, uint> Cases => new() { { true, 0 }, { true, 1 }, { false, 0 }, { false, 1 } };

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Announcements_requests_and_stateful_requests_cross(bool isServerInC, uint here)
    {
        await using LimpetPair pair = await LimpetPair.Make(isServerInC);
        uint there = 1 - here;
        Ksock listener = pair.Bound(there, "$.Gulp");
        Ksock fish = pair.Open(here);
        MessageId sent = fish.Send(new Announcement("$.Gulp", "hello"));
        Message heard = LimpetPair.Next(listener);
        Assert.Equal("hello", heard.DataAsText);
        Assert.Equal(new MessageId(here + 1, sent.SerialNumber), heard.Id);
        Assert.Equal(new OrigFrom(here + 1, fish.Id), heard.OrigFrom);

        Ksock replier = pair.Bound(there, "$.Ask", replier: true);
        pair.AwaitReplier(here, "$.Ask");
        sent = fish.Send(new Request("$.Ask", "?"));
        Message request = LimpetPair.Next(replier);
        Assert.True(request.WantsUsToReply);
        replier.Send(Message.ReplyTo(request, "!"));
        Message reply = LimpetPair.Next(fish);
        Assert.Equal("!", reply.DataAsText);
        Assert.Equal(sent, reply.InReplyTo);
        Assert.Equal(new OrigFrom(there + 1, replier.Id), reply.OrigFrom);

        fish.Send(Message.StatefulRequest(reply, "$.Ask", "again?"));
        Message again = LimpetPair.Next(replier);
        Assert.Equal("again?", again.DataAsText);
        replier.Send(Message.ReplyTo(again, "again!"));
        reply = LimpetPair.Next(fish);
        Assert.Equal("again!", reply.DataAsText);

        // Another is the replier now: a conversation goes on with the one it began with, or not at all.
        replier.Unbind("$.Ask", replier: true);
        pair.AwaitReplier(here, "$.Ask", isThere: false);
        Ksock other = pair.Bound(there, "$.Ask", replier: true);
        pair.AwaitReplier(here, "$.Ask");
        fish.Send(Message.StatefulRequest(reply, "$.Ask", "still there?"));
        Assert.Equal("$.KBUS.Replier.NotSameKsock", LimpetPair.Next(fish).Name);
        Assert.Equal(0u, other.NumMessages);
        Assert.Equal(0u, fish.NumMessages);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Listeners_beyond_overhear_requests_and_replies_as_often_as_they_are_made(bool isServerInC, uint here)
    {
        await using LimpetPair pair = await LimpetPair.Make(isServerInC);
        uint there = 1 - here;
        Ksock replier = pair.Bound(here, "$.Ask", replier: true);
        pair.AwaitReplier(there, "$.Ask");
        Ksock listener = pair.Bound(there, "$.Ask");
        Ksock fish = pair.Open(here);

        // More than the hundred that a Limpet of the original could take.
        for (int i = 0; i < 150; i++)
        {
            fish.Send(new Request("$.Ask", $"{i}?"));
            replier.Send(Message.ReplyTo(LimpetPair.Next(replier), $"{i}!"));
            Assert.Equal($"{i}!", LimpetPair.Next(fish).DataAsText);
            Message request = LimpetPair.Next(listener);
            Assert.Equal($"{i}?", request.DataAsText);
            Assert.True(request.IsRequest && !request.WantsUsToReply);
            Message reply = LimpetPair.Next(listener);
            Assert.Equal($"{i}!", reply.DataAsText);
            Assert.Equal(request.Id, reply.InReplyTo);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_request_that_cannot_be_answered_is_answered_with_the_reason(bool isServerInC, uint here)
    {
        await using LimpetPair pair = await LimpetPair.Make(isServerInC);
        uint there = 1 - here;
        Ksock replier = pair.Bound(there, "$.Ask", replier: true);
        _ = replier.SetMaxMessages(1);
        pair.AwaitReplier(here, "$.Ask");
        Ksock fish = pair.Open(here);
        MessageId first = fish.Send(new Request("$.Ask", "first"));
        MessageId second = fish.Send(new Request("$.Ask", "second"));
        Message refused = LimpetPair.Next(fish);
        Assert.Equal("$.KBUS.RemoteError.EBUSY", refused.Name);
        Assert.Equal(second, refused.InReplyTo);

        // The first is read and never replied to.
        Assert.Equal("first", LimpetPair.Next(replier).DataAsText);
        replier.Dispose();
        Message ignored = LimpetPair.Next(fish);
        Assert.Equal("$.KBUS.Replier.Ignored", ignored.Name);
        Assert.Equal(first, ignored.InReplyTo);
        pair.AwaitReplier(here, "$.Ask", isThere: false);
    }

    [Fact]
    public async Task A_limpet_in_c_that_is_killed_leaves_nobody_waiting()
    {
        await using LimpetPair pair = await LimpetPair.Make(isServerInC: true);
        Ksock replier = pair.Bound(1, "$.Ask", replier: true);
        pair.AwaitReplier(0, "$.Ask");
        Ksock fish = pair.Open(0);
        MessageId sent = fish.Send(new Request("$.Ask"));
        _ = LimpetPair.Next(replier);
        pair.KillTheOneInC();
        Message status = LimpetPair.Next(fish);
        Assert.Equal(MessageKind.Status, status.Kind);
        Assert.Equal(sent, status.InReplyTo);
    }
}
