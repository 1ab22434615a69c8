using Kbus.Core;

namespace Kbus.Limpets.Tests;

/// <summary>What the lists of allowed names let pass through a whole link.</summary>
public sealed class AllowListTests
{
    private static readonly string[] Open = ["$.Open.*"];

    /// <summary>On which side of the link a list stands, which says which names may pass from bus 0 to bus 1.</summary>
    public static TheoryData<bool> Sides => [true, false];

    [Theory]
    [MemberData(nameof(Sides))]
    public void An_announcement_passes_only_if_its_name_is_allowed(bool isOnTheWayOut)
    {
        using var bowls = new Bowls(2);
        Join(bowls, isOnTheWayOut);
        Ksock g = bowls.Bound(1, "$.*");
        Ksock a = bowls.Open(0);
        for (int i = 0; i < 3; i++)
        {
            a.Send(new Announcement("$.Shut", "kept"));
            a.Send(new Announcement("$.Openly", "kept"));
            a.Send(new Announcement("$.Open.Door", $"{i}"));
        }

        // The link keeps the order: what is not among these will not come.
        for (int i = 0; i < 3; i++)
        {
            Message heard = Bowls.Next(g);
            Assert.Equal("$.Open.Door", heard.Name);
            Assert.Equal($"{i}", heard.DataAsText);
        }

        Assert.Equal(0u, g.NumMessages);
    }

    [Theory]
    [MemberData(nameof(Sides))]
    public void The_other_direction_is_as_free_as_without_a_list(bool isOnTheWayOut)
    {
        using var bowls = new Bowls(2);
        Join(bowls, isOnTheWayOut);
        Ksock replier = bowls.Bound(0, "$.Shut", replier: true);
        bowls.AwaitReplier(1, "$.Shut");
        Ksock a = bowls.Open(1);
        a.Send(new Request("$.Shut", "?"));
        replier.Send(Message.ReplyTo(Bowls.Next(replier), "!"));

        // Its name may not pass as an announcement's; an answer to what may pass may.
        Message reply = Bowls.Next(a);
        Assert.Equal(MessageKind.Reply, reply.Kind);
        Assert.Equal("!", reply.DataAsText);
    }

    [Theory]
    [MemberData(nameof(Sides))]
    public void For_a_replier_beyond_whose_name_is_not_allowed_this_bus_has_none(bool isOnTheWayOut)
    {
        using var bowls = new Bowls(2);
        (Limpet one, _) = Join(bowls, isOnTheWayOut);
        bowls.Bound(1, "$.Shut", replier: true);

        // All that it stands for would have to be allowed.
        bowls.Bound(1, "$.*", replier: true);
        Ksock replier = bowls.Bound(1, "$.Open.Door", replier: true);
        bowls.AwaitReplier(0, "$.Open.Door");
        Ksock a = bowls.Open(0);
        Assert.Null(a.FindReplierFor("$.Shut"));
        KbusException refused = Assert.Throws<KbusException>(() => a.Send(new Request("$.Shut")));
        Assert.Equal(Errno.EADDRNOTAVAIL, refused.Errno);
        Assert.Equal(1, one.Counts.Proxies);
        a.Send(new Request("$.Open.Door", "?"));
        replier.Send(Message.ReplyTo(Bowls.Next(replier), "!"));
        Assert.Equal("!", Bowls.Next(a).DataAsText);
    }

    [Fact]
    public void A_request_that_comes_although_it_may_not_is_answered_with_EACCES()
    {
        using var bowls = new Bowls(1);
        (Limpet limpet, RawPeer peer) = RawPeer.Attach(bowls.Options(0, 1) with { AllowIn = Open }, 2);
        using (limpet)
        using (peer)
        {
            Ksock shut = bowls.Bound(0, "$.Shut", replier: true);
            Ksock open = bowls.Bound(0, "$.Open.Door", replier: true);
            var first = new MessageId(2, 1);
            peer.Ask(first, "$.Shut");
            peer.Ask(new MessageId(2, 2), "$.Open.Door");
            RawPeer.Frame answer = peer.Next()!;
            Assert.Equal("$.KBUS.RemoteError.EACCES", answer.Name);
            Assert.Equal(first, answer.Header.InReplyTo);
            open.Send(Message.ReplyTo(Bowls.Next(open), "!"));
            Assert.Equal(new MessageId(2, 2), peer.Next()!.Header.InReplyTo);
            Assert.Equal(0u, shut.NumMessages);
        }
    }

    [Fact]
    public void An_answer_by_a_name_that_may_not_come_in_is_heard_by_nobody_and_its_requester_gets_EACCES()
    {
        using var bowls = new Bowls(1);
        (Limpet limpet, RawPeer peer) = RawPeer.Attach(bowls.Options(0, 1) with { AllowIn = Open }, 2);
        using (limpet)
        using (peer)
        {
            peer.TellBind("$.Ask");
            bowls.AwaitReplier(0, "$.Ask");
            Ksock listener = bowls.Bound(0, "$.Shut");
            Ksock requester = bowls.Open(0);
            uint serial = 0;
            foreach ((string name, string heard) in new[]
            {
                ("$.Shut", "$.KBUS.RemoteError.EACCES"), ("$.Ask", "$.Ask"), ("$.Open.Door", "$.Open.Door"), ("$.KBUS.Replier.Ignored", "$.KBUS.Replier.Ignored"),
            })
            {
                MessageId asked = requester.Send(new Request("$.Ask"));
                RawPeer.Frame request = peer.Next()!;
                peer.Send(new MessageHeader { Id = new MessageId(2, ++serial), InReplyTo = request.Header.Id, To = request.Header.From }, name);
                Message answer = Bowls.Next(requester);
                Assert.Equal((heard, asked), (answer.Name, answer.InReplyTo));
            }

            Assert.Equal(0u, listener.NumMessages);
            Assert.Equal(0, limpet.Counts.Awaited);
        }
    }

    private static (Limpet One, Limpet Other) Join(Bowls bowls, bool isOnTheWayOut)
    {
        LimpetOptions one = bowls.Options(0, 1);
        LimpetOptions other = bowls.Options(1, 2);
        return isOnTheWayOut ? bowls.Join(one with { AllowOut = Open }, other) : bowls.Join(one, other with { AllowIn = Open });
    }
}
