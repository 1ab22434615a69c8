using System.Buffers.Binary;
using System.Security.Cryptography;
using Kbus.Core;

namespace Kbus.Limpets;

/// <summary>A probe that a Limpet sends to its peer when messages go round. If it comes back by the bus, the Limpet's link must
/// close.</summary>
/// <remarks>
/// On the wire and on the buses it is an announcement named <see cref="MessageName"/>, with 24 bytes of data, big-endian. They are a
/// random number (8 bytes) and the <see cref="LinkRank"/> of the sender. The rank is milliseconds since 1970 (8), the greater network id
/// of the link (4) and the lesser one (4). For Limpets that do not know it, it is an ordinary announcement.
/// </remarks>
/// <param name="Number">A random number that identifies it.</param>
/// <param name="Rank">The rank of the link of the Limpet that sent it.</param>
internal readonly record struct RingProbe(ulong Number, LinkRank Rank)
{
    /// <summary>Bytes of its data.</summary>
    public const int Length = sizeof(ulong) + LinkRank.Length;

    /// <summary>The name of the announcement.</summary>
    public const string MessageName = "$.KBUS.RingProbe";

    /// <summary>The same, as it travels.</summary>
    public static ReadOnlySpan<byte> Name => "$.KBUS.RingProbe"u8;

    /// <summary>Makes one, with a new number.</summary>
    public static RingProbe Of(LinkRank rank)
    {
        Span<byte> number = stackalloc byte[sizeof(ulong)];
        RandomNumberGenerator.Fill(number);
        return new RingProbe(BinaryPrimitives.ReadUInt64BigEndian(number), rank);
    }

    /// <summary>Whether a message is one, by its name and kind.</summary>
    public static bool Is(in MessageHeader header, ReadOnlySpan<byte> name) =>
        name.SequenceEqual(Name) && !header.IsRequest && !header.IsReply;

    /// <summary>Reads its data.</summary>
    /// <returns>False if the data is none.</returns>
    public static bool TryRead(ReadOnlySpan<byte> data, out RingProbe probe)
    {
        probe = data.Length == Length ? new RingProbe(BinaryPrimitives.ReadUInt64BigEndian(data), LinkRank.Read(data[sizeof(ulong)..])) : default;
        return data.Length == Length;
    }

    /// <summary>Its data.</summary>
    public byte[] ToBytes()
    {
        byte[] data = new byte[Length];
        BinaryPrimitives.WriteUInt64BigEndian(data, Number);
        Rank.Write(data.AsSpan(sizeof(ulong)));
        return data;
    }
}
