using Kbus.Core;

namespace Kbus.Daemon;

/// <summary>Who holds how much: of all rows that are added, the users and the processes with the greatest part of any limit.</summary>
internal sealed class ChargesTable(IReadOnlyList<ChargeKind> kinds)
{
    // Whoever looks for a culprit finds him among so many; and reading it stays short.
    private const int MostRows = 100;

    private readonly PriorityQueue<ChargesRow, double> _processes = new();
    private readonly Dictionary<uint, ChargesRow> _users = [];
    private readonly Dictionary<uint, long> _unused = [];

    /// <summary>How much there may be in all.</summary>
    public ChargeAmounts Limits;

    /// <summary>How much is held in all.</summary>
    public ChargeAmounts Held;

    /// <summary>What it is about.</summary>
    public IReadOnlyList<ChargeKind> Kinds => kinds;

    /// <summary>How many users hold something.</summary>
    public int UsersInAll => _users.Count;

    /// <summary>How many processes have Ksocks.</summary>
    public int ProcessesInAll { get; private set; }

    /// <summary>The users that hold the greatest part, greatest first.</summary>
    public IReadOnlyList<ChargesRow> Users
    {
        get
        {
            var greatest = new PriorityQueue<ChargesRow, double>();
            foreach (ChargesRow user in _users.Values)
            {
                // Of bytes of messages some are advanced to processes that do not use them yet. That is nothing that anybody holds.
                ChargesRow row = user;
                ref long bytes = ref row.Held[(int)ChargeKind.MessageBytes];
                bytes = Math.Max(0, bytes - _unused.GetValueOrDefault(row.UserId));
                Add(greatest, row);
            }

            return GreatestFirst(greatest);
        }
    }

    /// <summary>The processes that hold the greatest part, greatest first. Can be asked for once.</summary>
    public IReadOnlyList<ChargesRow> Processes => GreatestFirst(_processes);

    /// <summary>Takes down limits and totals.</summary>
    public void Begin(in ChargeAmounts limits, in ChargeAmounts held) => (Limits, Held) = (limits, held);

    /// <summary>Takes up what a user holds.</summary>
    public void AddUser(in ChargesRow user) => _users[user.UserId] = user;

    /// <summary>Takes up what a process holds.</summary>
    public void AddProcess(in ChargesRow process)
    {
        ProcessesInAll++;
        _unused[process.UserId] = _unused.GetValueOrDefault(process.UserId) + process.Unused;
        ref long bytes = ref Held[(int)ChargeKind.MessageBytes];
        bytes = Math.Max(0, bytes - process.Unused);
        Add(_processes, process);
    }

    private void Add(PriorityQueue<ChargesRow, double> rows, in ChargesRow row)
    {
        double greatest = 0;
        foreach (ChargeKind kind in kinds)
        {
            greatest = Math.Max(greatest, row.Held[(int)kind] / (double)Math.Max(1, Limits[(int)kind]));
        }

        rows.Enqueue(row, greatest);
        if (rows.Count > MostRows)
        {
            rows.Dequeue();
        }
    }

    private static ChargesRow[] GreatestFirst(PriorityQueue<ChargesRow, double> rows)
    {
        var sorted = new ChargesRow[rows.Count];
        for (int i = sorted.Length - 1; i >= 0; i--)
        {
            sorted[i] = rows.Dequeue();
        }

        return sorted;
    }
}
