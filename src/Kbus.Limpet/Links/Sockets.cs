using System.Net;
using System.Net.Sockets;

namespace Kbus.Limpets;

/// <summary>Sockets as a Limpet wants them: nothing waits to be sent, and a peer that dies without a word is noticed.</summary>
internal static class Sockets
{
    /// <summary>The level of TCP's own options.</summary>
    public const int TcpLevel = 6;

    private const int TcpUserTimeout = 18;
    private const int Probes = 3;

    /// <summary>Sets how long what was sent may stay unacknowledged.</summary>
    /// <param name="socket">A TCP connection.</param>
    /// <param name="limit">The time; zero for the kernel's own limit of many minutes.</param>
    public static void SetUserTimeout(Socket socket, TimeSpan limit) =>
        socket.SetRawSocketOption(TcpLevel, TcpUserTimeout, BitConverter.GetBytes((int)limit.TotalMilliseconds));

    /// <summary>A socket for a place, not connected.</summary>
    public static Socket For(EndPoint place) => place is UnixDomainSocketEndPoint
        ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
        : new Socket(place.AddressFamily, SocketType.Stream, ProtocolType.Tcp);

    /// <summary>Lets the kernel watch a connection. It breaks when the other machine gives no sign of life for too long.</summary>
    /// <param name="socket">The connection; what is not TCP stays within this machine and needs no watch.</param>
    /// <param name="silenceLimit">The time limit, in whole seconds. In the first half the kernel waits; in the second it probes three
    /// times.</param>
    public static void Watch(Socket socket, TimeSpan silenceLimit)
    {
        if (socket.ProtocolType != ProtocolType.Tcp)
        {
            return;
        }

        int seconds = (int)silenceLimit.TotalSeconds;
        int interval = seconds < 2 * Probes ? 1 : seconds / (2 * Probes);
        socket.NoDelay = true;
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, seconds - (Probes * interval));
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, interval);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, Probes);
        SetUserTimeout(socket, TimeSpan.FromSeconds(seconds));
    }
}
