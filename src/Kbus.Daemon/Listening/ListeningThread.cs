using System.Diagnostics;
using Kbus.Link;

namespace Kbus.Daemon;

/// <summary>Takes connections for all buses, hears what each process wants, and hands it to the bus. Nobody can hold it up.</summary>
/// <remarks>
/// A process that connects and says nothing is dropped after a while, or earlier when there are many such. Listening sockets may be
/// added from any thread; everything else belongs to the thread.
/// </remarks>
internal sealed class ListeningThread : IDisposable
{
    private const int Backlog = 4096;
    private const int EventsAtOnce = 64;
    private const int AcceptedAtOnce = 64;
    private const int MostPending = 1024;
    private const ulong WakeToken = ulong.MaxValue;
    private const ulong ControlToken = ulong.MaxValue - 1;
    private const ulong DirectoryToken = ulong.MaxValue - 2;
    private const ulong FirstPending = 1UL << 32;
    private static readonly TimeSpan TimeForHello = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan PauseWhenExhausted = TimeSpan.FromMilliseconds(50);

    private readonly Daemon _daemon;
    private readonly DaemonOptions _options;
    private readonly Descriptor _epoll;
    private readonly Descriptor _wake;
    private readonly Lock _lock = new();
    private readonly Dictionary<ulong, (ListeningSocket Socket, BusThread Bus)> _listeners = [];
    private readonly Dictionary<ulong, PendingConnection> _pending = [];
    private readonly DirectoryMending _mending;
    private ControlServer? _control;
    private readonly Thread _thread;
    private ulong _lastPending = FirstPending;
    private long _idleSince;
    private long _exhaustedUntil;
    private volatile bool _stopping;

    /// <summary>Makes the thread; sockets can be added at once.</summary>
    /// <exception cref="KbusdException">There are no descriptors left.</exception>
    public ListeningThread(Daemon daemon, DaemonOptions options)
    {
        _daemon = daemon;
        _options = options;
        _epoll = Owned(LibC.CreateEpoll());
        _wake = Owned(LibC.CreateEvent());
        _ = LibC.EpollAdd(_epoll.Number, _wake.Number, LibC.EpollIn | LibC.EpollEdgeTriggered, WakeToken);
        _mending = new DirectoryMending(daemon.Serving, _epoll.Number, DirectoryToken, daemon.Log);
        _thread = new Thread(Run) { Name = "listening", IsBackground = true };
        _idleSince = Stopwatch.GetTimestamp();
    }

    /// <summary>Starts taking connections.</summary>
    /// <exception cref="KbusdException">The control socket cannot be opened.</exception>
    public void Start()
    {
        // Opened last and closed first: where it answers, there are the buses too.
        _control = new ControlServer(_daemon, _options.SocketMode, ControlToken);
        _ = LibC.EpollAdd(_epoll.Number, _control.Listener.Number, LibC.EpollIn, ControlToken);
        _mending.Begin();
        _thread.Start();
    }

    /// <summary>Opens the socket of a bus. Any thread may call.</summary>
    /// <exception cref="KbusdException">It cannot be opened.</exception>
    public void Listen(BusThread bus)
    {
        ListeningSocket socket = _daemon.Serving.Listen(RuntimeDirectory.Bus(bus.Number), Backlog, _options.SocketMode, bus.Number);
        lock (_lock)
        {
            _listeners.Add(bus.Number, (socket, bus));
        }

        _ = LibC.EpollAdd(_epoll.Number, socket.Descriptor.Number, LibC.EpollIn, bus.Number);
    }

    /// <summary>Has the thread look around. Any thread may call.</summary>
    public void Wake() => _ = LibC.SignalEvent(_wake.Number);

    /// <summary>Stops taking connections and removes the sockets.</summary>
    public void Dispose()
    {
        _stopping = true;
        Wake();
        if (_thread.IsAlive)
        {
            _thread.Join();
        }

        _control?.Dispose();
        foreach ((ListeningSocket socket, _) in _listeners.Values)
        {
            _daemon.Serving.Close(socket);
        }

        foreach (PendingConnection connection in _pending.Values)
        {
            connection.Dispose();
        }

        _mending.Dispose();
        _epoll.Dispose();
        _wake.Dispose();
    }

    private void Run()
    {
        using var events = new EpollEvents(EventsAtOnce);
        while (!_stopping)
        {
            int count = LibC.EpollWait(_epoll.Number, events, NextMoment());
            for (int i = 0; i < count && !_stopping; i++)
            {
                Handle(events.Data(i));
            }

            DropTheSlow();
            if (_mending.MendIfDue(Replace) is { } why)
            {
                _daemon.AskToStop(why);
            }

            StopIfIdle();
        }
    }

