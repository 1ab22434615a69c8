namespace Kbus.Core;

/// <summary>What one user's processes hold together. Made and kept by a <see cref="ChargeBook"/>.</summary>
internal sealed class UserCharges(uint userId, uint node)
{
    /// <summary>The user.</summary>
    public uint UserId => userId;

    /// <summary>The node whose user it is.</summary>
    public uint Node => node;

    /// <summary>The amounts that the user's processes hold.</summary>
    public ChargeAmounts Held;

    /// <summary>The number of the user's processes that hold more than the floor.</summary>
    public ChargeAmounts ProcessesWithMuch;

    /// <summary>The user's processes that have Ksocks, by their identity.</summary>
    public Dictionary<ulong, ProcessCharges> Processes { get; } = [];

    /// <summary>True while the user holds something that no process of his has to be there for.</summary>
    public bool HoldsForGood => Held[(int)ChargeKind.Buses] > 0;
}
