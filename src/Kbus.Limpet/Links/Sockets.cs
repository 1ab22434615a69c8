using System.Net;
using System.Net.Sockets;

namespace Kbus.Limpets;

/// <summary>Sockets as a Limpet wants them: nothing waits to be sent, and a peer that dies without a word is noticed.</summary>
internal static class Sockets
{
    private const int TcpLevel = 6;
    private const int TcpUserTimeout = 18;
    private const int SilenceSeconds = 15;
    private const int ProbeSeconds = 5;
    private const int Probes = 3;

    /// <summary>A socket for a place, not connected.</summary>
    public static Socket For(EndPoint place) => place is UnixDomainSocketEndPoint
        ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
        : new Socket(place.AddressFamily, SocketType.Stream, ProtocolType.Tcp);

    /// <summary>Has the kernel look after a connection: half a minute without a sign of life from the other machine breaks it.</summary>
    public static void Watch(Socket socket)
    {
        if (socket.ProtocolType != ProtocolType.Tcp)
        {
            return;
        }

        socket.NoDelay = true;
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, SilenceSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, ProbeSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, Probes);
        int milliseconds = (SilenceSeconds + (ProbeSeconds * Probes)) * 1000;
        socket.SetRawSocketOption(TcpLevel, TcpUserTimeout, BitConverter.GetBytes(milliseconds));
    }
}
