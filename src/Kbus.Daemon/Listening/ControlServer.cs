using System.Collections.Concurrent;
using System.Text;
using Kbus.Link;
using Kbus.Linux;

namespace Kbus.Daemon;

/// <summary>Answers questions about the daemon: a connection sends one line and gets one JSON document. It uses up no ids.</summary>
/// <remarks>
/// One thread serves all connections, and never waits for one of them or for a bus. A silent connection costs a descriptor, and a slow reader one
/// page of memory. <see cref="ControlConnections"/> says which connection is evicted when there are too many. Reports get their pages in turns: the
/// user that was served longest ago comes first. <see cref="Replace"/> is for the listening thread. Everything else belongs to the status thread.
/// </remarks>
internal sealed class ControlServer : IDisposable
{
    private const int EventsAtOnce = 64;
    private const int KeptReports = 8;
    private const ulong WakeToken = 0;
    private const ulong ListenerToken = 1;
    private const string NoStatus = "Nobody can be told the status";
    private const long Second = 1_000_000_000;
    private const long Patience = 5 * Second;
    private const long PatienceAfterwards = Second;
    private static readonly TimeSpan PauseAfterFault = TimeSpan.FromMilliseconds(50);
    private static readonly byte[] NoQuestion =
        "{\"error\":\"that is no question of this kbusd: it answers to 'status' and 'charges', and an end of line.\"}"u8.ToArray();

    private static readonly byte[] TooMany = Encoding.ASCII.GetBytes(
        $"{{\"error\":\"EDQUOT: too many questions of this user wait at the control socket ({ControlConnections.MostOfUser} may, and {ControlConnections.Most} of all "
        + "users): the oldest of the process with the most makes way.\"}");

    private readonly Daemon _daemon;
    private readonly ListeningSocket _socket;
    private readonly Descriptor _epoll;
    private readonly Descriptor _wake;
    private readonly EpollEvents _events = new(EventsAtOnce);
    private readonly Thread _thread;
    private readonly ControlConnections _connections = new();
    private readonly Dictionary<uint, BusTurn> _turns = [];
    private readonly ConcurrentQueue<ReportPiece> _filled = new();
    private readonly Stack<StatusReport> _spareReports = new();
    private readonly ControlListener _listener;

    // A leaf. Held while the bell is rung, so that it stays open.
    private readonly Lock _wakeLock = new();
    private ulong _lastToken = ListenerToken;
    private ulong _lastServed;
    private int _came;
    private volatile bool _stopping;

    /// <summary>Opens the socket.</summary>
    /// <exception cref="KbusdException">It cannot be opened.</exception>
    public ControlServer(Daemon daemon, int mode, ulong token)
    {
        _daemon = daemon;
        _thread = Threads.Make("status", Run);
        _epoll = Needed.Descriptor(LibC.CreateEpoll(), "epoll_create1", NoStatus);
        try
        {
            _wake = Needed.Descriptor(LibC.CreateEvent(), "eventfd2", NoStatus);
            _socket = daemon.Serving.Listen(RuntimeDirectory.Control, ControlListener.Backlog, mode, token);
            _listener = new ControlListener(_epoll, ListenerToken, daemon.Log);
        }
        catch
        {
            _epoll.Dispose();
            _wake?.Dispose();
            throw;
        }
    }

    /// <summary>Starts answering.</summary>
    /// <exception cref="KbusdException">The kernel allows no further thread, or no descriptor is left.</exception>
    public void Start()
    {
        _ = Needed.Done(LibC.EpollAdd(_epoll.Number, _wake.Number, LibC.EpollIn | LibC.EpollEdgeTriggered, WakeToken), "epoll_ctl", NoStatus);
        _ = Needed.Done(_listener.Begin(_socket.Descriptor), "epoll_ctl", NoStatus);
        if (!Threads.TryStart(_thread))
        {
            throw new KbusdException($"{NoStatus}: there can be no further thread.");
        }
    }

    /// <summary>Switches to another socket. Connections that wait at the old one are accepted first.</summary>
    public void Replace(Descriptor successor)
    {
        _listener.Replace(successor);
        _ = LibC.SignalEvent(_wake.Number);
    }

    /// <summary>Stops answering and closes the socket. Pages that a bus is filling in stay with the bus.</summary>
    public void Dispose()
    {
        _stopping = true;
        _ = LibC.SignalEvent(_wake.Number);
        if (_thread.IsAlive)
        {
            _thread.Join();
        }

        foreach (ControlConnection connection in _connections.All)
        {
            connection.Dispose();
        }

        foreach (StatusReport report in _spareReports)
        {
            report.Dispose();
        }

        _listener.Dispose();
        _daemon.Serving.Close(_socket);
        _epoll.Dispose();
        _events.Dispose();
        lock (_wakeLock)
        {
            _wake.Dispose();
        }
    }

