using System.Diagnostics;
using Kbus.Link;
using Kbus.Linux;

namespace Kbus.Daemon;

/// <summary>Accepts connections for all buses, reads what each process wants, and gives the link to the bus. No process can block it.</summary>
/// <remarks>
/// A connection that sends nothing is dropped after a while, or earlier when there are many such. Any thread may add listening sockets. Everything
/// else belongs to the thread.
/// </remarks>
internal sealed class ListeningThread : IDisposable
{
    private const int Backlog = 4096;
    private const int EventsAtOnce = 64;
    private const int AcceptedAtOnce = 64;
    private const int MostPending = 1024;
    private const string NoConnections = "No connections can be taken";
    private const string NoDescriptorLeft = "kbusd has no descriptor left for another Ksock. Its limit is that of ulimit -n, or of LimitNOFILE= in its unit.";
    private const ulong WakeToken = ulong.MaxValue;
    private const ulong ControlToken = ulong.MaxValue - 1;
    private const ulong DirectoryToken = ulong.MaxValue - 2;
    private const ulong FirstPending = 1UL << 32;
    private static readonly TimeSpan TimeForHello = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan PauseWhenExhausted = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan PauseAfterFault = TimeSpan.FromMilliseconds(50);

    private readonly Daemon _daemon;
    private readonly DaemonOptions _options;
    private readonly Descriptor _epoll;
    private readonly Descriptor _wake;
    private readonly EpollEvents _events = new(EventsAtOnce);
    private readonly Lock _lock = new();
    private readonly Dictionary<ulong, ListeningSocket> _listeners = [];
    private readonly Dictionary<ulong, PendingConnection> _pending = [];
    private readonly DirectoryMending _mending;
    private readonly Tidying _tidying;
    private readonly Thread _thread;
    private ControlServer? _control;
    private Descriptor? _reserve;
    private ulong _lastPending = FirstPending;
    private long _idleSince;
    private int _came;
    private long _exhaustedUntil;
    private volatile bool _stopping;

    /// <summary>Makes the thread; sockets can be added at once.</summary>
    /// <exception cref="KbusdException">There are no descriptors left.</exception>
    public ListeningThread(Daemon daemon, DaemonOptions options)
    {
        _daemon = daemon;
        _options = options;
        _epoll = Needed.Descriptor(LibC.CreateEpoll(), "epoll_create1", NoConnections);
        _wake = Needed.Descriptor(LibC.CreateEvent(), "eventfd2", NoConnections);
        _reserve = Needed.Descriptor(LibC.CreateEvent(), "eventfd2", NoConnections);
        _ = Needed.Done(LibC.EpollAdd(_epoll.Number, _wake.Number, LibC.EpollIn | LibC.EpollEdgeTriggered, WakeToken), "epoll_ctl", NoConnections);
        _mending = new DirectoryMending(daemon.Serving, _epoll.Number, DirectoryToken, daemon.Log);
        _tidying = new Tidying(daemon.TrimBuses);
        _thread = Threads.Make("listening", Run);
        _idleSince = Stopwatch.GetTimestamp();
    }

    /// <summary>Starts accepting connections.</summary>
    /// <exception cref="KbusdException">The control socket cannot be opened.</exception>
    public void Start()
    {
        // Opened last and closed first: while it answers, the buses exist.
        _control = new ControlServer(_daemon, _options.SocketMode, ControlToken);
        _mending.Begin();
        if (!Threads.TryStart(_thread))
        {
            throw new KbusdException($"{NoConnections}: there can be no further thread.");
        }

        _control.Start();
    }

    /// <summary>Opens the socket of a bus. Any thread may call.</summary>
    /// <exception cref="KbusdException">It cannot be opened.</exception>
    public void Listen(BusThread bus)
    {
        ListeningSocket socket = _daemon.Serving.Listen(RuntimeDirectory.Bus(bus.Number), Backlog, _options.SocketMode, bus.Number);
        lock (_lock)
        {
            _listeners.Add(bus.Number, socket);
        }

        _ = Needed.Done(LibC.EpollAdd(_epoll.Number, socket.Descriptor.Number, LibC.EpollIn, bus.Number), "epoll_ctl", NoConnections);
    }

    /// <summary>A member has left, or what it had has been cleared away. Memory may be returned some time later. Any thread may call.</summary>
    public void TidyLater()
    {
        if (_tidying.Note())
        {
            Wake();
        }
    }

    /// <summary>Wakes the thread. Any thread may call.</summary>
    public void Wake() => _ = LibC.SignalEvent(_wake.Number);

    /// <summary>Stops accepting connections and removes the sockets. <see cref="Wake"/> may be called until <see cref="Dispose"/>.</summary>
    public void Stop()
    {
        _stopping = true;
        Wake();
        if (_thread.IsAlive)
        {
            _thread.Join();
        }

        _control?.Dispose();
        foreach (ListeningSocket socket in _listeners.Values)
        {
            _daemon.Serving.Close(socket);
        }

        foreach (PendingConnection connection in _pending.Values)
        {
            connection.Dispose();
        }

        _pending.Clear();
        _mending.Dispose();
    }

    /// <summary>Frees the rest, once nobody can call <see cref="Wake"/> any more.</summary>
    public void Dispose()
    {
        _reserve?.Dispose();
        _epoll.Dispose();
        _wake.Dispose();
        _events.Dispose();
    }

    private void Run()
    {
        while (!_stopping)
        {
            if (!Turn())
            {
                // What failed may fail again at once.
                _ = LibC.Poll(_wake.Number, 0, Deadline.After(PauseAfterFault));
            }
        }
    }

