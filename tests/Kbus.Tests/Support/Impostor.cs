using System.Net.Sockets;

namespace Kbus.Tests;

/// <summary>Listens where bus 0 should be, and is none: it does something with each connection, and hangs up if that says so.</summary>
internal sealed class Impostor : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("kbus-").FullName;
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly List<Socket> _kept = [];
    private readonly Thread _accepting;

    public Impostor(Predicate<Socket> hangsUp)
    {
        _listener.Bind(new UnixDomainSocketEndPoint(Path.Join(_directory, "bus0")));
        _listener.Listen();
        _accepting = new Thread(() => Accept(hangsUp)) { IsBackground = true };
        _accepting.Start();
    }

    /// <summary>How to open Ksocks here.</summary>
    public KsockOptions Options => new() { RuntimeDirectory = _directory, StartDaemon = false, OpenTimeout = TimeSpan.FromMinutes(3) };

    public void Dispose()
    {
        _listener.Dispose();
        _accepting.Join();
        _kept.ForEach(s => s.Dispose());
        Directory.Delete(_directory, recursive: true);
    }

    private void Accept(Predicate<Socket> hangsUp)
    {
        try
        {
            while (true)
            {
                Socket connection = _listener.Accept();
                if (hangsUp(connection))
                {
                    connection.Dispose();
                }
                else
                {
                    _kept.Add(connection);
                }
            }
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
        {
            // The end of the test.
        }
    }
}
