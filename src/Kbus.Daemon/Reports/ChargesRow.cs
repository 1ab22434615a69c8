using Kbus.Core;

namespace Kbus.Daemon;

/// <summary>What one user or process holds, and how much it may hold as things are.</summary>
internal struct ChargesRow
{
    /// <summary>What is charged on a bus.</summary>
    public static readonly IReadOnlyList<ChargeKind> OfBus = [ChargeKind.Bindings, ChargeKind.NameBytes, ChargeKind.Requests, ChargeKind.MessageBytes];

    /// <summary>What is charged on the daemon itself.</summary>
    public static readonly IReadOnlyList<ChargeKind> OfDaemon = [ChargeKind.Ksocks, ChargeKind.Buses];

    /// <summary>The user.</summary>
    public uint UserId;

    /// <summary>The process; 0 for a user, and for one that has no number here.</summary>
    public int ProcessId;

    /// <summary>What it holds. Of a user's bytes of messages: what was advanced, some of which processes may not use yet.</summary>
    public ChargeAmounts Held;

    /// <summary>How much it may hold.</summary>
    public ChargeAmounts Share;

    /// <summary>What is left of the advance for bytes of messages of a process. Nobody holds that.</summary>
    public long Unused;

    /// <summary>Takes down what a process holds.</summary>
    public static ChargesRow Of(ChargeBook book, ProcessCharges process, IReadOnlyList<ChargeKind> kinds)
    {
        var row = new ChargesRow { UserId = process.User.UserId, ProcessId = process.ProcessId, Unused = process.BytesLeft };
        foreach (ChargeKind kind in kinds)
        {
            row.Held[(int)kind] = process.Used(kind);
            row.Share[(int)kind] = book.ShareOf(process, kind);
        }

        return row;
    }

    /// <summary>Takes down what a user holds.</summary>
    public static ChargesRow Of(ChargeBook book, UserCharges user, IReadOnlyList<ChargeKind> kinds)
    {
        var row = new ChargesRow { UserId = user.UserId };
        foreach (ChargeKind kind in kinds)
        {
            row.Held[(int)kind] = user.Held[(int)kind];
            row.Share[(int)kind] = book.ShareOf(user, kind);
        }

        return row;
    }
}