    /// <summary>A socket listens where another did: who connected to that one is taken first.</summary>
    private void Replace(ListeningSocket socket, Descriptor successor)
    {
        Handle(socket.Token);
        _ = LibC.EpollRemove(_epoll.Number, socket.Descriptor.Number);
        _ = LibC.EpollAdd(_epoll.Number, successor.Number, LibC.EpollIn, socket.Token);
    }

    private void Handle(ulong token)
    {
        if (token == ControlToken)
        {
            _control!.Accept();
        }
        else if (token == DirectoryToken)
        {
            _mending.Noticed();
        }
        else if (token is >= FirstPending and < DirectoryToken)
        {
            Hear(token);
        }
        else if (token < FirstPending)
        {
            Accept(token);
        }
    }

    private void Accept(ulong listener)
    {
        (ListeningSocket socket, BusThread bus) = Listener(listener);
        for (int i = 0; i < AcceptedAtOnce; i++)
        {
            int number = LibC.Accept(socket.Descriptor.Number);
            if (number < 0)
            {
                if (number is not LibC.Again and not -(int)Errno.ECONNABORTED)
                {
                    Exhausted((Errno)(-number));
                }

                return;
            }

            if (_pending.Count >= MostPending)
            {
                // The one that has been silent longest makes way.
                Drop(_pending.MinBy(p => p.Key).Key);
            }

            var connection = new PendingConnection(new Descriptor(number), bus);
            ulong token = ++_lastPending;
            _pending.Add(token, connection);
            if (!TryHear(token, connection))
            {
                _ = LibC.EpollAdd(_epoll.Number, number, LibC.EpollIn | LibC.EpollPeerClosed, token);
            }
        }
    }

    /// <summary>Without descriptors or memory every look at the socket would fail again at once: look away for a moment.</summary>
    private void Exhausted(Errno error)
    {
        _daemon.Log.CannotAccept(error);
        _exhaustedUntil = Stopwatch.GetTimestamp() + (long)(PauseWhenExhausted.TotalSeconds * Stopwatch.Frequency);
        SetListening(0);
    }

    private void SetListening(uint events)
    {
        lock (_lock)
        {
            foreach ((ulong token, (ListeningSocket socket, _)) in _listeners)
            {
                _ = LibC.EpollChange(_epoll.Number, socket.Descriptor.Number, events, token);
            }
        }
    }

    private (ListeningSocket Socket, BusThread Bus) Listener(ulong token)
    {
        lock (_lock)
        {
            return _listeners[token];
        }
    }

    private void Hear(ulong token)
    {
        if (_pending.TryGetValue(token, out PendingConnection? connection) && TryHear(token, connection))
        {
            _ = LibC.EpollRemove(_epoll.Number, connection.Number);
        }
    }

    private bool TryHear(ulong token, PendingConnection connection)
    {
        if (!connection.TryHear(_daemon.Log))
        {
            return false;
        }

        _pending.Remove(token);
        return true;
    }

    private void Drop(ulong token)
    {
        if (_pending.Remove(token, out PendingConnection? connection))
        {
            connection.Dispose();
        }
    }

    private long NextMoment()
    {
        long look = _mending.NanosecondsLeft;
        long other = NextMomentOfConnections();
        return look < 0 ? other : other < 0 ? look : Math.Min(look, other);
    }

    private long NextMomentOfConnections()
    {
        if (_pending.Count == 0 && _exhaustedUntil == 0 && _options.ExitWhenIdle is null)
        {
            return LibC.Forever;
        }

        return _exhaustedUntil != 0 ? (long)PauseWhenExhausted.TotalNanoseconds : 1_000_000_000;
    }

    private void DropTheSlow()
    {
        if (_exhaustedUntil != 0 && Stopwatch.GetTimestamp() >= _exhaustedUntil)
        {
            _exhaustedUntil = 0;
            SetListening(LibC.EpollIn);
        }

        foreach (ulong token in _pending.Where(p => Stopwatch.GetElapsedTime(p.Value.Since) > TimeForHello).Select(p => p.Key).ToArray())
        {
            Drop(token);
        }
    }

    private void StopIfIdle()
    {
        if (_options.ExitWhenIdle is not { } limit)
        {
            return;
        }

        if (_pending.Count > 0 || _daemon.OpenKsocks > 0)
        {
            _idleSince = Stopwatch.GetTimestamp();
        }
        else if (Stopwatch.GetElapsedTime(_idleSince) >= limit)
        {
            _daemon.AskToStop("no Ksock has been open for a while");
        }
    }

    private static Descriptor Owned(int result) =>
        result >= 0 ? new Descriptor(result) : throw new KbusdException($"No connections can be taken: {ServingDirectory.Words(result)}.");
}
