using System.Net;
using System.Net.Sockets;

namespace Kbus.Limpets.Tests;

/// <summary>A peer that read 4096 bytes a second was cut off after the silence limit: the kernel counts the time with a full buffer too.</summary>
public sealed class WindowWatchTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(4);

    [Fact]
    public async Task A_peer_whose_buffer_is_full_for_longer_than_the_silence_limit_is_not_cut_off()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.ReceiveBufferSize = 16 * 1024;
        listener.Listen();
        Socket one = Sockets.For(listener.LocalEndPoint!);
        one.Connect(listener.LocalEndPoint!);
        Sockets.Watch(one, Silence);
        await using var stream = new SocketStream(one, Silence);
        await using var reader = new NetworkStream(listener.Accept(), ownsSocket: true);
        byte[] all = new byte[16 * 1024 * 1024];
        Task writing = stream.WriteAsync(all, TestContext.Current.CancellationToken).AsTask();

        // It takes nothing at all for twice as long as a machine may be silent.
        Assert.True(SpinWait.SpinUntil(() => stream.Watch() > 2 * Silence || writing.IsFaulted, Limit));
        Assert.False(writing.IsFaulted, $"{writing.Exception}");
        byte[] little = new byte[64 * 1024];
        int read = 0;
        while (read < all.Length)
        {
            read += await reader.ReadAsync(little, TestContext.Current.CancellationToken).AsTask().WaitAsync(Limit, TestContext.Current.CancellationToken);
        }

        await writing.WaitAsync(Limit, TestContext.Current.CancellationToken);
        Assert.True(SpinWait.SpinUntil(() => stream.Watch() < Silence, Limit));

        // And the limit holds again, as set.
        byte[] milliseconds = new byte[4];
        one.GetRawSocketOption(6, 18, milliseconds);
        Assert.Equal((int)Silence.TotalMilliseconds, BitConverter.ToInt32(milliseconds));
    }
}
