using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Kbus.Core;

namespace Kbus.Limpets.Tests;

/// <summary>One server with many peers, each known by its identity and held to its own network ids.</summary>
public sealed class ManyPeersTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(180);
    private readonly Bowls _bowls = new(101);
    private readonly Keys _keys = new();
    private readonly CancellationTokenSource _stop = new();

    public void Dispose()
    {
        _bowls.Dispose();
        _keys.Dispose();
        _stop.Dispose();
    }

    [Theory]
    [InlineData(20)]
    [InlineData(100)]
    public async Task Peers_are_linked_by_one_server_and_everybody_hears_everybody_once(int count)
    {
        X509Certificate2[] certificates = [.. Enumerable.Range(1, count).Select(i => _keys.Signed($"CN=spoke-{i}", null))];
        LimpetPeer[] peers = [.. certificates.Select((c, i) => Peer($"spoke-{i + 1}", (uint)i + 101) with { Keys = [LimpetSecurity.KeyOf(c)] })];
        using LimpetServer server = await LimpetServer.ListenAsync(Served.AnyPort(), peers, _bowls.Options(0, 1), new LimpetSecurity { Certificate = _keys.Certificates.One });
        Task<LimpetEnding> serving = server.RunAsync(cancellationToken: _stop.Token);
        Task<LimpetEnding>[] clients = [.. certificates.Select((c, i) => Run(server, (uint)i + 1, (uint)i + 101, Pinning(c)))];
        Ksock[] fish = [.. Enumerable.Range(0, count + 1).Select(b => _bowls.Bound((uint)b, "$.All"))];
        Array.ForEach(fish, f => f.SetMaxMessages((uint)count + 1));
        for (uint bus = 1; bus <= count; bus++)
        {
            _bowls.Bound(bus, $"$.Here{bus}", replier: true);
            _bowls.AwaitReplier(0, $"$.Here{bus}");
        }

        for (int sender = 0; sender < fish.Length; sender++)
        {
            fish[sender].Send(new Announcement("$.All", $"{sender}"));
        }

        foreach (Ksock one in fish)
        {
            Assert.Equal(fish.Length, Enumerable.Range(0, fish.Length).Select(_ => Bowls.Next(one).DataAsText).Distinct().Count());
            Assert.Equal(0u, one.NumMessages);
        }

        // A Request from spoke to spoke, through the hub.
        _bowls.AwaitReplier(3, "$.Here7");
        Ksock requester = _bowls.Open(3);
        MessageId asked = requester.Send(new Request("$.Here7"));
        Assert.True(asked.SerialNumber > 0);
        await _stop.CancelAsync();
        Assert.Equal(LimpetEndingKind.Stopped, (await serving.WaitAsync(Limit, TestContext.Current.CancellationToken)).Kind);
        await Task.WhenAll(clients).WaitAsync(Limit, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_peer_that_is_not_known_or_has_another_s_id_is_sent_away_with_the_reason()
    {
        LimpetPeer[] peers = [Peer("one", 101) with { Keys = [LimpetSecurity.KeyOf(_keys.Certificates.Other)] }, Peer("two", 102) with { Keys = [new string('0', 64)] }];
        using LimpetServer server = await LimpetServer.ListenAsync(Served.AnyPort(), peers, _bowls.Options(0, 1), new LimpetSecurity { Certificate = _keys.Certificates.One });
        Task<LimpetEnding> serving = server.RunAsync(cancellationToken: _stop.Token);
        LimpetException refusal = await Assert.ThrowsAsync<LimpetException>(() => new LimpetClient(server.Address, _bowls.Options(1, 102), _keys.Other).RunAsync());
        Assert.True(refusal.IsRefused);
        Assert.Contains("It says that its network id is 102, and here it must be 101 (one). Give it that id by --id.", refusal.Message, StringComparison.Ordinal);
        X509Certificate2 stranger = _keys.Signed("CN=stranger", null);
        await Assert.ThrowsAsync<LimpetException>(() => new LimpetClient(server.Address, _bowls.Options(1, 101), Pinning(stranger)).RunAsync(isOnce: true));
        _bowls.AwaitTold($"it has the key {LimpetSecurity.KeyOf(stranger)}, which is no peer's here");
        await _stop.CancelAsync();
        await serving.WaitAsync(Limit, TestContext.Current.CancellationToken);
    }

    /// <summary>Telling each of them why took a thread for two seconds, and nobody counted those.</summary>
    [Fact]
    public async Task Many_that_are_sent_away_and_stay_hold_no_more_threads_than_those_that_greet()
    {
        LimpetPeer[] peers = [Peer("one", 101) with { Addresses = [IPNetwork.Parse("192.0.2.1/32")] }];
        using LimpetServer server = await LimpetServer.ListenAsync(Served.AnyPort(), peers, _bowls.Options(0, 1), Served.Plain);
        Task<LimpetEnding> serving = server.RunAsync(cancellationToken: _stop.Token);
        List<Socket> strangers = [];
        int most = 0;
        for (int i = 0; i < 4 * LimpetServer.MostSpeaking; i++)
        {
            var stranger = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            strangers.Add(stranger);
            stranger.Connect(IPAddress.Loopback, server.Address.Port);
            stranger.Send(Greeting.Of(101));
            most = i % 16 == 0 ? Math.Max(most, Refusing()) : most;
        }

        // All of them have an answer, or are closed.
        foreach (Socket stranger in strangers)
        {
            most = Math.Max(most, Refusing());
            stranger.ReceiveTimeout = (int)Limit.TotalMilliseconds;
            _ = stranger.Receive(new byte[1]);
            stranger.Dispose();
        }

        // A thread whose stranger had to make room takes a moment to end.
        Assert.InRange(most, 1, 2 * LimpetServer.MostSpeaking);
        await _stop.CancelAsync();
        await serving.WaitAsync(Limit, TestContext.Current.CancellationToken);

        // A thread's name has 15 characters.
        static int Refusing() => Directory.EnumerateDirectories("/proc/self/task").Count(t => NameOf(t) == "kbus-limpet-ref\n");
        static string NameOf(string thread)
        {
            try
            {
                return File.ReadAllText(Path.Join(thread, "comm"));
            }
            catch (IOException)
            {
                return "";
            }
        }
    }

    /// <summary>In a ring a network lies behind one peer now, and behind another when the first way has failed.</summary>
    [Fact]
    public void A_network_may_lie_behind_two_peers_but_a_peer_s_own_id_is_its_own()
    {
        LimpetPeer Behind(string name, uint id, params NetworkRange[] networks) =>
            Peer(name, id) with { Users = [1], Options = _bowls.Options(0, 1) with { PeerNetworks = networks } };
        LimpetServer.Check([Behind("one", 101, new NetworkRange(17, 18)), Behind("two", 102, new NetworkRange(18, 30))]);
        ArgumentException wrong = Assert.Throws<ArgumentException>(() => LimpetServer.Check([Behind("one", 101), Behind("two", 102, new NetworkRange(90, 120))]));
        Assert.Equal("The peers two and one both have network id 101; it belongs to one of them.", wrong.Message);
    }

    [Fact]
    public async Task A_peer_may_be_known_by_the_name_that_an_authority_has_signed()
    {
        LimpetPeer[] peers = [Peer("one", 101) with { CertificateName = "other.example" }];
        using LimpetServer server = await LimpetServer.ListenAsync(
            Served.AnyPort(), peers, _bowls.Options(0, 1), new LimpetSecurity { Certificate = _keys.Certificates.One, Authorities = [_keys.Authority] });
        Task<LimpetEnding> serving = server.RunAsync(cancellationToken: _stop.Token);
        Task<LimpetEnding> client = Run(server, 1, 101, _keys.Other);
        AwaitLinked(1);
        await _stop.CancelAsync();
        await Task.WhenAll(serving, client).WaitAsync(Limit, TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_peer_without_TLS_is_known_by_its_user_or_by_its_address(bool isUnix)
    {
        uint user = uint.Parse(File.ReadAllLines("/proc/self/status").First(l => l.StartsWith("Uid:", StringComparison.Ordinal)).Split('\t')[2], null);
        LimpetPeer known = isUnix ? Peer("one", 101) with { Users = [user] } : Peer("one", 101) with { Addresses = [IPNetwork.Parse("127.0.0.0/8")] };
        LimpetPeer other = isUnix ? Peer("two", 102) with { Users = [user + 1] } : Peer("two", 102) with { Addresses = [IPNetwork.Parse("192.0.2.7/32")] };
        using LimpetServer server = await LimpetServer.ListenAsync(isUnix ? Served.NewPath() : Served.AnyPort(), [known, other], _bowls.Options(0, 1), Served.Plain);
        Task<LimpetEnding> serving = server.RunAsync(cancellationToken: _stop.Token);
        Task<LimpetEnding> client = Run(server, 1, 101, Served.Plain);
        AwaitLinked(1);
        LimpetException refusal = await Assert.ThrowsAsync<LimpetException>(() => new LimpetClient(server.Address, _bowls.Options(2, 102), Served.Plain).RunAsync());
        Assert.Contains("here it must be 101 (one)", refusal.Message, StringComparison.Ordinal);
        await _stop.CancelAsync();
        await Task.WhenAll(serving, client).WaitAsync(Limit, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Other_peers_can_be_taken_while_links_that_stay_as_they_are_go_on()
    {
        X509Certificate2[] certificates = [.. Enumerable.Range(1, 3).Select(i => _keys.Signed($"CN=spoke-{i}", null))];
        LimpetPeer[] peers = [.. certificates.Select((c, i) => Peer($"spoke-{i + 1}", (uint)i + 101) with { Keys = [LimpetSecurity.KeyOf(c)] })];
        var security = new LimpetSecurity { Certificate = _keys.Certificates.One };
        using LimpetServer server = await LimpetServer.ListenAsync(Served.AnyPort(), peers[..2], _bowls.Options(0, 1), security);
        Task<LimpetEnding> serving = server.RunAsync(cancellationToken: _stop.Token);
        Task<LimpetEnding> stays = Run(server, 1, 101, Pinning(certificates[0]));
        Task<LimpetEnding> goes = Run(server, 2, 102, Pinning(certificates[1]));
        AwaitLinked(1);
        AwaitLinked(2);
        Assert.Throws<ArgumentException>(() => server.Change([peers[0], peers[1] with { NetworkId = 101 }], security));
        Assert.Throws<ArgumentException>(() => server.Change(peers, null));
        LimpetPeer[] copies = [peers[0] with { Options = peers[0].Options with { Tell = _bowls.Told.Enqueue } }, peers[2]];
        Assert.Equal(["spoke-2"], server.Change(copies, security));
        _bowls.AwaitNoReplier(0, "$.Here2");
        Task<LimpetEnding> comes = Run(server, 3, 103, Pinning(certificates[2]));
        AwaitLinked(3);
        Assert.Equal(1, _bowls.Told.Count(t => t.Contains("peer 101", StringComparison.Ordinal) && t.Contains("Connected from", StringComparison.Ordinal)));
        await _stop.CancelAsync();
        await Task.WhenAll(serving, stays, comes, goes.ContinueWith(_ => { }, TaskScheduler.Default)).WaitAsync(Limit, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_peer_that_sends_more_than_its_rate_is_read_more_slowly_and_loses_nothing()
    {
        (Limpet limpet, RawPeer peer) = RawPeer.Attach(_bowls.Options(0, 1) with { MaxRate = 100 }, 2);
        using (limpet)
        using (peer)
        {
            Ksock listener = _bowls.Bound(0, "$.Flood");
            listener.SetMaxMessages(1000);
            long since = Environment.TickCount64;
            for (uint i = 1; i <= 400; i++)
            {
                // A kilobyte each: more than one read takes.
                peer.Send(new MessageHeader { Id = new MessageId(2, i), OrigFrom = new OrigFrom(2, 3) }, "$.Flood", new byte[1000]);
            }

            for (uint i = 1; i <= 400; i++)
            {
                Assert.Equal(i, Bowls.Next(listener).Id.SerialNumber);
            }

            Assert.True(Environment.TickCount64 > since, "time stood still");
            await Task.CompletedTask;
        }
    }

    private LimpetPeer Peer(string name, uint id) => new() { Name = name, NetworkId = id, Options = _bowls.Options(0, 1) with { PeerNetworks = [] } };

    private LimpetSecurity Pinning(X509Certificate2 own) => new() { Certificate = own, PeerKeys = [LimpetSecurity.KeyOf(_keys.Certificates.One)] };

    private Task<LimpetEnding> Run(LimpetServer server, uint bus, uint id, LimpetSecurity security) =>
        new LimpetClient(server.Address, _bowls.Options(bus, id), security).RunAsync(cancellationToken: _stop.Token);

    private void AwaitLinked(uint bus)
    {
        _bowls.Bound(bus, $"$.Here{bus}", replier: true);
        _bowls.AwaitReplier(0, $"$.Here{bus}");
    }
}
