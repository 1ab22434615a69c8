using System.Text;
using Kbus.Core;

namespace Kbus.Limpets.Tests;

/// <summary>A peer whose messages are messages, but not true or not allowed.</summary>
public abstract class LyingPeerTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);
    private readonly Bowls _bowls;
    private Limpet? _limpet;
    private RawPeer? _peer;

    protected LyingPeerTests(Way way) => _bowls = new Bowls(1) { Way = way };

    public void Dispose()
    {
        _peer?.Dispose();
        _limpet?.Dispose();
        _bowls.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void A_request_with_a_name_that_is_none_is_answered_and_an_announcement_refused()
    {
        (Limpet limpet, RawPeer peer) = Attach();
        foreach (string name in new[] { "Fred", "$.*", "$.A.%", "$..A", "$.A.", "$.Ünder", "$" })
        {
            peer.Send(new MessageHeader { Id = new MessageId(2, 1) }, name);
            peer.Ask(new MessageId(2, 2), name);
            RawPeer.Frame answer = peer.Next()!;
            Assert.Equal("$.KBUS.RemoteError.EBADMSG", answer.Name);
            Assert.Equal(new MessageId(2, 2), answer.Header.InReplyTo);
            Assert.Equal(9u, answer.Header.To);
        }

        Assert.Equal(14, limpet.Counts.Refused);
    }

    [Fact]
    public void A_request_that_nobody_replies_to_is_answered_at_once()
    {
        (_, RawPeer peer) = Attach();
        peer.Ask(new MessageId(2, 1), "$.Nobody");
        RawPeer.Frame answer = peer.Next()!;
        Assert.Equal("$.KBUS.RemoteError.EADDRNOTAVAIL", answer.Name);
        Assert.Equal((default, new MessageId(2, 1)), (answer.Header.Id, answer.Header.InReplyTo));
    }

    [Fact]
    public void A_reply_to_a_request_that_never_was_hurts_nobody()
    {
        (Limpet limpet, RawPeer peer) = Attach();
        Ksock requester = _bowls.Open(0);
        Ksock local = _bowls.Bound(0, "$.Local", replier: true);
        MessageId asked = requester.Send(new Request("$.Local"));
        foreach (uint network in new uint[] { 0, 1, 2, 3 })
        {
            peer.Send(new MessageHeader { Id = new MessageId(2, 1 + network), InReplyTo = new MessageId(network, asked.SerialNumber), To = requester.Id }, "$.Local");
        }

        Synchronise(peer);
        Assert.Equal(0u, requester.NumMessages);
        local.Send(Message.ReplyTo(Bowls.Next(local), "true"));
        Assert.Equal("true", Bowls.Next(requester).DataAsText);
        Assert.Equal(0u, requester.NumMessages);
        Assert.Equal(0, limpet.Counts.Awaited);
    }

    [Fact]
    public void A_second_reply_reaches_neither_the_requester_nor_listeners()
    {
        (Limpet limpet, RawPeer peer) = Attach();
        peer.TellBind("$.Far");
        _bowls.AwaitReplier(0, "$.Far");
        Ksock requester = _bowls.Open(0);
        Ksock listener = _bowls.Bound(0, "$.Far");
        MessageId asked = requester.Send(new Request("$.Far"));
        RawPeer.Frame request = peer.Next()!;
        Assert.Equal(new MessageId(1, asked.SerialNumber), request.Header.Id);
        for (uint i = 1; i <= 3; i++)
        {
            peer.Send(new MessageHeader { Id = new MessageId(2, i), InReplyTo = request.Header.Id, To = request.Header.From }, "$.Far", [(byte)i]);
        }

        Synchronise(peer);
        Assert.Equal([1], Bowls.Next(requester).Data.ToArray());
        Assert.Equal(0u, requester.NumMessages);
        Assert.True(Bowls.Next(listener).IsRequest);
        Assert.Equal([1], Bowls.Next(listener).Data.ToArray());
        Assert.Equal(0u, listener.NumMessages);
        Assert.Equal(0, limpet.Counts.Awaited);
    }

    [Fact]
    public void What_is_request_and_reply_at_once_answers_nobody_in_another_s_place()
    {
        (_, RawPeer peer) = Attach();
        Ksock requester = _bowls.Open(0);
        Ksock local = _bowls.Bound(0, "$.Local", replier: true);
        MessageId asked = requester.Send(new Request("$.Local"));
        peer.Send(
            new MessageHeader
            {
                Id = new MessageId(2, 1),
                InReplyTo = asked,
                To = requester.Id,
                From = 9,
                Flags = MessageFlags.WantAReply | MessageFlags.WantYouToReply,
            },
            "$.Local");
        while (peer.Next()!.Header.InReplyTo != new MessageId(2, 1))
        {
        }

        Assert.Equal(0u, requester.NumMessages);
        local.Send(Message.ReplyTo(Bowls.Next(local), "true"));
        Assert.Equal("true", Bowls.Next(requester).DataAsText);
    }

    [Theory]
    [InlineData(MessageFlags.AllOrWait | MessageFlags.AllOrFail, "EINVAL")]
    [InlineData(MessageFlags.AllOrWait, "EAGAIN")]
    [InlineData(MessageFlags.AllOrFail, "EBUSY")]
    [InlineData(MessageFlags.None, "EBUSY")]
    public void A_request_that_a_full_replier_cannot_take_is_answered_and_holds_nothing_up(MessageFlags flags, string error)
    {
        (_, RawPeer peer) = Attach();
        Ksock full = _bowls.Open(0);
        full.SetMaxMessages(1);
        full.Bind("$.Full", replier: true);
        peer.Ask(new MessageId(2, 1), "$.Full");
        peer.Ask(new MessageId(2, 2), "$.Full", flags);
        RawPeer.Frame answer = peer.Next()!;
        Assert.Equal(new MessageId(2, 2), answer.Header.InReplyTo);
        Assert.Equal($"$.KBUS.RemoteError.{error}", answer.Name);
        Ksock listener = _bowls.Bound(0, "$.News");
        peer.Send(new MessageHeader { Id = new MessageId(2, 3) }, "$.News");
        Assert.Equal(new MessageId(2, 3), Bowls.Next(listener).Id);
    }

    [Fact]
    public void A_reply_that_is_too_big_for_the_bus_is_answered_in_its_place()
    {
        (_, RawPeer peer) = Attach();
        peer.TellBind("$.Far");
        _bowls.AwaitReplier(0, "$.Far");
        Ksock requester = _bowls.Open(0);
        requester.SetMaxMessageSize(2000);
        MessageId asked = requester.Send(new Request("$.Far"));
        RawPeer.Frame request = peer.Next()!;
        peer.Send(new MessageHeader { Id = new MessageId(2, 1), InReplyTo = request.Header.Id, To = request.Header.From }, "$.Far", new byte[3000]);
        Message answer = Bowls.Next(requester);
        Assert.Equal(("$.KBUS.RemoteError.EMSGSIZE", asked), (answer.Name, answer.InReplyTo));
        Assert.Equal(0u, requester.NumMessages);
    }

    [Fact]
    public void Requests_that_it_never_answers_take_no_memory_without_end_and_are_answered_in_its_place()
    {
        (Limpet limpet, RawPeer peer) = Attach();
        peer.TellBind("$.Far");
        _bowls.AwaitReplier(0, "$.Far");
        Ksock patient = _bowls.Open(0);
        MessageId first = patient.Send(new Request("$.Far"));
        _ = peer.Next();
        for (int i = 0; i < 700; i++)
        {
            using Ksock requester = _bowls.Open(0);
            for (int j = 0; j < 100; j++)
            {
                requester.Send(new Request("$.Far"));
            }

            for (int j = 0; j < 100; j++)
            {
                _ = peer.Next();
            }
        }

        Assert.InRange(limpet.Counts.Awaited, 1, 65536);
        Message answer = Bowls.Next(patient);
        Assert.Equal(("$.KBUS.RemoteError.EBUSY", first), (answer.Name, answer.InReplyTo));
    }

    [Fact]
    public void A_hundred_thousand_binds_are_bounded_and_the_bus_goes_on()
    {
        (Limpet limpet, RawPeer peer) = Attach();
        Ksock one = _bowls.Open(0);
        Ksock other = _bowls.Bound(0, "$.Beside", replier: true);
        var all = new MemoryStream();
        for (int i = 0; i < 100_000; i++)
        {
            all.Write(RawPeer.Bytes(default, ReplierBindEvent.MessageName, RawPeer.BindEvent($"$.Name{i}", isBind: true)));
        }

        peer.Write(all.ToArray());
        one.Send(new Request("$.Beside"));
        other.Send(Message.ReplyTo(Bowls.Next(other)));
        Assert.NotNull(Bowls.Next(one));
        Synchronise(peer);
        Assert.Equal((10_000, 0), (limpet.Counts.Proxies, limpet.Counts.ProxiesWaiting));
        Assert.Contains("the most for one link", Assert.Single(_bowls.Told), StringComparison.Ordinal);
        Assert.NotNull(one.FindReplierFor("$.Name9999"));
        Assert.Null(one.FindReplierFor("$.Name10000"));
    }

    [Fact]
    public void Names_that_can_never_be_bound_take_no_memory()
    {
        (Limpet limpet, RawPeer peer) = Attach();
        for (int i = 0; i < 1000; i++)
        {
            peer.TellBind($"$.Bad name {i}");
            peer.TellBind($"$.Never{i}", isBind: false);
        }

        Synchronise(peer);
        Assert.Equal((0, 0), (limpet.Counts.Proxies, limpet.Counts.ProxiesWaiting));
    }

    [Fact]
    public void An_endless_stream_of_announcements_is_missed_by_who_is_full_and_by_nobody_else()
    {
        (Limpet limpet, RawPeer peer) = Attach();
        Ksock full = _bowls.Bound(0, "$.Flood");
        Ksock reader = _bowls.Bound(0, "$.Flood");
        reader.SetMaxMessages(20_000);
        byte[][] frames = [.. Enumerable.Range(1, 10_000).Select(i => RawPeer.Bytes(new MessageHeader { Id = new MessageId(2, (uint)i) }, "$.Flood", new byte[100]))];
        peer.Write([.. frames.SelectMany(f => f)]);
        for (uint i = 1; i <= 10_000; i++)
        {
            Assert.Equal(i, Bowls.Next(reader).Id.SerialNumber);
        }

        Synchronise(peer);
        Assert.Equal(100u, full.NumMessages);
        Assert.Equal(10_000, limpet.Counts.CarriedIn);
        Assert.Equal(Encoding.ASCII.GetBytes("$.Flood"), full.ReadNextMessage()!.NameBytes.ToArray());
    }

    private (Limpet Limpet, RawPeer Peer) Attach() => (_limpet, _peer) = _bowls.Attach(_bowls.Options(0, 1), 2);

    /// <summary>Waits until all that was sent has been looked at: a Request that nobody replies to is answered after it.</summary>
    private static void Synchronise(RawPeer peer)
    {
        var mark = new MessageId(2, 4_000_000_000);
        peer.Ask(mark, "$.Nobody.Replies.To.This");
        while (peer.Next()!.Header.InReplyTo != mark)
        {
        }
    }
}

/// <summary>The same over a Unix socket.</summary>
public sealed class LyingPeerOverUnixTests() : LyingPeerTests(Way.Unix);

/// <summary>The same over TCP.</summary>
public sealed class LyingPeerOverTcpTests() : LyingPeerTests(Way.Tcp);

/// <summary>The same over TLS.</summary>
public sealed class LyingPeerOverTlsTests() : LyingPeerTests(Way.Tls);
