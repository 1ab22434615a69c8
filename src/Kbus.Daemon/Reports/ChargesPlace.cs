using Kbus.Core;

namespace Kbus.Daemon;

/// <summary>Where a report on the charges of one bus has got to between two pages. It stays right whatever opens and closes meanwhile.</summary>
/// <remarks>
/// Who holds something has a Ksock. So it goes through the Ksocks in the order of opening, as many as there were at the start. The bus knows the place as
/// long as the report is under way; one that is given up must have it released (<see cref="ChargesRelease"/>). Only the bus's thread touches it.
/// </remarks>
internal sealed class ChargesPlace
{
    private readonly EntryCursor<KsockState> _ksocks = new(newestFirst: false);
    private readonly HashSet<ProcessCharges> _processes = [];
    private readonly HashSet<UserCharges> _users = [];
    private bool _isEntered;
    private int _left;

    /// <summary>Goes to the first Ksock of a bus, the first time.</summary>
    public void Enter(Bus bus)
    {
        if (!_isEntered)
        {
            _isEntered = true;
            _ksocks.Enter(bus.KsocksByAge);
            _left = bus.KsocksByAge.Count;
        }
    }

    /// <summary>Goes on to the next Ksock.</summary>
    /// <param name="process">Its process, if that has not come up before.</param>
    /// <param name="user">Its user, likewise.</param>
    /// <returns>False if there is none; the place has left the bus.</returns>
    public bool TryNext(out ProcessCharges? process, out UserCharges? user)
    {
        (process, user) = (null, null);
        if (_ksocks.Current is not { } ksock || _left-- == 0)
        {
            Leave();
            return false;
        }

        process = _processes.Add(ksock.Charges) ? ksock.Charges : null;
        user = process is not null && _users.Add(process.User) ? process.User : null;
        _ksocks.Advance();
        return true;
    }

    /// <summary>Leaves the bus: it does not know the place any more.</summary>
    public void Leave() => _ksocks.Leave();
}

/// <summary>Has the bus forget the place of a report on charges that was given up.</summary>
/// <param name="place">The place.</param>
internal sealed class ChargesRelease(ChargesPlace place) : BusWork
{
    /// <inheritdoc/>
    public override void CarryOut(BusThread bus) => place.Leave();

    /// <inheritdoc/>
    public override void Abandon()
    {
        // The bus has ended, and the place with it.
    }
}
