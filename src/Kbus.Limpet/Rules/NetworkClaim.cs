using System.Buffers.Binary;

namespace Kbus.Limpets;

/// <summary>What a Limpet says on its own bus when its network ids come by another Limpet of that bus.</summary>
/// <remarks>It is an announcement named as a <see cref="RingProbe"/>, with 8 bytes of data, big-endian: the two network ids of its link, the
/// greater one first. No Limpet carries it. It counts only if the bus knows its sender as the Limpet of one of them.</remarks>
/// <param name="GreaterId">The greater one.</param>
/// <param name="LesserId">The other one.</param>
internal readonly record struct NetworkClaim(uint GreaterId, uint LesserId)
{
    private const int Length = 2 * sizeof(uint);

    /// <summary>The claim of a link.</summary>
    public static NetworkClaim Of(LinkRank rank) => new(rank.GreaterId, rank.LesserId);

    /// <summary>Reads its data.</summary>
    /// <returns>False if the data is none.</returns>
    public static bool TryRead(ReadOnlySpan<byte> data, out NetworkClaim claim)
    {
        claim = data.Length == Length
            ? new NetworkClaim(BinaryPrimitives.ReadUInt32BigEndian(data), BinaryPrimitives.ReadUInt32BigEndian(data[sizeof(uint)..]))
            : default;
        return data.Length == Length;
    }

    /// <summary>Its data.</summary>
    public byte[] ToBytes()
    {
        byte[] data = new byte[Length];
        BinaryPrimitives.WriteUInt32BigEndian(data, GreaterId);
        BinaryPrimitives.WriteUInt32BigEndian(data.AsSpan(sizeof(uint)), LesserId);
        return data;
    }

    /// <summary>Says it on the bus.</summary>
    /// <param name="ksock">The Limpet's Ksock.</param>
    /// <returns>None, or why the bus refused it: by its policy, say. Then the other Limpet does not know.</returns>
    public Errno SendBy(Ksock ksock) => ksock.Submit(default, RingProbe.Name, ToBytes(), isAwaited: false, out _);
}
