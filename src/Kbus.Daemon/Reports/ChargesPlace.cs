using Kbus.Core;

namespace Kbus.Daemon;

/// <summary>Where a report on charges has got to between two pages. It stays right whatever opens and closes meanwhile.</summary>
/// <remarks>
/// Who holds something has a Ksock. So it goes through the Ksocks in the order of opening, as many as there were at the start. Their list knows the place
/// as long as the report is under way; one that is given up must leave it. Only who may change the list touches it: a bus's own thread
/// (<see cref="ChargesRelease"/>), or a thread that holds the lock of <see cref="DaemonShares"/>.
/// </remarks>
/// <typeparam name="T">What stands for a Ksock in that list.</typeparam>
/// <param name="chargesOf">What its process holds.</param>
internal sealed class ChargesPlace<T>(Func<T, ProcessCharges> chargesOf)
    where T : class
{
    private readonly EntryCursor<T> _ksocks = new(newestFirst: false);
    private readonly HashSet<ProcessCharges> _processes = [];
    private readonly HashSet<UserCharges> _users = [];
    private int _left;

    /// <summary>Whether it has been at the first Ksock.</summary>
    public bool IsEntered { get; private set; }

    /// <summary>Goes to the first Ksock of a list, the first time.</summary>
    public void Enter(LinkedEntries<T> ksocks)
    {
        if (!IsEntered)
        {
            IsEntered = true;
            _ksocks.Enter(ksocks);
            _left = ksocks.Count;
        }
    }

    /// <summary>Goes on to the next Ksock.</summary>
    /// <param name="process">Its process, if that has not come up before.</param>
    /// <param name="user">Its user, likewise.</param>
    /// <returns>False if there is none; the place has left the list.</returns>
    public bool TryNext(out ProcessCharges? process, out UserCharges? user)
    {
        (process, user) = (null, null);
        if (_ksocks.Current is not { } ksock || _left-- == 0)
        {
            Leave();
            return false;
        }

        ProcessCharges charges = chargesOf(ksock);
        process = _processes.Add(charges) ? charges : null;
        user = process is not null && _users.Add(process.User) ? process.User : null;
        _ksocks.Advance();
        return true;
    }

    /// <summary>Leaves the list: it does not know the place any more.</summary>
    public void Leave() => _ksocks.Leave();
}
