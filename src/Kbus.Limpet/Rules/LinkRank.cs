using System.Buffers.Binary;

namespace Kbus.Limpets;

/// <summary>Which of the links that make a ring is closed: the greatest, which is the newest.</summary>
/// <remarks>The two ends of a link may differ in <paramref name="MadeAt"/>. As network ids are unique, no two links have the same
/// rank.</remarks>
/// <param name="MadeAt">When the link was made, as this end's machine sees it: milliseconds since 1970.</param>
/// <param name="GreaterId">The greater one of the link's two network ids.</param>
/// <param name="LesserId">The other one.</param>
internal readonly record struct LinkRank(ulong MadeAt, uint GreaterId, uint LesserId)
{
    /// <summary>Bytes that it takes in a <see cref="RingProbe"/>.</summary>
    public const int Length = sizeof(ulong) + (2 * sizeof(uint));

    /// <summary>The rank of a link that is being made.</summary>
    public static LinkRank Of(DateTimeOffset madeAt, uint ownId, uint peerId) =>
        new((ulong)Math.Max(0, madeAt.ToUnixTimeMilliseconds()), Math.Max(ownId, peerId), Math.Min(ownId, peerId));

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    public static LinkRank Read(ReadOnlySpan<byte> source) => new(
        BinaryPrimitives.ReadUInt64BigEndian(source),
        BinaryPrimitives.ReadUInt32BigEndian(source[sizeof(ulong)..]),
        BinaryPrimitives.ReadUInt32BigEndian(source[(sizeof(ulong) + sizeof(uint))..]));

    /// <summary>Writes it, big-endian.</summary>
    public void Write(Span<byte> target)
    {
        BinaryPrimitives.WriteUInt64BigEndian(target, MadeAt);
        BinaryPrimitives.WriteUInt32BigEndian(target[sizeof(ulong)..], GreaterId);
        BinaryPrimitives.WriteUInt32BigEndian(target[(sizeof(ulong) + sizeof(uint))..], LesserId);
    }

    /// <summary>Whether the two are ends of one link.</summary>
    public bool IsSameLink(LinkRank other) => GreaterId == other.GreaterId && LesserId == other.LesserId;

    /// <summary>Whether this one rather than the other is closed.</summary>
    public bool IsGreaterThan(LinkRank other) =>
        (MadeAt, GreaterId, LesserId).CompareTo((other.MadeAt, other.GreaterId, other.LesserId)) > 0;
}
