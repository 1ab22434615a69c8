using System.Net.Sockets;

namespace Kbus.Bench.Peers;

/// <summary>Listens where dbus-broker's launcher expects the journal of systemd, on a machine that runs none, and throws away what comes.</summary>
internal sealed class JournalStandIn : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly string _path;

    /// <summary>Whether somebody listens there.</summary>
    public static bool IsServed(string path)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Makes the socket, in the place of one that was left behind.</summary>
    /// <exception cref="PeerException">It cannot be made there.</exception>
    public JournalStandIn(string path)
    {
        _path = path;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.Delete(path);
            _socket.Bind(new UnixDomainSocketEndPoint(path));
        }
        catch (Exception e) when (e is SocketException or IOException or UnauthorizedAccessException)
        {
            throw new PeerException($"dbus-broker's launcher needs a journal, and {path} cannot be made: {e.Message}");
        }

        new Thread(Drain) { IsBackground = true }.Start();
    }

    /// <summary>Takes the socket away again.</summary>
    public void Dispose()
    {
        _socket.Dispose();
        File.Delete(_path);
    }

    private void Drain()
    {
        byte[] bytes = new byte[64 * 1024];
        try
        {
            while (true)
            {
                _socket.Receive(bytes);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It has been taken away.
        }
    }
}
