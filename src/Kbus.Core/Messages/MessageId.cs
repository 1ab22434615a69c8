using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Kbus;

/// <summary>Identifies one message: a network id and a serial number, each an unsigned 32-bit number.</summary>
/// <remarks>
/// The bus gives a message its id when it is sent: network id 0 and the next serial number of that bus. A message that already
/// carries a network id other than 0 (a Limpet's) keeps its id. <c>[0:0]</c> means "no id". Source: spec sections 1.1 and 3.6.
/// </remarks>
[StructLayout(LayoutKind.Sequential, Pack = sizeof(uint))]
public readonly record struct MessageId : IComparable<MessageId>
{
    // One word, as in a header: network id, then serial number. It is stored and loaded as a whole: a processor that is to
    // load as a whole what was just stored in halves waits until both have reached its cache.
    private readonly ulong _word;

    /// <summary>Makes an id.</summary>
    /// <param name="networkId">0 for a message of this bus, otherwise the id of the Limpet it came through.</param>
    /// <param name="serialNumber">Ascends with each message on a bus, with gaps; the first is 1.</param>
    public MessageId(uint networkId, uint serialNumber) => _word = BitConverter.IsLittleEndian
        ? networkId | ((ulong)serialNumber << 32)
        : serialNumber | ((ulong)networkId << 32);

    /// <summary>0 for a message of this bus, otherwise the id of the Limpet it came through.</summary>
    public uint NetworkId
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (uint)(BitConverter.IsLittleEndian ? _word : _word >> 32);
    }

    /// <summary>Ascends with each message on a bus, with gaps; the first is 1.</summary>
    public uint SerialNumber
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (uint)(BitConverter.IsLittleEndian ? _word >> 32 : _word);
    }

    /// <summary>The id <c>[0:0]</c>: no message.</summary>
    public static MessageId None => default;

    /// <summary>True for <c>[0:0]</c>.</summary>
    public bool IsNone => _word == 0;

    /// <summary>Orders by network id, then by serial number.</summary>
    /// <param name="other">The id to compare with.</param>
    /// <returns>Less than, equal to or greater than 0, as usual.</returns>
    public int CompareTo(MessageId other)
    {
        int byNetwork = NetworkId.CompareTo(other.NetworkId);
        return byNetwork != 0 ? byNetwork : SerialNumber.CompareTo(other.SerialNumber);
    }

    /// <summary>True if <paramref name="left"/> comes before <paramref name="right"/>.</summary>
    /// <param name="left">An id.</param>
    /// <param name="right">Another id.</param>
    public static bool operator <(MessageId left, MessageId right) => left.CompareTo(right) < 0;

    /// <summary>True if <paramref name="left"/> comes after <paramref name="right"/>.</summary>
    /// <param name="left">An id.</param>
    /// <param name="right">Another id.</param>
    public static bool operator >(MessageId left, MessageId right) => left.CompareTo(right) > 0;

    /// <summary>True if <paramref name="left"/> does not come after <paramref name="right"/>.</summary>
    /// <param name="left">An id.</param>
    /// <param name="right">Another id.</param>
    public static bool operator <=(MessageId left, MessageId right) => left.CompareTo(right) <= 0;

    /// <summary>True if <paramref name="left"/> does not come before <paramref name="right"/>.</summary>
    /// <param name="left">An id.</param>
    /// <param name="right">Another id.</param>
    public static bool operator >=(MessageId left, MessageId right) => left.CompareTo(right) >= 0;

    /// <summary>The printed form of the paper, such as <c>[0:6]</c>.</summary>
    public override string ToString() => $"[{NetworkId}:{SerialNumber}]";
}
