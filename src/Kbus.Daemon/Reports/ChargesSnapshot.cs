using Kbus.Core;

namespace Kbus.Daemon;

/// <summary>Who holds how much, at one moment: the users and the processes with the greatest part of any limit.</summary>
internal sealed class ChargesSnapshot
{
    // Whoever looks for a culprit finds him among so many; and making a snapshot and reading it stay short.
    private const int MostRows = 100;

    /// <summary>Takes down what a book says. The caller keeps others from changing it meanwhile.</summary>
    public ChargesSnapshot(ChargeBook book, IReadOnlyList<ChargeKind> kinds)
    {
        Kinds = kinds;
        foreach (ChargeKind kind in kinds)
        {
            Limits[(int)kind] = book.LimitOf(kind);
            Held[(int)kind] = book.HeldOf(kind);
        }

        var users = new PriorityQueue<Row, double>();
        var processes = new PriorityQueue<Row, double>();
        foreach (UserCharges user in book.Users)
        {
            // Of bytes of messages some are advanced to processes that do not use them yet. That is nothing that anybody holds.
            long unused = 0;
            foreach (ProcessCharges process in user.Processes.Values)
            {
                ProcessesInAll++;
                unused += process.BytesLeft;
                Add(processes, RowOf(user.UserId, process.ProcessId, AmountsOf(process), kind => book.ShareOf(process, kind)));
            }

            UsersInAll++;
            ChargeAmounts held = user.Held;
            held[(int)ChargeKind.MessageBytes] -= unused;
            Held[(int)ChargeKind.MessageBytes] -= unused;
            Add(users, RowOf(user.UserId, 0, held, kind => book.ShareOf(user, kind)));
        }

        Users = GreatestFirst(users);
        Processes = GreatestFirst(processes);
    }

    /// <summary>What it is about.</summary>
    public IReadOnlyList<ChargeKind> Kinds { get; }

    /// <summary>How much there may be in all.</summary>
    public ChargeAmounts Limits;

    /// <summary>How much is held in all.</summary>
    public ChargeAmounts Held;

    /// <summary>How many users hold something.</summary>
    public int UsersInAll { get; }

    /// <summary>How many processes have Ksocks.</summary>
    public int ProcessesInAll { get; }

    /// <summary>The users that hold the greatest part, greatest first.</summary>
    public IReadOnlyList<Row> Users { get; }

    /// <summary>The processes that hold the greatest part, greatest first.</summary>
    public IReadOnlyList<Row> Processes { get; }

    private ChargeAmounts AmountsOf(ProcessCharges process)
    {
        ChargeAmounts amounts = default;
        foreach (ChargeKind kind in Kinds)
        {
            amounts[(int)kind] = process.Used(kind);
        }

        return amounts;
    }

    private Row RowOf(uint user, int process, in ChargeAmounts held, Func<ChargeKind, long> shareOf)
    {
        var row = new Row { UserId = user, ProcessId = process, Held = held };
        foreach (ChargeKind kind in Kinds)
        {
            row.Share[(int)kind] = shareOf(kind);
        }

        return row;
    }

    private void Add(PriorityQueue<Row, double> rows, in Row row)
    {
        double greatest = 0;
        foreach (ChargeKind kind in Kinds)
        {
            greatest = Math.Max(greatest, row.Held[(int)kind] / (double)Math.Max(1, Limits[(int)kind]));
        }

        rows.Enqueue(row, greatest);
        if (rows.Count > MostRows)
        {
            rows.Dequeue();
        }
    }

    private static Row[] GreatestFirst(PriorityQueue<Row, double> rows)
    {
        var sorted = new Row[rows.Count];
        for (int i = sorted.Length - 1; i >= 0; i--)
        {
            sorted[i] = rows.Dequeue();
        }

        return sorted;
    }

    /// <summary>What one user or process holds, and how much it may hold as things are.</summary>
    internal struct Row
    {
        public uint UserId;
        public int ProcessId;
        public ChargeAmounts Held;
        public ChargeAmounts Share;
    }
}
