using System.Net.Sockets;
using Kbus.Core;

namespace Kbus.Limpets.Tests;

public sealed class LimpetServerTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);
    private readonly Bowls _bowls = new(2);

    public void Dispose() => _bowls.Dispose();

    [Fact]
    public async Task The_file_of_a_socket_is_for_this_user_alone_and_goes_with_the_server()
    {
        LimpetAddress address = Served.NewPath();
        await using (Served server = await Served.At(address, _bowls.Options(0, 1)))
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(address.Path!));
        }

        Assert.False(File.Exists(address.Path));
    }

    [Fact]
    public async Task A_socket_that_nobody_listens_to_any_more_is_replaced()
    {
        LimpetAddress address = Served.NewPath();
        using (var killed = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            // Closing the socket would remove the file under the name that it was bound by.
            killed.Bind(new UnixDomainSocketEndPoint(address.Path + "-"));
            File.Move(address.Path + "-", address.Path!);
        }

        Assert.True(File.Exists(address.Path));
        await using Served server = await Served.At(address, _bowls.Options(0, 1));
        using RawPeer peer = server.Greet(2);
    }

    [Fact]
    public async Task A_socket_that_somebody_listens_to_is_not()
    {
        LimpetAddress address = Served.NewPath();
        await using Served server = await Served.At(address, _bowls.Options(0, 1));
        LimpetException refusal = await Assert.ThrowsAsync<LimpetException>(() => LimpetServer.ListenAsync(address, _bowls.Options(1, 2)));
        Assert.Contains("somebody does already", refusal.Message, StringComparison.Ordinal);
        using RawPeer peer = server.Greet(2);
    }

    /// <summary>An ending server removed the file of the one that had come after it.</summary>
    [Fact]
    public async Task A_server_that_ends_leaves_the_socket_file_of_its_successor()
    {
        LimpetAddress address = Served.NewPath();
        Served before = await Served.At(address, _bowls.Options(0, 1));
        File.Delete(address.Path!);
        await using Served after = await Served.At(address, _bowls.Options(0, 1));
        await before.DisposeAsync();
        Assert.True(File.Exists(address.Path));
        using RawPeer peer = after.Greet(2);
    }

    [Fact]
    public async Task A_port_that_somebody_listens_to_is_refused()
    {
        await using Served server = await Served.At(Served.AnyPort(), _bowls.Options(0, 1));
        LimpetException refusal = await Assert.ThrowsAsync<LimpetException>(() => LimpetServer.ListenAsync(server.Address, _bowls.Options(1, 2), Served.Plain));
        Assert.Contains("in use", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_can_be_stopped_while_its_link_ends_by_itself()
    {
        for (int i = 0; i < 200; i++)
        {
            await using Served server = await Served.At(Served.NewPath(), _bowls.Options(0, 1));
            RawPeer peer = server.Greet(2);
            peer.TellBind("$.Far");
            _bowls.AwaitReplier(0, "$.Far");
            peer.Dispose();
        }
    }

    [Fact]
    public async Task A_file_that_is_no_socket_is_left_as_it_is()
    {
        LimpetAddress address = Served.NewPath();
        await File.WriteAllTextAsync(address.Path!, "precious", TestContext.Current.CancellationToken);
        try
        {
            await Assert.ThrowsAsync<LimpetException>(() => LimpetServer.ListenAsync(address, _bowls.Options(0, 1)));
            Assert.Equal("precious", await File.ReadAllTextAsync(address.Path!, TestContext.Current.CancellationToken));
        }
        finally
        {
            File.Delete(address.Path!);
        }
    }

    [Fact]
    public async Task Another_peer_is_sent_away_while_the_link_lasts_and_taken_afterwards()
    {
        await using Served server = await Served.At(Served.AnyPort(), _bowls.Options(0, 1));
        RawPeer first = server.Greet(2);
        first.TellBind("$.First");
        _bowls.AwaitReplier(0, "$.First");
        Assert.Equal("It is Limpet 3, and there is a link with Limpet 2.", server.Refused(3));

        _bowls.AwaitTold("It is Limpet 3, and there is a link with Limpet 2.");
        Assert.NotNull(_bowls.Open(0).FindReplier("$.First"));
        first.Dispose();
        _bowls.AwaitNoReplier(0, "$.First");
        using RawPeer third = server.Greet(3);
        third.TellBind("$.Third");
        _bowls.AwaitReplier(0, "$.Third");
    }

    [Fact]
    public async Task The_same_peer_come_again_takes_the_place_of_its_old_link()
    {
        await using Served server = await Served.At(Served.NewPath(), _bowls.Options(0, 1));
        using RawPeer before = server.Greet(2);
        before.TellBind("$.Before");
        _bowls.AwaitReplier(0, "$.Before");
        using RawPeer after = server.Greet(2);
        after.TellBind("$.After");
        _bowls.AwaitReplier(0, "$.After");
        _bowls.AwaitNoReplier(0, "$.Before");
        while (before.Next() is not null)
        {
        }
    }

    [Fact]
    public async Task Two_peers_with_one_network_id_are_told_and_do_not_push_each_other_out_for_ever()
    {
        await using Served server = await Served.At(Served.AnyPort(), _bowls.Options(0, 1));
        List<RawPeer> peers = [];
        for (int i = 0; i < 4; i++)
        {
            peers.Add(server.Greet(2));
            peers[i].TellBind($"$.Peer{i}");
            _bowls.AwaitReplier(0, $"$.Peer{i}");
        }

        Assert.StartsWith("It has network id 2, and so has the Limpet that is linked from", server.Refused(2), StringComparison.Ordinal);
        _bowls.AwaitTold("Limpet 2 has come again, from 127.0.0.1:");
        _bowls.AwaitTold("It has network id 2, and so has the Limpet that is linked from 127.0.0.1:");
        Assert.Equal(3, _bowls.Told.Count(t => t.Contains("has come again", StringComparison.Ordinal)));
        Assert.NotNull(_bowls.Open(0).FindReplier("$.Peer3"));
        peers.ForEach(p => p.Dispose());
    }

    [Fact]
    public async Task Who_comes_to_the_path_of_a_socket_is_called_by_process()
    {
        await using Served server = await Served.At(Served.NewPath(), _bowls.Options(0, 1));
        await using NetworkStream stranger = server.Connect();
        stranger.Write("GET / HTTP/1.0\r\n"u8);
        _bowls.AwaitTold($"A connection from process {Environment.ProcessId} was sent away. No link with the peer: it greeted with the bytes 47455420 in place of HELO.");
    }

    /// <summary>A thousand idle connections a second kept an authenticated peer out.</summary>
    [Theory]
    [InlineData(Way.Unix)]
    [InlineData(Way.Tcp)]
    [InlineData(Way.Tls)]
    public async Task However_many_connect_and_say_nothing_the_peer_is_let_in(Way way)
    {
        using var keys = new Keys();
        bool isTls = way == Way.Tls;
        await using Served server = await Served.At(way == Way.Unix ? Served.NewPath() : Served.AnyPort(), _bowls.Options(0, 1), isTls ? keys.One : null);
        List<NetworkStream> flood = [.. Enumerable.Range(0, 2 * LimpetServer.MostSilent).Select(_ => server.Connect())];
        using var stop = new CancellationTokenSource();
        Task<LimpetEnding> running = new LimpetClient(server.Address, _bowls.Options(1, 2), isTls ? keys.Other : Served.Plain).RunAsync(cancellationToken: stop.Token);
        _bowls.Bound(1, "$.Far", replier: true);
        _bowls.AwaitReplier(0, "$.Far");
        _bowls.AwaitTold("was sent away. It had not greeted, and too many others neither.");
        await stop.CancelAsync();
        await running.WaitAsync(Limit, TestContext.Current.CancellationToken);
        flood.ForEach(f => f.Dispose());
    }

    [Fact]
    public async Task Those_who_begin_to_greet_and_stop_keep_nobody_out()
    {
        await using Served server = await Served.At(Served.AnyPort(), _bowls.Options(0, 1));
        List<NetworkStream> flood = [];
        for (int i = 0; i < LimpetServer.MostSpeaking + 100; i++)
        {
            flood.Add(server.Connect());
            flood[i].Write("HEL"u8);
        }

        using var stop = new CancellationTokenSource();
        Task<LimpetEnding> running = new LimpetClient(server.Address, _bowls.Options(1, 2), Served.Plain).RunAsync(cancellationToken: stop.Token);
        _bowls.Bound(1, "$.Far", replier: true);
        _bowls.AwaitReplier(0, "$.Far");
        await stop.CancelAsync();
        await running.WaitAsync(Limit, TestContext.Current.CancellationToken);
        flood.ForEach(f => f.Dispose());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_flood_of_connections_that_say_nothing_disturbs_no_link_and_is_given_up(bool isTls)
    {
        LimpetOptions options = _bowls.Options(0, 1) with { GreetingLimit = TimeSpan.FromMilliseconds(300) };
        using var keys = new Keys();
        await using Served server = await Served.At(Served.AnyPort(), options, isTls ? keys.One : null);
        RawPeer? peer = isTls ? null : server.Greet(2);
        peer?.TellBind("$.Far");
        List<NetworkStream> flood = [.. Enumerable.Range(0, 100).Select(_ => server.Connect())];
        if (peer is not null)
        {
            _bowls.AwaitReplier(0, "$.Far");
            Ksock ksock = _bowls.Open(0);
            ksock.Send(new Request("$.Far"));
            RawPeer.Frame request = peer.Next()!;
            peer.Send(new MessageHeader { Id = new MessageId(2, 1), InReplyTo = request.Header.Id, To = request.Header.From }, "$.Far");
            Assert.Equal(MessageKind.Reply, Bowls.Next(ksock).Kind);
        }

        // All of them are given up in the end.
        foreach (NetworkStream one in flood)
        {
            await DrainAsync(one).WaitAsync(Limit, TestContext.Current.CancellationToken);
        }

        peer?.Dispose();
        _bowls.AwaitTold("It said nothing within 0.3 s.");
        if (isTls)
        {
            var client = new LimpetClient(server.Address, _bowls.Options(1, 2), keys.Other);
            using var stop = new CancellationTokenSource();
            Task<LimpetEnding> running = client.RunAsync(cancellationToken: stop.Token);
            _bowls.Bound(1, "$.Secret", replier: true);
            _bowls.AwaitReplier(0, "$.Secret");
            await stop.CancelAsync();
            await running.WaitAsync(Limit, TestContext.Current.CancellationToken);
        }
        else
        {
            // The same peer again, whether or not the server has noticed that it left.
            using RawPeer next = server.Greet(2);
            next.TellBind("$.Next");
            _bowls.AwaitReplier(0, "$.Next");
        }
    }

    private static async Task DrainAsync(NetworkStream stream)
    {
        await using (stream)
        {
            try
            {
                while (await stream.ReadAsync(new byte[64]) > 0)
                {
                }
            }
            catch (IOException)
            {
                // Reset is as good an end.
            }
        }
    }
}
