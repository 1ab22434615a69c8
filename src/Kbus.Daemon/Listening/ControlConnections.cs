namespace Kbus.Daemon;

/// <summary>The connections to the control socket, and who makes way when there are too many: never another user's, but one's own.</summary>
/// <remarks>
/// A user has a part of all places at most. Where that part, or everything, is taken, a connection of the process with the most makes way, of that user or of the user
/// with the most: one that has asked nothing before one that does not read its answer, and that before one whose answer is being made; the oldest first.
/// So a single connection of an honest process stays, whatever others of its user open. The status thread alone touches it.
/// </remarks>
internal sealed class ControlConnections
{
    /// <summary>Connections in all, at most.</summary>
    public const int Most = 64;

    /// <summary>Connections of one user, at most.</summary>
    public const int MostOfUser = 32;

    // The oldest first. Few enough to be looked through one by one, and without leaving garbage.
    private readonly List<ControlConnection> _all = [];

    /// <summary>How many there are.</summary>
    public int Count => _all.Count;

    /// <summary>All of them, the oldest first.</summary>
    public IReadOnlyList<ControlConnection> All => _all;

    /// <summary>The connection with this number; null if it has gone.</summary>
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

    /// <summary>Takes one out; nothing happens if it has gone already.</summary>
    public void Remove(ControlConnection connection) => _all.Remove(connection);

    /// <summary>Which connection must make way for a further one of a user; null if none must.</summary>
    public ControlConnection? InTheWayOf(uint user)
    {
        if (CountOf(user, null) >= MostOfUser)
        {
            return Superfluous(user);
        }

        return _all.Count >= Most ? Superfluous() : null;
    }

    /// <summary>The connection that can best be done without, of all; null if there is none.</summary>
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
