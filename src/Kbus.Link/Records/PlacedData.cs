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
}
