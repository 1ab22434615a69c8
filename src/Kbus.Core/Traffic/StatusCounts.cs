using System.Runtime.CompilerServices;

namespace Kbus.Core;

/// <summary>A count for each <see cref="StatusKind"/>.</summary>
[InlineArray(Count)]
internal struct StatusCounts
{
    /// <summary>The number of kinds.</summary>
    public const int Count = (int)StatusKind.ErrorSending + 1;

    private ulong _first;
}