    /// <summary>Waits for events and handles them, each step in a frame of its own. False if a step was given up.</summary>
    private bool Turn()
    {
        Frames frames = _daemon.Frames;
        bool isWell = frames.TryRun("a wait for connections", this, static t => t._came = LibC.EpollWait(t._epoll.Number, t._events, t.NextMoment()));
        for (int i = 0; isWell && i < _came && !_stopping; i++)
        {
            ulong token = _events.Data(i);
            if (!frames.TryRun("a connection", (Thread: this, token), static e => e.Thread.Handle(e.token)))
            {
                isWell = false;
                _ = frames.TryRun("the closing of a connection", (Thread: this, token), static e => e.Thread.Drop(e.token));
            }
        }

        isWell &= frames.TryRun("the check for silent connections", this, static t => t.DropTheSlow());
        isWell &= frames.TryRun("the mending of the directory", this, static t => t.Mend());
        isWell &= frames.TryRun("the return of memory", this, static t => t._tidying.TidyIfDue());
        return isWell & frames.TryRun("the check whether kbusd is in use", this, static t => t.StopIfIdle());
    }

    private void Mend()
    {
        if (_mending.MendIfDue(Replace) is { } why)
        {
            _daemon.AskToStop(why);
        }
    }

    /// <summary>A socket replaces another one. Connections that wait at the old one are accepted first.</summary>
    private void Replace(ListeningSocket socket, Descriptor successor)
    {
        if (socket.Token == ControlToken)
        {
            _control!.Replace(successor);
            return;
        }

        Handle(socket.Token);
        _ = LibC.EpollRemove(_epoll.Number, socket.Descriptor.Number);
        _ = LibC.EpollAdd(_epoll.Number, successor.Number, LibC.EpollIn, socket.Token);
    }

    private void Handle(ulong token)
    {
        if (token == DirectoryToken)
        {
            _mending.Noticed();
        }
        else if (token is >= FirstPending and < DirectoryToken)
        {
            Hear(token);
        }
        else if (token != WakeToken)
        {
            Accept(token);
        }
    }

    private void Accept(ulong listener)
    {
        int socket = Listener(listener).Number;
        for (int i = 0; i < AcceptedAtOnce; i++)
        {
            int number = LibC.Accept(socket);
            if (number is -(int)Errno.EMFILE or -(int)Errno.ENFILE)
            {
                TurnAway(socket, (Errno)(-number));
                continue;
            }

            if (number < 0)
            {
                if (number is not LibC.Again and not -(int)Errno.ECONNABORTED)
                {
                    _daemon.Log.CannotAccept((Errno)(-number));
                    LookAway();
                }

                return;
            }

            Take(new Descriptor(number), (uint)listener);
        }
    }

    private void Take(Descriptor socket, uint bus)
    {
        if (_pending.Count >= MostPending)
        {
            // The one that has been silent longest is evicted.
            Drop(_pending.MinBy(p => p.Key).Key);
        }

        var connection = new PendingConnection(socket, _daemon, bus);
        ulong token = ++_lastPending;
        _pending.Add(token, connection);
        if (!TryHear(token, connection))
        {
            _ = LibC.EpollAdd(_epoll.Number, connection.Number, LibC.EpollIn | LibC.EpollPeerClosed, token);
        }
    }

    /// <summary>No descriptor is left for a waiting connection. A spare one is used to refuse it, and to hang up.</summary>
    private void TurnAway(int socket, Errno error)
    {
        _daemon.Log.CannotAccept(error);
        _reserve?.Dispose();
        int number = LibC.Accept(socket);
        if (number >= 0)
        {
            using var connection = new Descriptor(number);
            var refusal = BusWelcome.Refusal((int)error, NoDescriptorLeft);
            _ = HandshakeExchange.SendWelcome(connection, refusal, null, null, Deadline.Passed);
        }

        int reserve = LibC.CreateEvent();
        _reserve = reserve < 0 ? null : new Descriptor(reserve);
        if (reserve < 0 || number < 0)
        {
            LookAway();
        }
    }

    /// <summary>Stops accepting for a moment, because a further attempt would fail again at once: for lack of memory, for example.</summary>
    private void LookAway()
    {
        _exhaustedUntil = Stopwatch.GetTimestamp() + (long)(PauseWhenExhausted.TotalSeconds * Stopwatch.Frequency);
        SetListening(0);
    }

    private void SetListening(uint events)
    {
        lock (_lock)
        {
            foreach ((ulong token, ListeningSocket socket) in _listeners)
            {
                _ = LibC.EpollChange(_epoll.Number, socket.Descriptor.Number, events, token);
            }
        }
    }

    private Descriptor Listener(ulong token)
    {
        lock (_lock)
        {
            return _listeners[token].Descriptor;
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
        if (!connection.TryHear())
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
        // -1 stands for never.
        ReadOnlySpan<long> moments = [_mending.NanosecondsLeft, _tidying.NanosecondsLeft, NextMomentOfConnections()];
        long next = LibC.Forever;
        foreach (long moment in moments)
        {
            next = moment >= 0 && (next < 0 || moment < next) ? moment : next;
        }

        return next;
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

        if (_pending.Count > 0 || _daemon.OpenKsocks > 0 || _daemon.Watchers > 0)
        {
            _idleSince = Stopwatch.GetTimestamp();
        }
        else if (Stopwatch.GetElapsedTime(_idleSince) >= limit)
        {
            _daemon.AskToStop("no Ksock has been open for a while");
        }
    }
}