    private void Run()
    {
        _ = _daemon.Frames.TryRun("the preparation of the status", this, static s => s.Prepare());
        while (!_stopping)
        {
            if (!_daemon.Frames.TryRun("all questions about the status", this, static s => s.Turn()))
            {
                DropAll();

                // What failed may fail again at once.
                _ = LibC.Poll(_wake.Number, 0, Deadline.After(PauseAfterFault));
            }
        }
    }

    private void Turn()
    {
        _came = LibC.EpollWait(_epoll.Number, _events, NextMoment());
        _listener.Resume(LibC.MonotonicNanoseconds());
        for (int i = 0; i < _came && !_stopping; i++)
        {
            Handle(_events.Data(i), _events.Events(i));
        }

        while (_listener.NextEarly() is { } socket)
        {
            Take(socket);
        }

        TakePieces();
        PostPieces();
        DropTheSlow();
        _listener.Keep();
    }

    /// <summary>Loads what a report needs: there may be no descriptor for that when the first question comes.</summary>
    private void Prepare()
    {
        var report = new StatusReport(_daemon);
        report.Begin(viewer: null);
        _spareReports.Push(report);
        _listener.Keep();
    }

    private void DropAll()
    {
        for (int i = _connections.Count - 1; i >= 0; i--)
        {
            DropAlone(_connections.All[i]);
        }
    }

    private void DropAlone(ControlConnection connection) =>
        _ = _daemon.Frames.TryRun("the closing of a question", (Server: this, connection), static q => q.Server.Drop(q.connection));

    private void Handle(ulong token, uint events)
    {
        if (token == ListenerToken)
        {
            Accept();
        }
        else if (_connections.Find(token) is { } connection)
        {
            Serve(connection, c => Advance(c, events));
        }
    }

    /// <summary>The outermost frame of each step of a connection. A fault in it ends that connection.</summary>
    private void Serve(ControlConnection connection, Action<ControlConnection> step)
    {
        ControlState before = connection.State;
        if (!_daemon.Frames.TryRun("a question about the status", connection, step) || connection.State == ControlState.Done)
        {
            DropAlone(connection);
        }
        else if (connection.State != before)
        {
            _ = LibC.EpollChange(_epoll.Number, connection.Number, Wanted(connection.State), connection.Token);
        }
    }

    private static uint Wanted(ControlState state) => state switch
    {
        ControlState.Asking => LibC.EpollIn,
        ControlState.Sending => LibC.EpollOut,

        // Only the hang-up of the process, which epoll always reports.
        _ => 0,
    };

    private void Advance(ControlConnection connection, uint events)
    {
        if (connection.State == ControlState.Asking)
        {
            Hear(connection);
        }
        else if ((events & (LibC.EpollHangUp | LibC.EpollError)) != 0)
        {
            connection.GiveUp();
        }
        else if (connection.State == ControlState.Sending)
        {
            connection.Send();
        }
    }

    private void Hear(ControlConnection connection)
    {
        switch (connection.ReadQuestion())
        {
            case null:
                break;
            case "status":
                connection.Answer(Begun(connection, _spareReports.TryPop(out StatusReport? spare) ? spare : new StatusReport(_daemon)));
                break;
            case "charges":
                connection.Answer(Begun(connection, new ChargesReport(_daemon)));
                break;
            default:
                connection.Refuse(NoQuestion);
                break;
        }
    }

    private Report Begun(ControlConnection connection, Report report)
    {
        report.Begin(_daemon.Policy is { } policy ? new StatusViewer(policy, Peers.Identify(connection.Number, connection.Peer)) : null);
        return report;
    }

    private void Accept()
    {
        while (_listener.Next(MakeRoom) is { } socket)
        {
            Take(socket);
        }
    }

    /// <summary>No descriptor is left: evicts a connection.</summary>
    private bool MakeRoom()
    {
        ControlConnection? superfluous = _connections.Superfluous();
        if (superfluous is not null)
        {
            Drop(superfluous);
        }

        return superfluous is not null;
    }

