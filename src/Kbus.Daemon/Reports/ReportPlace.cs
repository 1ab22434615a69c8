using Kbus.Core;

namespace Kbus.Daemon;

/// <summary>Where a report on one bus has got to between two pages. It stays right whatever opens, closes, binds and unbinds meanwhile.</summary>
/// <remarks>
/// Ksocks are told of in the order of opening, each with its bindings, newest first, and then the answers that it is owed, oldest first. Then come the names that are
/// counted. What was there at the start and stays is told of once. A report ends even if Ksocks are opened all the time: it tells of no more than there were at the start. The bus
/// knows the place as long as the report is under way. So a report that is given up must have its place released (<see cref="PlaceRelease"/>).
/// Only the bus's thread touches it.
/// </remarks>
internal sealed class ReportPlace
{
    private readonly EntryCursor<KsockState> _ksocks = new(newestFirst: false);
    private readonly EntryCursor<Binding> _bindings = new(newestFirst: true);
    private readonly EntryCursor<ReplyDebt> _debts = new(newestFirst: false);
    private readonly EntryCursor<NameTraffic> _names = new(newestFirst: false);
    private KsockState? _ksock;
    private KsockState? _observed;
    private bool _isAtDebts;
    private int _ksocksLeft;
    private int _debtsLeft;
    private int _namesLeft;

    /// <summary>How many pages have been filled in.</summary>
    public int Pages { get; set; }

    /// <summary>Goes to the first Ksock of a bus.</summary>
    public void Enter(Bus bus)
    {
        _ksocks.Enter(bus.KsocksByAge);
        _ksocksLeft = bus.KsocksByAge.Count;
        _names.Enter(bus.Names.All);
        _namesLeft = bus.Names.All.Count;
    }

    /// <summary>Leaves the bus: it does not know the place any more.</summary>
    public void Leave()
    {
        LeaveKsock();
        _ksocks.Leave();
        _names.Leave();
    }

    /// <summary>Looks at what comes next, and has the page tell of it unless there is nothing to tell.</summary>
    /// <returns>False if nothing comes any more; the place has left the bus.</returns>
    public bool TellNext(Bus bus, StatusPage page)
    {
        if (_ksock is null)
        {
            return TellKsock(bus, page);
        }

        if (_ksocks.Current != _ksock)
        {
            page.AddClosed();
            LeaveKsock();
        }
        else if (_isAtDebts)
        {
            TellDebt(bus, page);
        }
        else if (_bindings.Current is { } binding)
        {
            page.Add(binding);
            _bindings.Advance();
        }
        else
        {
            _bindings.Leave();
            _debts.Enter(_ksock.Debts);
            _debtsLeft = _ksock.Debts.Count;
            _isAtDebts = true;
        }

        return true;
    }

    private bool TellKsock(Bus bus, StatusPage page)
    {
        if (_ksocks.Current is not { } ksock || _ksocksLeft-- <= 0)
        {
            return TellName(page);
        }

        // Observes what the process has taken by itself.
        _ = bus.NumMessages(ksock);
        page.Add(ksock);
        _ksock = ksock;
        _bindings.Enter(ksock.Bindings);
        return true;
    }

    private bool TellName(StatusPage page)
    {
        if (_names.Current is not { } name || _namesLeft-- == 0)
        {
            Leave();
            return false;
        }

        page.Add(name);
        _names.Advance();
        return true;
    }

    private void TellDebt(Bus bus, StatusPage page)
    {
        if (_debts.Current is not { } debt || _debtsLeft-- == 0)
        {
            LeaveKsock();
            _ksocks.Advance();
            return;
        }

        if (debt.IsQueued && debt.Replier != _observed)
        {
            // Its replier may have taken it by itself; and then it may have left the list.
            _observed = debt.Replier;
            _ = bus.NumMessages(debt.Replier);
        }

        if (_debts.Current == debt)
        {
            if (debt.IsOwed)
            {
                page.Add(debt);
            }

            _debts.Advance();
        }
    }

    private void LeaveKsock()
    {
        _bindings.Leave();
        _debts.Leave();
        _isAtDebts = false;
        _ksock = null;
        _observed = null;
    }
}

/// <summary>Has the bus forget the place of a report that was given up.</summary>
/// <param name="place">The place.</param>
internal sealed class PlaceRelease(ReportPlace place) : BusWork
{
    /// <inheritdoc/>
    public override void CarryOut(BusThread bus) => place.Leave();

    /// <inheritdoc/>
    public override void Abandon()
    {
        // The bus has ended, and the place with it.
    }
}
