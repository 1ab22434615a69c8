using System.Net;
using System.Net.Sockets;

namespace Kbus.Limpets;

/// <summary>A connection whose other side has not greeted yet.</summary>
/// <param name="socket">The connection.</param>
/// <param name="since">When it was taken.</param>
internal sealed class Stranger(Socket socket, long since)
{
    private const int SocketLevel = 1;
    private const int PeerCredentials = 17;
    private const int CredentialsLength = 3 * sizeof(int);
    private volatile bool _isCrowdedOut;

    /// <summary>The connection.</summary>
    public Socket Socket => socket;

    /// <summary>When it was taken.</summary>
    public long Since => since;

    /// <summary>The address that it comes from; null if it is one of this machine's processes.</summary>
    public IPAddress? Address { get; } = (EndPointOf(socket) as IPEndPoint)?.Address;

    /// <summary>Its origin, as far as known: an address with its port, or a process.</summary>
    public string Name { get; } = NameOf(socket);

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

    private static string NameOf(Socket socket)
    {
        if (EndPointOf(socket) is IPEndPoint ip)
        {
            return $"{ip}";
        }

        try
        {
            byte[] credentials = new byte[CredentialsLength];
            int length = socket.AddressFamily == AddressFamily.Unix ? socket.GetRawSocketOption(SocketLevel, PeerCredentials, credentials) : 0;
            int process = length == CredentialsLength ? BitConverter.ToInt32(credentials) : 0;
            return process > 0 ? $"process {process}" : "somebody";
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return "somebody";
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
