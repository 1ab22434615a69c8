using Kbus.Core;
using Kbus.Tests;

namespace Kbus.Limpets.Tests;

/// <summary>A chain whose last Limpet is as the original's: it sends back whatever has an id of neither end of its link (spec section 12.7).</summary>
public sealed class EchoingPeerTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(180);
    private readonly HandClock _clock = new();
    private readonly Bowls _bowls = new(2);
    private readonly Limpet[] _limpets;
    private readonly RawPeer _peer;

    public EchoingPeerTests()
    {
        (Limpet one, Limpet two) = _bowls.Join(Timed(0, 1), Timed(1, 2));
        (Limpet three, _peer) = RawPeer.Attach(Timed(1, 3) with { MaxMessages = 40_000 }, 4);
        _limpets = [one, two, three];
    }

    public void Dispose()
    {
        _peer.Dispose();
        _bowls.Dispose();
        Array.ForEach(_limpets, l => l.Dispose());
        _clock.Dispose();
    }

    [Fact]
    public void What_it_sends_back_is_heard_once_and_closes_no_link_however_long_it_goes_on()
    {
        Ksock listener = _bowls.Bound(1, "$.Say");
        Ksock speaker = _bowls.Open(0);
        for (int second = 0; second < 30; second++)
        {
            speaker.Send(new Announcement("$.Say", $"{second}"));
            Echo("$.Say", count: 1);
            Assert.Equal($"{second}", Bowls.Next(listener).DataAsText);
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        AssertQuiet(listener);
    }

    [Fact]
    public void As_many_as_may_be_under_way_are_heard_once()
    {
        const int many = 20_000;
        Ksock listener = _bowls.Open(1);
        listener.SetMaxMessages(2 * many);
        listener.Bind("$.Say");
        Ksock speaker = _bowls.Open(0);
        for (int i = 0; i < many; i++)
        {
            speaker.Send(new Announcement("$.Say"));
            if (i % 1000 == 999)
            {
                // No queue on the way may be full.
                Assert.True(SpinWait.SpinUntil(() => listener.NumMessages == i + 1, Limit));
            }
        }

        Echo("$.Say", many);
        for (int i = 0; i < many; i++)
        {
            _ = Bowls.Next(listener);
        }

        AssertQuiet(listener);
    }

    /// <summary>A program's own choice of ids says nothing of where its network lies.</summary>
    [Fact]
    public void An_id_of_a_program_s_own_choosing_is_heard_once_each_time_it_is_sent()
    {
        Ksock listener = _bowls.Bound(1, "$.Say");
        foreach (uint bus in new uint[] { 0, 1 })
        {
            Ksock speaker = _bowls.Open(bus);
            for (int i = 0; i < 5; i++)
            {
                speaker.Send(new Announcement("$.Say", $"{i}").WithId(new MessageId(77, 5 + bus)));
                Echo("$.Say", count: 1);
                Assert.Equal($"{i}", Bowls.Next(listener).DataAsText);
            }
        }

        AssertQuiet(listener);
    }

    [Fact]
    public void A_request_to_a_replier_beyond_is_asked_once_and_its_answer_heard_once()
    {
        _peer.TellBind("$.Ask");
        _bowls.AwaitReplier(0, "$.Ask");
        Ksock listener = _bowls.Bound(1, "$.Ask");
        Ksock requester = _bowls.Open(0);
        for (uint i = 1; i <= 3; i++)
        {
            MessageId asked = requester.Send(new Request("$.Ask"));
            RawPeer.Frame request = Echo("$.Ask", count: 1);
            _peer.Send(new MessageHeader { Id = new MessageId(4, i), InReplyTo = request.Header.Id, To = request.Header.From, OrigFrom = new OrigFrom(4, 2) }, "$.Ask", "yes"u8);
            Assert.Equal(asked, Bowls.Next(requester).InReplyTo);
            Assert.True(Bowls.Next(listener).IsRequest);
            Assert.Equal("yes", Bowls.Next(listener).DataAsText);
        }

        AssertQuiet(listener);
    }

    [Fact]
    public void An_answer_that_was_given_here_is_not_heard_here_again()
    {
        Ksock replier = _bowls.Bound(1, "$.Ask", replier: true);
        Ksock listener = _bowls.Bound(1, "$.Ask");
        _peer.Ask(new MessageId(4, 8), "$.Ask");
        replier.Send(Message.ReplyTo(Bowls.Next(replier), "yes"));
        RawPeer.Frame answer = _peer.Next()!;
        Assert.Equal(new MessageId(4, 8), answer.Header.InReplyTo);

        // As the peer's bus has sent it to the requester, and the peer has overheard it.
        _peer.Send(new MessageHeader { Id = new MessageId(4, 9), InReplyTo = new MessageId(0, 8), To = 9, From = 6, OrigFrom = answer.Header.OrigFrom }, "$.Ask", answer.Data);
        Assert.True(Bowls.Next(listener).IsRequest);
        Assert.Equal("yes", Bowls.Next(listener).DataAsText);
        AssertQuiet(listener);
    }

    [Fact]
    public async Task A_network_that_has_moved_to_its_side_is_heard_from_there()
    {
        Ksock listener = _bowls.Bound(1, "$.Say");
        MessageId last = _bowls.Open(0).Send(new Announcement("$.Say"));
        _ = Echo("$.Say", count: 1);
        _ = Bowls.Next(listener);
        _limpets[0].Dispose();
        await _limpets[1].Ended.WaitAsync(Limit, TestContext.Current.CancellationToken);
        var next = new MessageId(1, last.SerialNumber + 1);
        _peer.Send(new MessageHeader { Id = next, OrigFrom = new OrigFrom(1, 2) }, "$.Say");
        Assert.Equal(next, Bowls.Next(listener).Id);
    }

    private LimpetOptions Timed(uint bus, uint networkId) => _bowls.Options(bus, networkId) with { Time = _clock };

    /// <summary>Sends back messages as they come, in their order.</summary>
    /// <returns>The last of them.</returns>
    private RawPeer.Frame Echo(string name, int count)
    {
        RawPeer.Frame frame = _peer.Next()!;
        while (true)
        {
            if (frame.Name == name)
            {
                MessageHeader header = frame.Header;
                header.Flags &= ~MessageFlags.WantYouToReply;
                header.From = 6;
                _peer.Send(header, name, frame.Data);
                count--;
            }

            if (count == 0)
            {
                return frame;
            }

            frame = _peer.Next()!;
        }
    }

    /// <summary>Nothing more is to be heard than what the peer says last, and all links are there.</summary>
    private void AssertQuiet(Ksock listener)
    {
        listener.Bind("$.Last");
        Ksock far = _bowls.Bound(0, "$.Last.Of.All");
        _peer.Send(new MessageHeader { Id = new MessageId(4, 4_000_000), OrigFrom = new OrigFrom(4, 2) }, "$.Last");
        Assert.Equal("$.Last", Bowls.Next(listener).Name);
        _peer.Send(new MessageHeader { Id = new MessageId(4, 4_000_001), OrigFrom = new OrigFrom(4, 2) }, "$.Last.Of.All");
        Assert.Equal("$.Last.Of.All", Bowls.Next(far).Name);
        Assert.Equal(0u, listener.NumMessages);
        Assert.All(_limpets, l => Assert.False(l.Ended.IsCompleted));
    }
}
