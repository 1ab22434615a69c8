using Kbus.Core;
using Kbus.Link;
using Kbus.Linux;
using Kbus.Policy;

namespace Kbus.Daemon;

/// <content>Opening and closing of links, and the deaths of processes (P6).</content>
internal sealed partial class BusThread
{
    private const int KindBits = 2;
    private const ulong KindMask = (1 << KindBits) - 1;
    // The cost of freeing a link's memory and descriptors, in steps.
    private const ulong StepsOfClosing = 500;

    private const ulong WorkToken = 0;
    private const ulong BellToken = 1;
    private const ulong SocketToken = 2;
    private const ulong ProcessToken = 3;

    private readonly HashSet<Session> _sessions = [];
    private readonly Dictionary<ulong, Session> _byToken = [];
    private readonly Dictionary<ulong, ProcessWatch> _watches = [];
    private readonly Dictionary<ulong, ProcessWatch> _watchesByIdentity = [];
    private ulong _lastToken;
    private int _openKsocks;

    /// <summary>The links, in no particular order.</summary>
    public IReadOnlyCollection<Session> Sessions => _sessions;

    /// <summary>Opens a Ksock for a process and welcomes it.</summary>
    public void Open(OpenRequest request)
    {
        if (_stopping)
        {
            request.Dispose();
            return;
        }

        if (Admit(request.Identity, new KsockOwner(request.Peer.ProcessId, request.Peer.UserId, request.Mode), out Admission? admission) is { } refusal)
        {
            Refuse(request, refusal);
            return;
        }

        // Whatever can fail for lack of a resource comes before the Ksock gets its id, so a failed opening uses up no id.
        ulong number = ++_lastToken << KindBits;
        Errno error = Watch(request, number, out ProcessWatch? process);
        if (process is null)
        {
            Refuse(request, error);
            return;
        }

        var session = new Session(this, request, admission!) { Token = number, Process = process };
        session.State = Operations.Open((request.Mode & KsockMode.Write) != 0, session);
        session.TellMaxMessageSize(Bus.MaxMessageSize);
        session.AskForBell();
        request.Memory.Header.Constants.KsockId = session.State.Id;
        _sessions.Add(session);
        _byToken.Add(number, session);
        process.Sessions.Add(session);
        Payloads.Enter(session.Peer.UserId);
        CountKsocks();
        Welcome(session, request);
        if (process.HasEnded && !session.IsClosed)
        {
            HungUp(session);
        }
    }

    /// <summary>Closes the Ksock of a session and frees the link. The caller has carried out what the process sent before.</summary>
    public void Close(Session session)
    {
        if (session.IsClosed)
        {
            return;
        }

        session.IsClosed = true;
        session.EndRinging();
        _carried += StepsOfClosing;
        Operations.Close(session.State);
        _byToken.Remove(session.Token);
        _sessions.Remove(session);
        if (session.IsHot)
        {
            RemoveHot(session);
        }

        if (session.Process.Sessions.Remove(session) && session.Process.Sessions.Count == 0)
        {
            Forget(session.Process);
        }

        // Its memory is still needed, to publish that the Ksock is closed. It is freed after the current operation.
        _closed.Add(session);
        CountKsocks();
        _daemon.TidyLater();
    }

    private void CountKsocks()
    {
        int open = _sessions.Count + _deviceKsocks.Count;
        Volatile.Write(ref _openKsocks, open);
        if (open == 0)
        {
            _daemon.KsocksChanged();
        }
    }

    private Errno Watch(OpenRequest request, ulong number, out ProcessWatch? process)
    {
        process = null;
        int result = LibC.EpollAdd(_epoll.Number, request.Bell.Number, LibC.EpollIn | LibC.EpollEdgeTriggered, number | BellToken);
        if (result >= 0)
        {
            result = LibC.EpollAdd(_epoll.Number, request.Socket.Number, LibC.EpollPeerClosed, number | SocketToken);
        }

        if (result >= 0)
        {
            result = WatchProcess(request, out process);
        }

        return (Errno)Math.Max(0, -result);
    }

    private int WatchProcess(OpenRequest request, out ProcessWatch? process)
    {
        Descriptor? pidfd = request.Process;
        ulong token = (++_lastToken << KindBits) | ProcessToken;
        var watch = new ProcessWatch(pidfd is null ? null : new Descriptor(pidfd.Release()), request.ProcessIdentity, token);
        if (watch.Identity is { } known && _watchesByIdentity.TryGetValue(known, out process))
        {
            watch.Dispose();
            return 0;
        }

        int result = watch.Descriptor is null ? 0 : LibC.EpollAdd(_epoll.Number, watch.Descriptor.Number, LibC.EpollIn, token);
        if (result < 0)
        {
            watch.Dispose();
            process = null;
            return result;
        }

        _watches.Add(token, watch);
        if (watch.Identity is { } identity)
        {
            _watchesByIdentity.Add(identity, watch);
        }

        process = watch;
        return 0;
    }

    private void Forget(ProcessWatch watch)
    {
        _watches.Remove(watch.Token);
        if (watch.Identity is { } identity)
        {
            _watchesByIdentity.Remove(identity);
        }

        watch.Dispose();
    }

    private void Welcome(Session session, OpenRequest request)
    {
        var limits = new BusLimits(session.State.MaxMessages, Bus.MaxMessageSize, Bus.AbsoluteMaxMessageSize);
        var welcome = BusWelcome.Link(session.State.Id, Number, request.Memory.Layout, limits, client: request.Versions);
        HandshakeFault fault = HandshakeExchange.SendWelcome(request.Socket, welcome, request.MemoryFile, request.Bell, Deadline.Passed);

        // The bell stays registered as long as the process has it open. The daemon needs no descriptor for it, nor for the memory.
        request.MemoryFile.Dispose();
        request.Bell.Dispose();
        if (fault != HandshakeFault.None)
        {
            Close(session);
        }
    }

    private static void Refuse(OpenRequest request, Errno error)
    {
        var refusal = BusWelcome.Refusal((int)error, $"The bus cannot watch another Ksock: {error.Describe()}.");
        _ = HandshakeExchange.SendWelcome(request.Socket, refusal, null, null, Deadline.Passed);
        request.Dispose();
    }

    private Session? Find(ulong token) => _byToken.GetValueOrDefault(token & ~KindMask);

    /// <summary>The process closed its end without a Close command, or ended. Commands that it sent before still count, and are carried out in turns.</summary>
    private void HungUp(Session session)
    {
        session.IsEnding = true;
        Heat(session);
    }

    private void ProcessEnded(ulong token)
    {
        if (_watches.TryGetValue(token, out ProcessWatch? watch))
        {
            // A process ends once, but the descriptor would stay readable until its links have been closed, in turns.
            watch.HasEnded = true;
            _ = LibC.EpollRemove(_epoll.Number, watch.Descriptor!.Number);
            foreach (Session session in watch.Sessions)
            {
                HungUp(session);
            }
        }
    }

    /// <summary>Ends the failed sessions, and frees the closed ones.</summary>
    public void CloseFailed()
    {
        // Closing one sends messages to others, which may reveal that they have failed, too.
        for (int i = 0; i < _failed.Count; i++)
        {
            if (!_failed[i].IsClosed)
            {
                _daemon.Log.Misbehaved(Number, _failed[i]);
                Close(_failed[i]);
            }
        }

        _failed.Clear();
        RingRecipients();
        foreach (Session session in _closed)
        {
            session.Dispose();
            Payloads.Leave(session.Peer.UserId);
        }

        _closed.Clear();
    }
}
