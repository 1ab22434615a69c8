using System.Net;
using System.Net.Sockets;

namespace Kbus.Limpets.Tests;

public sealed class SocketsTests
{
    private const int TcpLevel = 6;
    private const int TcpUserTimeout = 18;

    [Theory]
    [InlineData(4, 1, 1)]
    [InlineData(5.9, 2, 1)]
    [InlineData(6, 3, 1)]
    [InlineData(30, 15, 5)]
    [InlineData(3600, 1800, 600)]
    public void The_kernel_waits_and_then_asks_three_times_until_a_machine_has_been_silent_too_long(double limit, int idle, int interval)
    {
        using Socket socket = Sockets.For(new IPEndPoint(IPAddress.Loopback, 0));
        Sockets.Watch(socket, TimeSpan.FromSeconds(limit));
        Assert.Equal(1, socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive));
        Assert.Equal(idle, socket.GetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime));
        Assert.Equal(interval, socket.GetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval));
        Assert.Equal(3, socket.GetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount));
        byte[] milliseconds = new byte[4];
        socket.GetRawSocketOption(TcpLevel, TcpUserTimeout, milliseconds);
        Assert.Equal((int)limit * 1000, BitConverter.ToInt32(milliseconds));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_write_tells_of_the_little_that_a_slow_peer_takes(bool isTcp)
    {
        var limit = TimeSpan.FromSeconds(120);
        (Socket one, Socket other) = isTcp ? TcpPair() : UnixPair();
        await using var writer = new SocketStream(one);
        await using var reader = new NetworkStream(other, ownsSocket: true);
        int progressed = 0;
        writer.Progressed = () => Interlocked.Increment(ref progressed);
        byte[] all = new byte[32 * 1024 * 1024];
        Task writing = writer.WriteAsync(all, TestContext.Current.CancellationToken).AsTask();
        int heard = 0;
        byte[] little = new byte[64 * 1024];
        for (int i = 0; i < 5; i++)
        {
            // What the kernel holds goes first, and how much that is nobody knows.
            int before = Volatile.Read(ref progressed);
            while (Volatile.Read(ref progressed) == before)
            {
                Assert.True(heard < all.Length, "all is read, and nobody was told");
                heard += await reader.ReadAsync(little, TestContext.Current.CancellationToken).AsTask().WaitAsync(limit, TestContext.Current.CancellationToken);
            }
        }

        Assert.False(writing.IsCompleted);
        while (heard < all.Length)
        {
            heard += await reader.ReadAsync(little, TestContext.Current.CancellationToken).AsTask().WaitAsync(limit, TestContext.Current.CancellationToken);
        }

        await writing.WaitAsync(limit, TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3.9)]
    [InlineData(3601)]
    public void A_silence_that_cannot_be_meant_is_refused(double limit) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new LimpetOptions { SilenceLimit = TimeSpan.FromSeconds(limit) }.Check());

    private static (Socket One, Socket Other) TcpPair()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return Pair(listener);
    }

    private static (Socket One, Socket Other) UnixPair()
    {
        string path = Path.Join(Path.GetTempPath(), $"kbus-limpet-{Guid.NewGuid():N}");
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        try
        {
            return Pair(listener);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static (Socket One, Socket Other) Pair(Socket listener)
    {
        // The kernel must not take nearly all of it at once.
        listener.ReceiveBufferSize = 64 * 1024;
        listener.Listen();
        Socket one = Sockets.For(listener.LocalEndPoint!);
        one.SendBufferSize = 64 * 1024;
        one.Connect(listener.LocalEndPoint!);
        return (one, listener.Accept());
    }
}