    private void Take(Descriptor socket)
    {
        if (LibC.PeerCredentials(socket.Number, out PeerCredentials peer) < 0)
        {
            socket.Dispose();
            return;
        }

        if (_connections.InTheWayOf(peer.UserId) is { } superfluous)
        {
            superfluous.Refuse(TooMany);
            Drop(superfluous);
        }

        var connection = new ControlConnection(socket, peer, ++_lastToken) { UserServed = _lastServed, Served = _lastServed };
        _connections.Add(connection);
        _ = LibC.EpollAdd(_epoll.Number, connection.Number, Wanted(connection.State), connection.Token);

        // Usually the question has arrived already.
        Serve(connection, Hear);
    }

    private void Drop(ControlConnection connection)
    {
        _connections.Remove(connection);
        try
        {
            GiveBackReport(connection);
        }
        finally
        {
            connection.Dispose();
        }

        if (_connections.Count == 0)
        {
            // Many questions leave garbage.
            _daemon.TidyLater();
        }
    }

    private void GiveBackReport(ControlConnection connection)
    {
        if (connection.Report is { } report)
        {
            LeaveBus(connection);
            _ = connection.TakeReport();
            if (report is StatusReport status && _spareReports.Count < KeptReports)
            {
                _spareReports.Push(status);
            }
            else
            {
                report.Dispose();
            }
        }
    }

    /// <summary>A report is given up at its bus. The bus is notified now, or when it returns the page that it is filling in.</summary>
    private void LeaveBus(ControlConnection connection)
    {
        if (connection.Report is { Bus: { } bus } report && TurnOf(connection).For != connection && report.Release() is { } work)
        {
            _ = bus.Post(work);
        }
    }

    private void Filled(ReportPiece piece)
    {
        _filled.Enqueue(piece);
        lock (_wakeLock)
        {
            if (!_stopping)
            {
                _ = LibC.SignalEvent(_wake.Number);
            }
        }
    }

    private void TakePieces()
    {
        while (_filled.TryDequeue(out ReportPiece? piece))
        {
            BusTurn turn = _turns.Values.First(t => t.Piece == piece);
            if (turn.TakeBack(LibC.MonotonicNanoseconds()) is { } connection)
            {
                connection.LastProgress = LibC.MonotonicNanoseconds();
                Serve(connection, c => c.Take(piece));
            }
        }
    }

    /// <summary>Requests a page from each bus that may be asked: for the user that was served longest ago, and for its connection that was.</summary>
    private void PostPieces()
    {
        long now = LibC.MonotonicNanoseconds();
        while (NextWaiting(now) is { } next)
        {
            next.Served = ++_lastServed;
            foreach (ControlConnection other in _connections.All)
            {
                if (other.Peer.UserId == next.Peer.UserId)
                {
                    other.UserServed = _lastServed;
                }
            }

            TurnOf(next).Post(next);
        }
    }

    private ControlConnection? NextWaiting(long now)
    {
        ControlConnection? next = null;
        foreach (ControlConnection connection in _connections.All)
        {
            if (connection.State == ControlState.Waiting
                && TurnOf(connection) is { For: null, NotBefore: long notBefore } && notBefore <= now
                && (next is null || (connection.UserServed, connection.Served).CompareTo((next.UserServed, next.Served)) < 0))
            {
                next = connection;
            }
        }

        return next;
    }

    private BusTurn TurnOf(ControlConnection connection)
    {
        uint number = connection.Report!.Number;
        if (!_turns.TryGetValue(number, out BusTurn? turn))
        {
            turn = new BusTurn(Filled);
            _turns.Add(number, turn);
        }

        return turn;
    }

    private long NextMoment()
    {
        if (_connections.Count == 0 && _listener.PausedUntil == 0)
        {
            return LibC.Forever;
        }

        long now = LibC.MonotonicNanoseconds();
        long next = _listener.PausedUntil != 0 ? Math.Min(now + Second, _listener.PausedUntil) : now + Second;
        foreach (ControlConnection connection in _connections.All)
        {
            if (connection.State == ControlState.Waiting && TurnOf(connection) is { For: null, NotBefore: long notBefore })
            {
                next = Math.Min(next, notBefore);
            }
        }

        return Math.Max(0, next - now);
    }

    private void DropTheSlow()
    {
        long now = LibC.MonotonicNanoseconds();
        for (int i = _connections.Count - 1; i >= 0; i--)
        {
            ControlConnection connection = _connections.All[i];
            if (now - connection.LastProgress <= Patience)
            {
                continue;
            }

            if (connection.State == ControlState.Waiting)
            {
                // The bus is slow, not the process. The first slow bus gets the whole time, and each further one a short time.
                LeaveBus(connection);
                Serve(connection, c => c.Miss());
                connection.LastProgress = now - Patience + PatienceAfterwards;
            }
            else
            {
                Drop(connection);
            }
        }
    }
}
