using System.Runtime.InteropServices;

namespace Kbus;

/// <summary>Identifies one message: a network id and a serial number, each an unsigned 32-bit number.</summary>
/// <remarks>
/// The bus gives a message its id when it is sent: network id 0 and the next serial number of that bus. A message that already
/// carries a network id other than 0 (a Limpet's) keeps its id. <c>[0:0]</c> means "no id". Source: spec sections 1.1 and 3.6.
/// </remarks>
/// <param name="NetworkId">0 for a message of this bus, else the id of the Limpet it came through.</param>
/// <param name="SerialNumber">Ascends with each message on a bus, with gaps; the first is 1.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct MessageId(uint NetworkId, uint SerialNumber) : IComparable<MessageId>
{
    /// <summary>The id <c>[0:0]</c>: no message.</summary>
    public static MessageId None => default;

    /// <summary>True for <c>[0:0]</c>.</summary>
    public bool IsNone => NetworkId == 0 && SerialNumber == 0;

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
