namespace Kbus.Link;

/// <summary>The head of a record in the delivery ring; its bytes follow, padded to 8.</summary>
/// <param name="Length">Bytes that follow, the padding not included.</param>
/// <param name="Kind">What the bytes are; the link does not care.</param>
internal readonly record struct DeliveryRecord(uint Length, uint Kind)
{
    /// <summary>The size of the head.</summary>
    public const int HeaderSize = 8;

    /// <summary>The head as the word that it is in memory.</summary>
    public ulong Word => Length | ((ulong)Kind << 32);

    /// <summary>The units of 8 bytes that a record with that many bytes takes up.</summary>
    public static uint Units(uint length) => (uint)(((ulong)length + HeaderSize + 7) >> 3);

    /// <summary>The head that a word in memory is.</summary>
    public static DeliveryRecord Of(ulong word) => new((uint)word, (uint)(word >> 32));
}
