using System.Net;
using System.Net.Sockets;
using Kbus.Tests;

namespace Kbus.Limpets.Tests;

public sealed class StrangersTests : IDisposable
{
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(250);
    private const int Most = 64;
    private readonly HandClock _clock = new();
    private readonly List<Socket> _clients = [];
    private readonly List<Stranger> _taken = [];
    private readonly Strangers _strangers;

    public StrangersTests() => _strangers = new Strangers(_clock, Most);

    public void Dispose()
    {
        _clients.ForEach(c => c.Dispose());
        _taken.ForEach(t => t.Socket.Dispose());
        _clock.Dispose();
    }

    [Fact]
    public async Task When_there_are_too_many_the_oldest_of_the_address_with_the_most_goes()
    {
        Stranger other = await ConnectAsync("127.0.0.2");
        for (int i = 1; i < Most; i++)
        {
            await ConnectAsync("127.0.0.1");
        }

        Assert.DoesNotContain(_taken, s => s.IsCrowdedOut);
        for (int i = 1; i <= 5; i++)
        {
            _clock.Advance(Grace);
            await ConnectAsync("127.0.0.1");
            Assert.Equal(_taken[1..(i + 1)], _taken.Where(s => s.IsCrowdedOut));
        }

        Assert.False(other.IsCrowdedOut);
        Assert.Equal(0, await _clients[1].ReceiveAsync(new byte[1], TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Everybody_has_a_moment_to_greet_first()
    {
        for (int i = 0; i < Most; i++)
        {
            await ConnectAsync("127.0.0.1");
        }

        Task<Stranger> next = ConnectAsync("127.0.0.1");
        while (!next.IsCompleted && !_taken[0].IsCrowdedOut)
        {
            await Task.WhenAny(next, _clock.UntilSomebodyWaits());
            Assert.False(next.IsCompleted);
            Assert.False(_taken[0].IsCrowdedOut);
            _clock.Advance(Grace);
            await Task.WhenAny(next, _clock.UntilSomebodyWaits());
        }

        await next.WaitAsync(TimeSpan.FromSeconds(120), TestContext.Current.CancellationToken);
        Assert.True(_taken[0].IsCrowdedOut);
    }

    /// <summary>Those that had spoken and waited for a thread counted nowhere: all descriptors could go to them.</summary>
    [Fact]
    public async Task Who_waits_for_room_and_must_go_meanwhile_waits_no_longer()
    {
        for (int i = 0; i < Most; i++)
        {
            await ConnectAsync("127.0.0.1");
        }

        Stranger waiting = Connected("127.0.0.1");
        Task adding = _strangers.AddAsync(waiting, TestContext.Current.CancellationToken);
        await _clock.UntilSomebodyWaits();
        waiting.CrowdOut();
        _clock.Advance(Grace);
        await Assert.ThrowsAsync<IOException>(() => adding.WaitAsync(TimeSpan.FromSeconds(120), TestContext.Current.CancellationToken));
        Assert.Throws<ObjectDisposedException>(() => waiting.Socket.Available);
        Assert.DoesNotContain(_taken, s => s.IsCrowdedOut);
    }

    [Fact]
    public async Task Who_has_greeted_makes_room()
    {
        for (int i = 0; i < 3 * Most; i++)
        {
            _strangers.Remove(await ConnectAsync("127.0.0.1"));
        }

        Assert.DoesNotContain(_taken, s => s.IsCrowdedOut);
    }

    private async Task<Stranger> ConnectAsync(string from)
    {
        Stranger stranger = Connected(from);
        await _strangers.AddAsync(stranger, TestContext.Current.CancellationToken);
        _taken.Add(stranger);
        return stranger;
    }

    private Stranger Connected(string from)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        client.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
        client.Connect(listener.LocalEndPoint!);
        _clients.Add(client);
        return new Stranger(listener.Accept());
    }
}
