namespace Kbus.Link;

/// <summary>The word that says where the front of the deliveries is: who changes it, by compare-and-swap, has taken or rewritten.</summary>
/// <remarks>
/// From the low end: 24 bits of position in 8-byte units, modulo 2^24; 1 busy bit, set while the bus rewrites; 1 bit that says which of the
/// two tail words holds; 38 bits that every change counts up, so that a word never comes back and a compare-and-swap with an old one fails.
/// </remarks>
internal readonly record struct DeliveryHead(ulong Word)
{
    /// <summary>Bits of a position.</summary>
    public const uint PositionMask = (1u << 24) - 1;

    private const ulong BusyBit = 1ul << 24;
    private const ulong SideBit = 1ul << 25;
    private const int GenerationShift = 26;

    /// <summary>Where the front is, in 8-byte units, modulo 2^24.</summary>
    public uint Position => (uint)Word & PositionMask;

    /// <summary>Whether the bus is rewriting: nobody may take.</summary>
    public bool IsBusy => (Word & BusyBit) != 0;

    /// <summary>Which of the tail words holds.</summary>
    public int Side => (int)((Word & SideBit) >> 25);

    /// <summary>The next word, with the front there.</summary>
    public DeliveryHead At(uint position) => new(NextGeneration | (Word & (BusyBit | SideBit)) | (position & PositionMask));

    /// <summary>The next word, in which the bus has begun to rewrite.</summary>
    public DeliveryHead Busy() => new(NextGeneration | (Word & SideBit) | BusyBit | Position);

    /// <summary>The next word, in which nobody rewrites.</summary>
    public DeliveryHead Free(uint position, int side) => new(NextGeneration | ((ulong)side << 25) | (position & PositionMask));

    /// <summary>Whether this can follow another word by a take: the bits that are the bus's alone are as they were.</summary>
    public bool CanFollow(DeliveryHead earlier) => ((Word ^ earlier.Word) & (BusyBit | SideBit)) == 0;

    private ulong NextGeneration => ((Word >> GenerationShift) + 1) << GenerationShift;

    /// <summary>How far it is from one position to another, in units.</summary>
    public static uint Distance(uint from, uint to) => (to - from) & PositionMask;
}
