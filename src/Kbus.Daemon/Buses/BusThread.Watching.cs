using Kbus.Core;
using Kbus.Link;
using Kbus.Linux;
using Kbus.Policy;

namespace Kbus.Daemon;

/// <content>The watchers of the bus. Without one, an operation pays one comparison, and the loop another.</content>
internal sealed partial class BusThread
{
    // Ringing a watcher is a system call. So it is done so often while the bus is busy, and whenever it goes to sleep.
    private const long NanosecondsBetweenRingsOfWatchers = 1_000_000;

    private readonly Dictionary<ulong, Watcher> _watchersByToken = [];
    private long _rungWatchers;
    private int _watcherCount;

    /// <summary>The watchers; null if there are none.</summary>
    public BusWatchers? Watchers { get; private set; }

    /// <summary>How many watchers there are, as any thread may ask.</summary>
    public int WatcherCount => Volatile.Read(ref _watcherCount);

    /// <summary>The time of the loop's clock, in nanoseconds.</summary>
    public long Now() => Clock();

    /// <summary>Lets somebody watch from the next event on.</summary>
    public void Watch(WatchRequest request)
    {
        if (_stopping)
        {
            request.Dispose();
            return;
        }

        if (WhyNotWatch(request) is var (error, why, isByPolicy))
        {
            var refusal = BusWelcome.Refusal((int)error, why, isByPolicy);
            _ = HandshakeExchange.SendWelcome(request.Socket, refusal, null, null, Deadline.Passed);
            request.Dispose();
            return;
        }

        ulong token = ++_lastToken << KindBits;
        int result = LibC.EpollAdd(_epoll.Number, request.Socket.Number, LibC.EpollPeerClosed, token | SocketToken);
        if (result < 0)
        {
            var refusal = BusWelcome.Refusal(-result, $"The bus cannot serve another watcher: {((Errno)(-result)).Describe()}.");
            _ = HandshakeExchange.SendWelcome(request.Socket, refusal, null, null, Deadline.Passed);
            request.Dispose();
            return;
        }

        var watcher = new Watcher(request, token);
        Watchers ??= new BusWatchers(this);
        Watchers.Add(watcher);
        _watchersByToken.Add(token, watcher);
        Bus.Observer = Watchers;
        CountWatchers();
        var limits = new BusLimits(0, Bus.MaxMessageSize, Bus.AbsoluteMaxMessageSize);
        var welcome = BusWelcome.Link(WatchWire.Version, Number, request.Memory.Layout, limits, client: request.Versions);
        HandshakeFault fault = HandshakeExchange.SendWelcome(request.Socket, welcome, request.MemoryFile, request.Bell, Deadline.Passed);
        request.MemoryFile.Dispose();
        request.Bell.Dispose();
        if (fault != HandshakeFault.None)
        {
            EndWatching(watcher);
            return;
        }

        var snapshot = new WatchSnapshot(watcher);
        snapshot.Begin(this);
        _ = Post(snapshot);
    }

    /// <summary>Ends the watchers that another policy does not let watch.</summary>
    public void JudgeWatchers(PolicyRules rules)
    {
        foreach (Watcher watcher in _watchersByToken.Values.ToArray())
        {
            if (!rules.For(watcher.Identity ?? Identity.Unknown, Number).Decide(PolicyAction.Watch).IsAllowed)
            {
                EndWatching(watcher);
            }
        }
    }

    private (Errno Error, string Why, bool IsByPolicy)? WhyNotWatch(WatchRequest request)
    {
        if (Policy is { } policy && DaemonPolicy.WhyNotWatch(policy, policy.For(request.Identity ?? Identity.Unknown, Number), Number) is { } why)
        {
            return (Errno.EPERM, why, true);
        }

        int ofUser = _watchersByToken.Values.Count(w => w.Peer.UserId == request.Peer.UserId);
        if (_watchersByToken.Count >= BusWatchers.Most || ofUser >= BusWatchers.MostOfUser)
        {
            return (
                Errno.EDQUOT,
                $"Bus {Number} has {_watchersByToken.Count} watchers, {ofUser} of them of this user. It serves {BusWatchers.Most}, and {BusWatchers.MostOfUser} of one user.",
                false);
        }

        return null;
    }

    private void EndWatching(Watcher watcher)
    {
        if (!_watchersByToken.Remove(watcher.Token))
        {
            return;
        }

        Watchers!.Remove(watcher);
        if (_watchersByToken.Count == 0)
        {
            Bus.Observer = null;
            Watchers = null;
        }

        watcher.Dispose();
        CountWatchers();
    }

    private void CountWatchers()
    {
        Volatile.Write(ref _watcherCount, _watchersByToken.Count);
        if (_watchersByToken.Count == 0)
        {
            _daemon.KsocksChanged();
        }
    }

    /// <summary>Publishes what watchers were told, at the end of a piece of work.</summary>
    private void PublishWatched()
    {
        if (Watchers is { HasNews: true } watchers)
        {
            watchers.Publish();
            foreach (Watcher watcher in watchers.All)
            {
                if (watcher.HasFailed)
                {
                    EndWatching(watcher);
                    return;
                }
            }
        }
    }

    /// <summary>Rings the watchers that sleep, if it is time.</summary>
    /// <param name="isGoingToSleep">True if the bus has nothing else to do.</param>
    private void RingWatchers(bool isGoingToSleep)
    {
        if (isGoingToSleep || _now - _rungWatchers >= NanosecondsBetweenRingsOfWatchers)
        {
            _rungWatchers = _now;
            Enter();
            Watchers?.Ring();
            Leave();
        }
    }

    private void HangUpWatchers()
    {
        Bus.Observer = null;
        foreach (Watcher watcher in _watchersByToken.Values)
        {
            watcher.Publish();
            _ = _daemon.Frames.TryRun("the hanging up of a watcher", watcher, static w => w.Dispose());
        }

        _watchersByToken.Clear();
        Volatile.Write(ref _watcherCount, 0);
    }
}
