using System.Text.Json;
using Kbus.Core;

namespace Kbus.Limpets.Tests;

/// <summary>What a server and a client say of their links.</summary>
public sealed class LimpetReportTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(180);
    private readonly Bowls _bowls = new(3);
    private readonly Keys _keys = new();
    private readonly CancellationTokenSource _stop = new();

    public void Dispose()
    {
        _bowls.Dispose();
        _keys.Dispose();
        _stop.Dispose();
    }

    [Fact]
    public async Task A_server_says_of_each_peer_whether_it_is_there_who_it_is_and_what_was_carried()
    {
        string key = LimpetSecurity.KeyOf(_keys.Certificates.Other);
        LimpetPeer[] peers = [Peer("near", 101) with { Keys = [key] }, Peer("far", 102) with { Keys = [new string('0', 64)] }];
        using LimpetServer server = await LimpetServer.ListenAsync(
            Served.AnyPort(), peers, _bowls.Options(0, 1), new LimpetSecurity { Certificate = _keys.Certificates.One });
        Task<LimpetEnding> serving = server.RunAsync(cancellationToken: _stop.Token);
        LimpetLinkReport[] before = [.. server.Report.Links];
        Assert.Equal([("near", 101u, LimpetLinkState.Down, 0L), ("far", 102u, LimpetLinkState.Down, 0L)], before.Select(l => (l.Peer, l.PeerNetworkId, l.State, l.Made)));

        var client = new LimpetClient(server.Address, _bowls.Options(1, 101), _keys.Other);
        Task<LimpetEnding> running = client.RunAsync(cancellationToken: _stop.Token);
        Ksock replier = _bowls.Bound(1, "$.There", replier: true);
        _bowls.AwaitReplier(0, "$.There");
        Ksock asker = _bowls.Open(0);
        asker.Send(new Request("$.There", new byte[10_000]));
        replier.Send(Message.ReplyTo(Bowls.Next(replier), new byte[5000]));
        Assert.Equal(5000, Bowls.Next(asker).Data.Length);

        LimpetReport report = server.Report;
        LimpetLinkReport near = report.Links[0];
        Assert.Equal((true, true, 1u, 0L), (report.IsServer, report.IsTls, report.NetworkId, report.SentAway));
        Assert.Equal((LimpetLinkState.Up, 1L, $"key {key}", ""), (near.State, near.Made, near.Identity, near.Reason));
        Assert.StartsWith("127.0.0.1:", near.Place, StringComparison.Ordinal);
        Assert.True(near.Since >= report.Started, $"{near.Since} is before {report.Started}");
        Assert.True(near.KsockId != 0 && near.RoundTrip > TimeSpan.Zero, $"{near}");
        Assert.InRange(near.Counts.BytesOut, 10_000, 1_000_000);
        Assert.InRange(near.Counts.BytesIn, 5000, 1_000_000);
        Assert.Equal(1, near.Counts.Proxies);
        Assert.Equal(LimpetLinkState.Down, report.Links[1].State);

        LimpetLinkReport own = Assert.Single(client.Report.Links);
        Assert.Equal((LimpetLinkState.Up, 1u, 1u, $"key {LimpetSecurity.KeyOf(_keys.Certificates.One)}", $"{server.Address}"), (own.State, own.Bus, own.PeerNetworkId, own.Identity, own.Place));
        Assert.Equal((near.Counts.BytesIn, near.Counts.BytesOut), (own.Counts.BytesOut, own.Counts.BytesIn));
        await _stop.CancelAsync();
        await Task.WhenAll(serving, running).WaitAsync(Limit, TestContext.Current.CancellationToken);
        Assert.Equal((LimpetLinkState.Down, "The link was ended here."), (client.Report.Links[0].State, client.Report.Links[0].Reason));
    }

    [Fact]
    public async Task Counts_go_on_over_the_links_with_a_peer_and_the_reason_of_the_last_end_stays()
    {
        await using Served served = await Served.At(Served.NewPath(), _bowls.Options(0, 1));
        Ksock listener = _bowls.Bound(0, "$.Here");
        for (uint i = 1; i <= 3; i++)
        {
            using RawPeer peer = served.Greet(2);
            peer.Send(new MessageHeader { Id = new MessageId(2, i), OrigFrom = new OrigFrom(2, 3) }, "$.Here", new byte[1000]);
            Assert.Equal(i, Bowls.Next(listener).Id.SerialNumber);
            peer.Dispose();
            Await(served, l => l.State == LimpetLinkState.Down && l.Made == i);
        }

        LimpetLinkReport link = Assert.Single(served.Report.Links);
        Assert.Equal((3L, 3L, 2u, "The Limpet at the other end of the connection has closed."), (link.Made, link.Counts.CarriedIn, link.PeerNetworkId, link.Reason));
        Assert.InRange(link.Counts.BytesIn, 3000, 5000);
        Assert.Equal((0, 0, 0L, (TimeSpan?)null), (link.Counts.Awaited, link.Counts.Proxies, link.Counts.Backlog, link.RoundTrip));
        Assert.StartsWith("user ", link.Identity, StringComparison.Ordinal);
        Assert.StartsWith("process ", link.Place, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_is_sent_away_is_counted_and_a_client_says_why_it_has_no_link()
    {
        await using Served served = await Served.At(Served.AnyPort(), _bowls.Options(0, 1));
        using RawPeer first = served.Greet(2);
        var second = new LimpetClient(served.Address, _bowls.Options(1, 3), Served.Plain);
        Task<LimpetEnding> running = second.RunAsync(cancellationToken: _stop.Token);
        Assert.True(SpinWait.SpinUntil(() => second.Report.Links[0].Reason.Length > 0, Limit), "it never says why");
        LimpetLinkReport link = Assert.Single(second.Report.Links);
        Assert.Equal((LimpetLinkState.Down, 0L), (link.State, link.Made));
        Assert.Contains("It is Limpet 3, and there is a link with Limpet 2.", link.Reason, StringComparison.Ordinal);
        Assert.InRange(served.Report.SentAway, 1, long.MaxValue);
        await _stop.CancelAsync();
        await running.WaitAsync(Limit, TestContext.Current.CancellationToken);
    }

    [Fact]
    public void The_document_has_every_figure()
    {
        var report = new LimpetReport
        {
            IsServer = true,
            Address = LimpetAddress.Parse("[::1]:4321"),
            NetworkId = 9,
            Started = new DateTimeOffset(2026, 12, 1, 9, 30, 0, TimeSpan.FromHours(2)),
            SentAway = 4,
            Links =
            [
                new LimpetLinkReport
                {
                    Peer = "near", Bus = 3, State = LimpetLinkState.Standby, PeerNetworkId = 7, Made = 2, Identity = "user 0", Place = "process 5", Reason = "\"so\"",
                    Counts = new LimpetCounts(1, 2, 3, 4, 5, 6, 7) { BytesIn = 8, BytesOut = 9, Backlog = 10 },
                    RoundTrip = TimeSpan.FromMicroseconds(11),
                },
            ],
        };
        using JsonDocument document = JsonDocument.Parse(report.ToJson());
        JsonElement root = document.RootElement;
        Assert.Equal(("server", "[::1]:4321", 9, false, "2026-12-01T07:30:00.000Z", 4), (root.GetProperty("role").GetString(), root.GetProperty("address").GetString(), root.GetProperty("network_id").GetInt32(), root.GetProperty("tls").GetBoolean(), root.GetProperty("started").GetString(), root.GetProperty("sent_away").GetInt32()));
        JsonElement link = root.GetProperty("links")[0];
        Assert.Equal(["near", "standby", "user 0", "process 5", "\"so\""], new[] { "peer", "state", "identity", "place", "reason" }.Select(f => link.GetProperty(f).GetString()));
        string[] numbers = ["bus", "network_id", "made", "messages_out", "messages_in", "refused", "missed", "awaited", "repliers", "bytes_in", "bytes_out", "backlog", "round_trip_us"];
        Assert.Equal([3, 7, 2, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11], numbers.Select(f => link.GetProperty(f).GetInt32()));
    }

    private static void Await(Served served, Func<LimpetLinkReport, bool> holds) =>
        Assert.True(SpinWait.SpinUntil(() => holds(served.Report.Links[0]), Limit), $"it has not come to that: {served.Report.Links[0]}");

    private LimpetPeer Peer(string name, uint id) => new() { Name = name, NetworkId = id, Options = _bowls.Options(0, 1) with { PeerNetworks = [] } };
}
