using System.Net;
using System.Net.Sockets;
using Kbus.Linux;

namespace Kbus.Limpets;

/// <summary>A connection whose other side has not greeted yet.</summary>
/// <param name="socket">The connection.</param>
internal sealed class Stranger(Socket socket)
{
    private volatile bool _isCrowdedOut;

    /// <summary>The connection.</summary>
    public Socket Socket => socket;

    /// <summary>When it was taken where it waits now.</summary>
    public long Since { get; set; }

    /// <summary>The address that it comes from; null if it is one of this machine's processes.</summary>
    public IPAddress? Address { get; } = (EndPointOf(socket) as IPEndPoint)?.Address;

    /// <summary>The user of the process that connected to the path of a Unix socket, as the kernel knows; null over TCP.</summary>
    public PeerCredentials? Credentials { get; } = PeerIdentity.CredentialsOf(socket);

    /// <summary>Its origin, as far as known: an address with its port, or a process.</summary>
    public string Name => EndPointOf(socket) is IPEndPoint ip ? $"{ip}" : Credentials is { ProcessId: > 0 } peer ? $"process {peer.ProcessId}" : "somebody";

    /// <summary>Whether it had to go because too many others were there.</summary>
    public bool IsCrowdedOut => _isCrowdedOut;

    /// <summary>Ends the connection under the thread that waits for the greeting.</summary>
    public void CrowdOut()
    {
        _isCrowdedOut = true;
        try
        {
            socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It has gone already.
        }
    }

    private static EndPoint? EndPointOf(Socket socket)
    {
        try
        {
            return socket.RemoteEndPoint;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return null;
        }
    }
}
