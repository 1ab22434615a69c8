using System.Net;
using System.Net.Sockets;
using Kbus.Limpets;

namespace Kbus.Faults;

/// <summary>A way for connections that can be cut, as when a process is killed or a cable pulled, and held up.</summary>
internal sealed class Relay : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly ManualResetEventSlim _isOpen = new(initialState: true);
    private readonly Lock _lock = new();
    private readonly List<(Socket From, Socket To)> _ways = [];
    private volatile int _port;
    private volatile bool _isDisposed;

    public Relay()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        Address = LimpetAddress.Parse($"127.0.0.1:{((IPEndPoint)_listener.LocalEndPoint!).Port}");
        _ = Limited.InBackground(Accept);
    }

    /// <summary>Where it listens.</summary>
    public LimpetAddress Address { get; }

    /// <summary>Where new connections lead from now on.</summary>
    public void LeadTo(int port) => _port = port;

    /// <summary>Nothing passes until <see cref="Resume"/>.</summary>
    public void Stall() => _isOpen.Reset();

    /// <summary>What was held up passes.</summary>
    public void Resume() => _isOpen.Set();

    /// <summary>Breaks all connections by a reset, which takes back what was not read.</summary>
    public void Cut()
    {
        lock (_lock)
        {
            foreach ((Socket from, Socket to) in _ways)
            {
                Reset(from);
                Reset(to);
            }

            _ways.Clear();
        }
    }

    public void Dispose()
    {
        _isDisposed = true;
        _listener.Dispose();
        Cut();
        _isOpen.Set();
    }

    private static void Reset(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(true, 0);
            socket.Dispose();
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It is closed already.
        }
    }

    private void Accept()
    {
        while (!_isDisposed)
        {
            try
            {
                Join(_listener.Accept());
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // It listens no more, or that one connection is gone already.
            }
        }
    }

    private void Join(Socket from)
    {
        var to = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        from.NoDelay = true;
        try
        {
            to.Connect(new IPEndPoint(IPAddress.Loopback, _port));
        }
        catch (SocketException)
        {
            // The server is dead just now.
            Reset(from);
            to.Dispose();
            return;
        }

        lock (_lock)
        {
            _ways.Add((from, to));
        }

        if (_isDisposed)
        {
            Cut();
        }

        _ = Limited.InBackground(() => Carry(from, to));
        _ = Limited.InBackground(() => Carry(to, from));
    }

    private void Carry(Socket from, Socket to)
    {
        byte[] buffer = new byte[16 * 1024];
        try
        {
            int count;
            while ((count = from.Receive(buffer)) > 0)
            {
                _isOpen.Wait();
                to.Send(buffer.AsSpan(0, count));
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // One side broke the connection, and so does this.
            Reset(from);
            Reset(to);
        }
    }
}
