using System.Runtime.CompilerServices;

namespace Kbus.Core;

/// <summary>An amount of each kind that is charged, in the order of <see cref="ChargeKind"/>.</summary>
[InlineArray(Count)]
internal struct ChargeAmounts
{
    /// <summary>The number of kinds.</summary>
    public const int Count = (int)ChargeKind.Buses + 1;

    private long _first;
}
