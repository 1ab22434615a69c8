using System.Runtime.InteropServices;

namespace Kbus.Link;

/// <summary>Where the data of a big message is, for one recipient.</summary>
/// <param name="Area">Which of the payload areas that came over the link's socket, counted from 0 in the order of their coming.</param>
/// <param name="Spare">Zero.</param>
/// <param name="Offset">Where the data begins in that area, in bytes.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct PlacedData(uint Area, uint Spare, long Offset)
{
    /// <summary>Bytes of this record.</summary>
    public const int Size = 16;

    /// <summary>The number by which a placed message is given back.</summary>
    /// <param name="lane">The lane by which it came.</param>
    /// <param name="count">Which of the placed messages that were taken from this lane it is, from 1.</param>
    public static ulong NumberOf(DeliveryLane lane, ulong count) => (count << 1) | (uint)lane;
}
