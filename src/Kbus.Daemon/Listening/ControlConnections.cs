namespace Kbus.Daemon;

/// <summary>The connections to the control socket. If there are too many, one of them is evicted: never another user's, if the user has any.</summary>
/// <remarks>
/// Each user has at most a part of all places. If that part is full, a connection of this user is evicted; if all places are, one of the user with
/// the most. It is one of the process with the most. First come those that have asked nothing, then those that do not read their answer, then the
/// others; the oldest first. So a single connection of an honest process stays, whatever other processes of its user open. Only the status thread uses it.
/// </remarks>
internal sealed class ControlConnections
{
    /// <summary>Connections in all, at most.</summary>
    public const int Most = 64;

    /// <summary>Connections of one user, at most.</summary>
    public const int MostOfUser = 32;

    // The oldest first. A list is good enough for so few, and leaves no garbage.
    private readonly List<ControlConnection> _all = [];

    /// <summary>How many there are.</summary>
    public int Count => _all.Count;

    /// <summary>All of them, the oldest first.</summary>
    public IReadOnlyList<ControlConnection> All => _all;

    /// <summary>The connection with this number; null if it has closed.</summary>
    public ControlConnection? Find(ulong token)
    {
        foreach (ControlConnection connection in _all)
        {
            if (connection.Token == token)
            {
                return connection;
            }
        }

        return null;
    }

    /// <summary>Adds one. The caller has made room.</summary>
    public void Add(ControlConnection connection) => _all.Add(connection);

    /// <summary>Removes one. Nothing happens if it has been removed already.</summary>
    public void Remove(ControlConnection connection) => _all.Remove(connection);

    /// <summary>The connection to evict for a new one of a user; null if there is room.</summary>
    public ControlConnection? InTheWayOf(uint user)
    {
        if (CountOf(user, null) >= MostOfUser)
        {
            return Superfluous(user);
        }

        return _all.Count >= Most ? Superfluous() : null;
    }

    /// <summary>The connection to evict first, of all; null if there is none.</summary>
    public ControlConnection? Superfluous()
    {
        uint? user = null;
        int most = 0;
        foreach (ControlConnection connection in _all)
        {
            int count = CountOf(connection.Peer.UserId, null);
            (user, most) = count > most ? (connection.Peer.UserId, count) : (user, most);
        }

        return user is { } found ? Superfluous(found) : null;
    }

    private ControlConnection? Superfluous(uint user)
    {
        ControlConnection? superfluous = null;
        (int Count, int Rank) worst = default;
        foreach (ControlConnection connection in _all)
        {
            if (connection.Peer.UserId == user)
            {
                (int, int) bad = (CountOf(user, connection.Peer.ProcessId), RankOf(connection.State));
                if (superfluous is null || bad.CompareTo(worst) > 0)
                {
                    (superfluous, worst) = (connection, bad);
                }
            }
        }

        return superfluous;
    }

    private static int RankOf(ControlState state) => state switch
    {
        ControlState.Asking => 2,
        ControlState.Sending => 1,
        _ => 0,
    };

    private int CountOf(uint user, int? process)
    {
        int count = 0;
        foreach (ControlConnection connection in _all)
        {
            if (connection.Peer.UserId == user && (process is null || connection.Peer.ProcessId == process))
            {
                count++;
            }
        }

        return count;
    }
}
