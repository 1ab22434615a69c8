using Kbus.Core;

namespace Kbus.Limpets.Tests;

/// <summary>Programs that speak as if they were the bus; and a peer that carries what such a program says.</summary>
public abstract class LyingProgramTests : IDisposable
{
    private const string EventsLost = "$.KBUS.UnbindEventsLost";
    private readonly Bowls _bowls;

    protected LyingProgramTests(Way way) => _bowls = new Bowls(3) { Way = way };

    public void Dispose()
    {
        _bowls.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void A_program_that_says_that_events_were_lost_ends_no_link_and_is_heard_beyond()
    {
        (Limpet one, Limpet other) = _bowls.Join(0, 1, 1, 2);
        Ksock listener = _bowls.Bound(1, EventsLost);
        Ksock liar = _bowls.Open(0);
        liar.Send(new Announcement(EventsLost, "a lie"));
        Assert.Equal("a lie", Bowls.Next(listener).DataAsText);
        AssertCarries(liar, 1);
        Assert.False(one.Ended.IsCompleted || other.Ended.IsCompleted);
    }

    [Fact]
    public void A_peer_that_carries_the_news_that_events_were_lost_ends_no_link_of_its_own_or_of_others()
    {
        (Limpet one, Limpet other) = _bowls.Join(0, 1, 1, 2);
        (Limpet limpet, RawPeer peer) = _bowls.Attach(_bowls.Options(0, 7), 9);
        Ksock listener = _bowls.Bound(1, EventsLost);
        peer.Send(new MessageHeader { Id = new MessageId(9, 1), OrigFrom = new OrigFrom(9, 0), Flags = MessageFlags.Synthetic }, EventsLost);
        Assert.Equal(new MessageId(9, 1), Bowls.Next(listener).Id);
        AssertCarries(_bowls.Open(0), 1);
        Assert.False(one.Ended.IsCompleted || other.Ended.IsCompleted || limpet.Ended.IsCompleted);
        peer.Dispose();
        limpet.Dispose();
    }

    [Fact]
    public void A_bind_event_that_a_program_has_made_up_binds_and_unbinds_nothing_beyond()
    {
        _bowls.Join(0, 1, 1, 2);
        _bowls.Join(1, 3, 2, 4);
        Ksock replier = _bowls.Bound(0, "$.True", replier: true);
        _bowls.AwaitReplier(2, "$.True");
        Ksock liar = _bowls.Open(0);
        liar.Send(new Announcement(ReplierBindEvent.MessageName, RawPeer.BindEvent("$.Forged", isBind: true)));
        liar.Send(new Announcement(ReplierBindEvent.MessageName, RawPeer.BindEvent("$.True", isBind: false, replier.Id)));
        AssertCarries(liar, 2);
        Assert.Null(_bowls.Open(1).FindReplier("$.Forged"));
        Assert.Null(_bowls.Open(2).FindReplier("$.Forged"));
        Ksock requester = _bowls.Open(2);
        requester.Send(new Request("$.True"));
        replier.Send(Message.ReplyTo(Bowls.Next(replier), "still here"));
        Assert.Equal("still here", Bowls.Next(requester).DataAsText);
    }

    [Fact]
    public void A_bind_event_that_a_program_of_the_peer_s_bus_has_made_up_binds_nothing_and_one_of_that_bus_does()
    {
        (Limpet limpet, RawPeer peer) = _bowls.Attach(_bowls.Options(0, 1), 2);
        peer.Send(
            new MessageHeader { Id = new MessageId(2, 1), From = 5, OrigFrom = new OrigFrom(2, 5) },
            ReplierBindEvent.MessageName,
            RawPeer.BindEvent("$.Forged", isBind: true));
        peer.Send(
            new MessageHeader { Id = new MessageId(2, 2), OrigFrom = new OrigFrom(2, 0), Flags = MessageFlags.Synthetic | MessageFlags.AllOrFail },
            ReplierBindEvent.MessageName,
            RawPeer.BindEvent("$.True", isBind: true));
        _bowls.AwaitReplier(0, "$.True");
        Assert.Null(_bowls.Open(0).FindReplier("$.Forged"));
        peer.Dispose();
        limpet.Dispose();
    }

    [Fact]
    public void A_request_named_as_a_bind_event_is_answered_where_somebody_beyond_replies_to_everything()
    {
        _bowls.Join(0, 1, 1, 2);
        _ = _bowls.Bound(1, "$.*", replier: true);
        _bowls.AwaitReplier(0, "$.Anything");
        Ksock requester = _bowls.Open(0);
        MessageId asked = requester.Send(new Request(ReplierBindEvent.MessageName));
        Message answer = Bowls.Next(requester);
        Assert.Equal(("$.KBUS.RemoteError.EBADMSG", asked), (answer.Name, answer.InReplyTo));
    }

    /// <summary>What was said before has been carried when this has: the links keep the order.</summary>
    private void AssertCarries(Ksock from, uint to)
    {
        Ksock listener = _bowls.Bound(to, "$.Afterwards");
        from.Send(new Announcement("$.Afterwards"));
        Assert.Equal("$.Afterwards", Bowls.Next(listener).Name);
    }
}

/// <summary>The same over a Unix socket.</summary>
public sealed class LyingProgramOverUnixTests() : LyingProgramTests(Way.Unix);

/// <summary>The same over TCP.</summary>
public sealed class LyingProgramOverTcpTests() : LyingProgramTests(Way.Tcp);

/// <summary>The same over TLS.</summary>
public sealed class LyingProgramOverTlsTests() : LyingProgramTests(Way.Tls);
