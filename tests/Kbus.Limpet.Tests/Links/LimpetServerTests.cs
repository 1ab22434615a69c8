using System.Net.Sockets;
using Kbus.Core;

namespace Kbus.Limpets.Tests;

public sealed class LimpetServerTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
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
        using (RawPeer second = server.Greet(3))
        {
            Assert.Null(second.Next());
        }

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
        _bowls.AwaitTold(isTls ? "did not shake hands for TLS in time" : "did not greet within 0.3 s");
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
