using System.Net.Sockets;

namespace Kbus.Limpets.Tests;

/// <summary>Two ends of one connection within this process.</summary>
internal static class StreamPair
{
    /// <summary>Makes a pair over a Unix socket.</summary>
    public static (Stream One, Stream Other) Make()
    {
        (Socket one, Socket other) = Sockets();
        return (new SocketStream(one), new SocketStream(other));
    }

    /// <summary>Makes a pair of the framework's own streams, to read and write by hand.</summary>
    public static (Stream Limpet, Stream Peer) WithPlainPeer()
    {
        (Socket one, Socket other) = Sockets();
        return (new SocketStream(one), new NetworkStream(other, ownsSocket: true));
    }

    private static (Socket One, Socket Other) Sockets()
    {
        string path = Path.Join(Path.GetTempPath(), $"kbus-limpet-{Guid.NewGuid():N}");
        var place = new UnixDomainSocketEndPoint(path);
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(place);
        listener.Listen();
        var one = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        one.Connect(place);
        Socket other = listener.Accept();
        File.Delete(path);
        return (one, other);
    }
}
