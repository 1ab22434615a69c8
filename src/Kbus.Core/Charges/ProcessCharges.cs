namespace Kbus.Core;

/// <summary>What one process holds with all its Ksocks. Made and kept by a <see cref="ChargeBook"/>.</summary>
/// <remarks>
/// Bytes of messages change with each delivery. So the process gets them in advances, and what a delivery changes is the rest of the
/// advance alone.
/// </remarks>
internal sealed class ProcessCharges(UserCharges user, ulong identity, int processId)
{
    /// <summary>Whose process it is.</summary>
    public UserCharges User => user;

    /// <summary>The key that identifies the process.</summary>
    public ulong Identity => identity;

    /// <summary>Its number, for people; 0 if it has none here.</summary>
    public int ProcessId => processId;

    /// <summary>Its Ksocks on the bus. Those whose takes were polled longest ago come first.</summary>
    public ProcessKsocks Ksocks { get; } = new();

    /// <summary>Open Ksocks by which it is entered.</summary>
    public int Entries { get; set; }

    /// <summary>The amounts that it holds. For bytes of messages: the advance.</summary>
    public ChargeAmounts Held;

    /// <summary>The rest of the advance for bytes of messages: never negative, and never more than two advances.</summary>
    public long BytesLeft;

    /// <summary>The amount that it holds of one kind. For bytes of messages: those really used.</summary>
    public long Used(ChargeKind kind) => kind == ChargeKind.MessageBytes ? Held[(int)kind] - BytesLeft : Held[(int)kind];
}
