using Kbus.Core;

namespace Kbus.Limpets.Tests;

/// <summary>A peer that stops reading: what waits for it is bounded, and nobody on the bus waits for it.</summary>
public abstract class StuckPeerTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(180);
    private readonly Bowls _bowls;

    protected StuckPeerTests(Way way) => _bowls = new Bowls(1) { Way = way };

    public void Dispose()
    {
        _bowls.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void Announcements_are_missed_and_counted_requests_refused_and_the_bus_goes_on()
    {
        (Limpet limpet, RawPeer peer) = _bowls.Attach(_bowls.Options(0, 1) with { Backlog = 100_000 }, 2);
        peer.TellBind("$.Far");
        _bowls.AwaitReplier(0, "$.Far");
        Ksock sender = _bowls.Open(0);
        Ksock listener = _bowls.Bound(0, "$.Flood");
        while (limpet.Counts.Missed == 0)
        {
            sender.Send(new Announcement("$.Flood", new byte[30_000]));
            Bowls.Next(listener);
        }

        MessageId asked = sender.Send(new Request("$.Far"));
        Message answer = Bowls.Next(sender);
        Assert.Equal(("$.KBUS.RemoteError.EBUSY", asked), (answer.Name, answer.InReplyTo));
        Assert.Equal(0, limpet.Counts.Awaited);
        _bowls.AwaitTold("The peer takes nothing");

        // Others bind, ask and are answered meanwhile.
        Ksock replier = _bowls.Bound(0, "$.Near", replier: true);
        sender.Send(new Request("$.Near"));
        replier.Send(Message.ReplyTo(Bowls.Next(replier)));
        Assert.NotNull(Bowls.Next(sender));
        replier.Unbind("$.Near", replier: true);

        // When it reads again it gets what waited, in order, and what comes then.
        uint last = 0;
        RawPeer.Frame frame;
        for (int heard = 0; (frame = peer.Next()!).Name != "$.Late"; heard++)
        {
            Assert.True(frame.Header.Id.SerialNumber > last, "out of order");
            last = frame.Header.Id.SerialNumber;
            Assert.NotEqual("$.Far", frame.Name);
            sender.Send(new Announcement("$.Late"));
        }

        Assert.NotEqual(0u, last);
        Assert.False(limpet.Ended.IsCompleted);
        _bowls.AwaitTold("The peer takes messages again");
        peer.Dispose();
        limpet.Dispose();
    }

    [Fact]
    public async Task It_is_given_up_after_a_while()
    {
        (Limpet limpet, RawPeer peer) = _bowls.Attach(_bowls.Options(0, 1) with { Backlog = 100_000, StallLimit = TimeSpan.FromSeconds(1) }, 2);
        peer.TellBind("$.Far");
        _bowls.AwaitReplier(0, "$.Far");
        Ksock sender = _bowls.Open(0);
        MessageId asked = sender.Send(new Request("$.Far"));
        while (limpet.Counts.Missed == 0 && !limpet.Ended.IsCompleted)
        {
            sender.Send(new Announcement("$.Flood", new byte[30_000]));
        }

        LimpetEnding ending = await limpet.Ended.WaitAsync(Limit, TestContext.Current.CancellationToken);
        Assert.Equal(LimpetEndingKind.PeerStalled, ending.Kind);
        Assert.Contains("took nothing for", ending.Text, StringComparison.Ordinal);
        Message status = Bowls.Next(sender);
        Assert.Equal(("$.KBUS.Replier.Ignored", asked), (status.Name, status.InReplyTo));
        _bowls.AwaitNoReplier(0, "$.Far");
        peer.Dispose();
    }

    [Fact]
    public async Task It_cannot_fill_the_memory_by_requests_whose_answers_it_does_not_read()
    {
        (Limpet limpet, RawPeer peer) = _bowls.Attach(_bowls.Options(0, 1) with { Backlog = 100_000 }, 2);
        byte[] frame = RawPeer.Bytes(
            new MessageHeader { Id = new MessageId(2, 1), From = 9, Flags = MessageFlags.WantAReply | MessageFlags.WantYouToReply }, "$.Nobody");
        byte[] many = [.. Enumerable.Repeat(frame, 1000).SelectMany(f => f)];
        Task asking = Task.Run(() =>
        {
            try
            {
                while (true)
                {
                    peer.Write(many);
                }
            }
            catch (IOException)
            {
                // The link was ended.
            }
        });
        LimpetEnding ending = await limpet.Ended.WaitAsync(Limit, TestContext.Current.CancellationToken);
        Assert.Equal(LimpetEndingKind.PeerStalled, ending.Kind);
        await asking.WaitAsync(Limit, TestContext.Current.CancellationToken);
        peer.Dispose();
    }
}

/// <summary>The same over a Unix socket.</summary>
public sealed class StuckPeerOverUnixTests() : StuckPeerTests(Way.Unix);

/// <summary>The same over TCP.</summary>
public sealed class StuckPeerOverTcpTests() : StuckPeerTests(Way.Tcp);

/// <summary>The same over TLS.</summary>
public sealed class StuckPeerOverTlsTests() : StuckPeerTests(Way.Tls);
