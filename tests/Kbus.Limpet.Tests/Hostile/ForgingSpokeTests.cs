using Kbus.Core;

namespace Kbus.Limpets.Tests;

/// <summary>A hub with two spokes, of which one uses network ids that are not its own. It ends at most its own link.</summary>
public abstract class ForgingSpokeTests : IDisposable
{
    private const uint HostileId = 5;
    private const uint HonestId = 9;
    private const uint BehindHonest = 20;
    private readonly Bowls _bowls;
    private readonly List<IDisposable> _open = [];

    protected ForgingSpokeTests(Way way) => _bowls = new Bowls(1) { Way = way };

    public void Dispose()
    {
        _open.Reverse();
        _open.ForEach(o => o.Dispose());
        _bowls.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void One_message_with_the_hub_s_own_id_ends_nothing()
    {
        (Limpet hub, RawPeer hostile) = Attach(1, HostileId, isListed: false);
        hostile.Send(Of(1, 3), "$.Spoke");
        Synchronise(hostile);
        Assert.False(hub.Ended.IsCompleted);
    }

    [Theory]
    [InlineData(3u)]
    [InlineData(1000u)]
    [InlineData(2_000_000_000u)]
    public void One_message_with_the_id_of_a_network_far_ahead_silences_nobody(uint ahead)
    {
        (_, RawPeer hostile) = Attach(1, HostileId, isListed: false);
        (_, RawPeer honest) = Attach(2, HonestId, isListed: false);
        Ksock listener = _bowls.Bound(0, "$.Spoke");
        honest.Send(Of(BehindHonest, 7), "$.Spoke");
        Assert.Equal(7u, Bowls.Next(listener).Id.SerialNumber);
        hostile.Send(Of(BehindHonest, 7 + ahead), "$.Spoke");
        Assert.Equal(7 + ahead, Bowls.Next(listener).Id.SerialNumber);
        for (uint serial = 8; serial < 7 + Math.Min(ahead, 20); serial++)
        {
            honest.Send(Of(BehindHonest, serial), "$.Spoke");
            Assert.Equal(serial, Bowls.Next(listener).Id.SerialNumber);
        }
    }

    [Fact]
    public void Messages_with_the_id_of_another_spoke_never_end_that_spoke_s_link()
    {
        (_, RawPeer hostile) = Attach(1, HostileId, isListed: false);
        (Limpet other, RawPeer honest) = Attach(2, HonestId, isListed: false);
        for (uint i = 1; !_bowls.Told.Any(t => t.Contains("The peer sends what is not its own", StringComparison.Ordinal)); i++)
        {
            Assert.True(i < 100_000, "nobody notices");
            hostile.Send(Of(HonestId, i), "$.Spoke");
            hostile.Send(Of(2, i), "$.Spoke");
            Synchronise(hostile);
        }

        _bowls.AwaitTold("or one forges ids");
        Synchronise(honest);
        Assert.False(other.Ended.IsCompleted);
        Ksock listener = _bowls.Bound(0, "$.Spoke");
        honest.Send(Of(HonestId, 1), "$.Spoke");
        Assert.Equal(new MessageId(HonestId, 1), Bowls.Next(listener).Id);
    }

    [Theory]
    [InlineData(HonestId, HonestId)]
    [InlineData(BehindHonest, BehindHonest)]
    [InlineData(HostileId, BehindHonest)]
    [InlineData(0u, HonestId)]
    [InlineData(HostileId, 1u)]
    public async Task With_a_list_of_networks_a_forged_origin_ends_that_link_alone(uint network, uint origin)
    {
        (Limpet hub, RawPeer hostile) = Attach(1, HostileId, isListed: true);
        (Limpet other, _) = Attach(2, HonestId, isListed: true);
        Ksock listener = _bowls.Bound(0, "$.Spoke");
        hostile.Send(new MessageHeader { Id = new MessageId(network, 8), OrigFrom = new OrigFrom(origin, 3) }, "$.Spoke");
        LimpetEnding ending = await hub.Ended.WaitAsync(TimeSpan.FromSeconds(120), TestContext.Current.CancellationToken);
        Assert.Equal(LimpetEndingKind.PeerForged, ending.Kind);
        Assert.Contains($"which is not its network {HostileId}", ending.Text, StringComparison.Ordinal);
        Assert.False(other.Ended.IsCompleted);
        Assert.Equal(0u, listener.NumMessages);
    }

    [Fact]
    public void With_a_list_of_networks_those_behind_the_peer_and_ids_of_programs_pass_or_are_left()
    {
        (Limpet hub, RawPeer peer) = Attach(1, HostileId, isListed: true, behind: "30-39");
        Ksock listener = _bowls.Bound(0, "$.Spoke");
        peer.Send(Of(35, 1), "$.Spoke");
        peer.Send(new MessageHeader { Id = new MessageId(77, 1), OrigFrom = new OrigFrom(35, 3) }, "$.Spoke");
        peer.Send(Of(HostileId, 2), "$.Spoke");
        Assert.Equal(new MessageId(35, 1), Bowls.Next(listener).Id);
        Assert.Equal(new MessageId(HostileId, 2), Bowls.Next(listener).Id);
        Assert.False(hub.Ended.IsCompleted);
    }

    private static MessageHeader Of(uint network, uint serial) => new() { Id = new MessageId(network, serial), From = 4, OrigFrom = new OrigFrom(network, 3) };

    private static void Synchronise(RawPeer peer)
    {
        var mark = new MessageId(HostileId, 4_000_000_000);
        peer.Ask(mark, "$.Nobody.Replies.To.This");
        while (peer.Next()!.Header.InReplyTo != mark)
        {
        }
    }

    private (Limpet Limpet, RawPeer Peer) Attach(uint ownId, uint peerId, bool isListed, string behind = "none")
    {
        LimpetOptions options = _bowls.Options(0, ownId) with { PeerNetworks = isListed ? NetworkRange.ParseList(behind) : null };
        (Limpet limpet, RawPeer peer) = _bowls.Attach(options, peerId);
        _open.AddRange([limpet, peer]);
        return (limpet, peer);
    }
}

/// <summary>The same over a Unix socket.</summary>
public sealed class ForgingSpokeOverUnixTests() : ForgingSpokeTests(Way.Unix);

/// <summary>The same over TCP.</summary>
public sealed class ForgingSpokeOverTcpTests() : ForgingSpokeTests(Way.Tcp);

/// <summary>The same over TLS.</summary>
public sealed class ForgingSpokeOverTlsTests() : ForgingSpokeTests(Way.Tls);
