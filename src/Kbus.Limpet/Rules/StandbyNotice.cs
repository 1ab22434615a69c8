namespace Kbus.Limpets;

/// <summary>The last word of a Limpet whose link closes a ring of buses: the peer too then knows why the link ends, and that it is on
/// standby from now on.</summary>
/// <remarks>It is an announcement named as a <see cref="RingProbe"/>, with 8 bytes of data. Peers that do not know it leave it, or carry it
/// like any announcement. A false one ends only the link of who sent it.</remarks>
internal static class StandbyNotice
{
    /// <summary>Its data.</summary>
    public static ReadOnlySpan<byte> Data => "standby\n"u8;

    /// <summary>Whether data is one's.</summary>
    public static bool Is(ReadOnlySpan<byte> data) => data.SequenceEqual(Data);
}
