using System.Net;
using System.Net.Security;
using System.Net.Sockets;

namespace Kbus.Limpets.Tests;

/// <summary>Two ends of one connection within this process.</summary>
internal static class StreamPair
{
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(30);

    /// <summary>Made once: a key takes a while. They last as long as the process.</summary>
    private static readonly Lazy<Keys> Known = new(() => new Keys());

    /// <summary>Makes a pair of the streams that Limpets use.</summary>
    public static (Stream One, Stream Other) Make(Way way = Way.Unix)
    {
        (Socket one, Socket other) = Sockets(way);
        if (way != Way.Tls)
        {
            return (Own(one), Own(other));
        }

        Task<Stream> client = Task.Run(() => Known.Value.Other.Protect(Own(other), isServer: false, CancellationToken.None));
        Stream server = Known.Value.One.Protect(Own(one), isServer: true, CancellationToken.None);
        return (server, client.GetAwaiter().GetResult());
    }

    /// <summary>Makes a pair of a Limpet's stream and the framework's own, to read and write by hand.</summary>
    public static (Stream Limpet, Stream Peer) WithPlainPeer(Way way = Way.Unix)
    {
        (Socket one, Socket other) = Sockets(way);
        var peer = new NetworkStream(other, ownsSocket: true);
        if (way != Way.Tls)
        {
            return (Own(one), peer);
        }

        var client = new SslStream(peer);
        Task shaking = Task.Run(() => client.AuthenticateAsClient(new SslClientAuthenticationOptions
        {
            TargetHost = "limpet",
            ClientCertificateContext = SslStreamCertificateContext.Create(Known.Value.Certificates.Other, null, offline: true),
            RemoteCertificateValidationCallback = static (_, shown, _, _) => shown?.GetCertHashString() == Known.Value.Certificates.One.Thumbprint,
        }));
        Stream server = Known.Value.One.Protect(Own(one), isServer: true, CancellationToken.None);
        shaking.GetAwaiter().GetResult();
        return (server, client);
    }

    private static SocketStream Own(Socket socket)
    {
        Limpets.Sockets.Watch(socket, Silence);
        return new SocketStream(socket, Silence);
    }

    private static (Socket One, Socket Other) Sockets(Way way)
    {
        string path = Path.Join(Path.GetTempPath(), $"kbus-limpet-{Guid.NewGuid():N}");
        EndPoint place = way == Way.Unix ? new UnixDomainSocketEndPoint(path) : new IPEndPoint(IPAddress.Loopback, 0);
        using Socket listener = Limpets.Sockets.For(place);
        listener.Bind(place);
        listener.Listen();
        Socket one = Limpets.Sockets.For(place);
        one.Connect(listener.LocalEndPoint!);
        Socket other = listener.Accept();
        File.Delete(path);
        return (one, other);
    }
}
