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
    [InlineData(0)]
    [InlineData(3.9)]
    [InlineData(3601)]
    public void A_silence_that_cannot_be_meant_is_refused(double limit) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new LimpetOptions { SilenceLimit = TimeSpan.FromSeconds(limit) }.Check());
}
