using System.Net;
using System.Net.Sockets;

namespace Kbus.Limpets.Tests;

/// <summary>A way between two Limpets that tears at what passes: it splits, delays, cuts and changes bytes, as a seed says.</summary>
/// <remarks>It knows nothing of messages, so it cuts at any byte. The greeting alone is never changed: a Limpet that hears another one ends for good.</remarks>
internal sealed class EditingProxy : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly IPEndPoint _server;
    private readonly int _seed;
    private readonly bool _mayFlip;
    private readonly ManualResetEventSlim _closing = new();
    private readonly Lock _lock = new();
    private readonly List<Thread> _threads = [];
    private Way? _way;
    private int _wounds;
    private volatile bool _isEditing = true;

    /// <summary>Begins to take connections.</summary>
    /// <param name="server">Where they lead to.</param>
    /// <param name="seed">Of all that is random.</param>
    /// <param name="mayFlip">Whether bytes may be changed, too.</param>
    /// <param name="wounds">How many cuts and changes there are at most; a client waits longer after each.</param>
    public EditingProxy(LimpetAddress server, int seed, bool mayFlip, int wounds)
    {
        _server = new IPEndPoint(IPAddress.Loopback, server.Port);
        (_seed, _mayFlip, _wounds) = (seed, mayFlip, wounds);
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        Start(Accept);
    }

    /// <summary>Where it listens.</summary>
    public LimpetAddress Address => LimpetAddress.Parse($"127.0.0.1:{((IPEndPoint)_listener.LocalEndPoint!).Port}");

    /// <summary>How many connections it has cut at some byte.</summary>
    public int Cuts { get; private set; }

    /// <summary>How many bytes it has changed.</summary>
    public int Flips { get; private set; }

    /// <summary>From now on everything passes as it is.</summary>
    public void StopEditing() => _isEditing = false;

    /// <summary>Breaks the connection that is there.</summary>
    public void Cut()
    {
        lock (_lock)
        {
            _way?.Close(isRude: false);
        }
    }

    /// <summary>Breaks the connection that is there if bytes of it have been changed.</summary>
    public void CutIfChanged()
    {
        lock (_lock)
        {
            if (_way is { IsChanged: true })
            {
                _way.Close(isRude: false);
            }
        }
    }

    /// <summary>Ends all, and comes back when nothing of it runs any more.</summary>
    public void Dispose()
    {
        _closing.Set();
        _listener.Dispose();
        Cut();
        Thread[] threads;
        lock (_lock)
        {
            threads = [.. _threads];
        }

        Array.ForEach(threads, t => t.Join());
        _closing.Dispose();
    }

    private void Start(Action action)
    {
        var thread = new Thread(() => action()) { IsBackground = true };
        lock (_lock)
        {
            _threads.Add(thread);
        }

        thread.Start();
    }

    private void Accept()
    {
        try
        {
            for (int number = 0; ; number++)
            {
                Join(_listener.Accept(), number);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It listens no more.
        }
    }

    private void Join(Socket client, int number)
    {
        var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        var way = new Way(client, server);
        try
        {
            server.Connect(_server);
            client.NoDelay = server.NoDelay = true;
        }
        catch (SocketException)
        {
            // One side has gone before it began.
            way.Close(isRude: false);
            return;
        }

        lock (_lock)
        {
            if (_closing.IsSet)
            {
                way.Close(isRude: false);
                return;
            }

            _way = way;
        }

        var there = new Random(HashCode(number, 0));
        var back = new Random(HashCode(number, 1));
        Start(() => Carry(way, client, server, there));
        Start(() => Carry(way, server, client, back));
    }

    private int HashCode(int connection, int direction) => unchecked((_seed * 7919) + (connection * 2) + direction);

    private void Carry(Way way, Socket from, Socket to, Random random)
    {
        byte[] buffer = new byte[4096];
        long passed = 0;
        long woundAt = Greeting.Length + random.Next(1, 12_000);
        bool isRude = false;
        try
        {
            int count;
            while ((count = from.Receive(buffer)) > 0)
            {
                bool isWounded = _isEditing && passed + count > woundAt && TakeWound();
                if (isWounded)
                {
                    int at = (int)Math.Max(0, woundAt - passed);
                    if (!_mayFlip || random.Next(3) == 0)
                    {
                        isRude = random.Next(2) == 0;
                        to.Send(buffer, 0, at, SocketFlags.None);
                        lock (_lock)
                        {
                            Cuts++;
                        }

                        break;
                    }

                    buffer[at] ^= (byte)random.Next(1, 256);
                    woundAt = passed + count + random.Next(1, 12_000);
                    lock (_lock)
                    {
                        way.IsChanged = true;
                        Flips++;
                    }
                }

                Pass(to, buffer.AsSpan(0, count), random);
                passed += count;
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // One side has ended the connection.
        }

        way.Close(isRude);
    }

    /// <summary>Hands bytes on: at once, or after a while, or one at a time.</summary>
    private void Pass(Socket to, ReadOnlySpan<byte> bytes, Random random)
    {
        int manner = _isEditing ? random.Next(10) : 9;
        if (manner == 0)
        {
            _closing.Wait(random.Next(1, 20));
        }

        int step = manner switch { 1 => 1, 2 => random.Next(1, 100), _ => bytes.Length };
        for (; bytes.Length > 0; bytes = bytes[Math.Min(step, bytes.Length)..])
        {
            to.Send(bytes[..Math.Min(step, bytes.Length)]);
        }
    }

    private bool TakeWound() => Interlocked.Decrement(ref _wounds) >= 0;

    /// <summary>One connection: both of its sockets, which close together.</summary>
    private sealed class Way(Socket client, Socket server)
    {
        /// <summary>Whether bytes have been changed on it.</summary>
        public bool IsChanged { get; set; }

        /// <summary>Closes it.</summary>
        /// <param name="isRude">Whether the sides are told by a reset, which takes back what they have not read.</param>
        public void Close(bool isRude)
        {
            foreach (Socket socket in (Socket[])[client, server])
            {
                if (isRude)
                {
                    End(socket, static s => s.LingerState = new LingerOption(true, 0));
                }
                else
                {
                    End(socket, static s => s.Shutdown(SocketShutdown.Both));
                }

                socket.Dispose();
            }
        }

        private static void End(Socket socket, Action<Socket> action)
        {
            try
            {
                action(socket);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // It is closed already.
            }
        }
    }
}
