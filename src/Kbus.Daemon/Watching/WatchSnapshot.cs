using Kbus.Core;

namespace Kbus.Daemon;

/// <summary>Tells a new watcher of the Ksocks and bindings that were there when it came, in slices between other work.</summary>
/// <remarks>
/// The newest come first. So nothing that is made meanwhile is told twice, and what ends meanwhile is not told any more. If the ring has no room,
/// the rest is lost like any other event: the bus does not wait.
/// </remarks>
/// <param name="watcher">The watcher.</param>
internal sealed class WatchSnapshot(Watcher watcher) : BusWork
{
    private const int EntriesInSlice = 64;

    private readonly EntryCursor<KsockState> _ksocks = new(newestFirst: true);
    private readonly EntryCursor<Binding> _bindings = new(newestFirst: true);

    /// <summary>Takes down where it begins. What comes later is told by events.</summary>
    public void Begin(BusThread bus)
    {
        _ksocks.Enter(bus.Bus.KsocksByAge);
        _bindings.Enter(bus.Bus.AllBindings);
    }

    /// <inheritdoc/>
    public override void CarryOut(BusThread bus)
    {
        if (bus.Watchers is { } watchers && watchers.All.Contains(watcher) && TellSome(watchers))
        {
            _ = bus.Post(this);
            return;
        }

        _ksocks.Leave();
        _bindings.Leave();
    }

    /// <inheritdoc/>
    public override void Abandon()
    {
        // The bus has ended, and the watcher with it.
    }

    /// <summary>Tells of some. True if there may be more.</summary>
    private bool TellSome(BusWatchers watchers)
    {
        for (int left = EntriesInSlice; left > 0; left--)
        {
            bool isTold = true;
            if (_ksocks.Current is { } ksock)
            {
                isTold = watchers.TryTellPresent(watcher, ksock);
                _ksocks.Advance();
            }
            else if (_bindings.Current is { } binding)
            {
                isTold = !binding.Ksock.IsOpen || watchers.TryTellPresent(watcher, binding);
                _bindings.Advance();
            }
            else
            {
                watchers.TellPresentEnd(watcher);
                return false;
            }

            if (!isTold)
            {
                watchers.TellPresentEnd(watcher);
                return false;
            }
        }

        return true;
    }
}
