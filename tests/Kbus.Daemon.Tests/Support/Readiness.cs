using System.Net.Sockets;

namespace Kbus.Daemon.Tests;

/// <summary>A socket at which a daemon says that it serves, as a service manager has one.</summary>
internal sealed class Readiness : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 50_000 };

    public Readiness(string path)
    {
        Path = path;
        File.Delete(path);
        _socket.Bind(new UnixDomainSocketEndPoint(path));
        File.SetUnixFileMode(path, (UnixFileMode)0x1FF);
    }

    /// <summary>What <c>NOTIFY_SOCKET</c> has to be.</summary>
    public string Path { get; }

    /// <summary>Waits until it has said so.</summary>
    public void Wait()
    {
        byte[] said = new byte[100];
        Assert.Equal("READY=1", System.Text.Encoding.UTF8.GetString(said, 0, _socket.Receive(said)));
    }

    public void Dispose() => _socket.Dispose();
}
