using System.Numerics;
using System.Runtime.CompilerServices;

namespace Kbus.Core;

/// <summary>Lends messages and takes them back, so that a warm bus allocates nothing. Buffers come in powers of two.</summary>
/// <remarks>
/// The buffers are native memory, in slabs. What is kept for reuse is bounded for each size, so that one burst of big messages does not
/// hold memory for ever. Not safe for use by several threads at once.
/// </remarks>
internal sealed class MessagePool
{
    private const int SmallestShift = 8;
    private readonly SlabList[] _lists = new SlabList[31 - SmallestShift];

    /// <summary>Makes an empty pool.</summary>
    public MessagePool()
    {
        for (int i = 0; i < _lists.Length; i++)
        {
            _lists[i] = new SlabList(this, 1 << (i + SmallestShift));
        }
    }

    /// <summary>Messages lent and not yet returned.</summary>
    public int Lent { get; private set; }

    /// <summary>Lends a message with room for an entire form of that length; the caller owns one reference.</summary>
    /// <param name="entireLength">Bytes of the entire form.</param>
    /// <param name="storedLength">Bytes that the buffer must hold, if the data is elsewhere; otherwise the same.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public StoredMessage Rent(int entireLength, int storedLength)
    {
        SlabList list = _lists[SizeClass(storedLength)];
        StoredMessage message = list.Chosen is { FreeCount: > 0 } slab ? slab.Lend() : list.LendSlowly();
        Lent++;
        message.Start(entireLength);
        return message;
    }

    /// <summary>Lends a message for these parts, sealed; the header's lengths are set from them.</summary>
    /// <param name="header">The fields of the header; guards, pointers and lengths are ignored.</param>
    /// <param name="name">The name.</param>
    /// <param name="data">The data.</param>
    public StoredMessage Compose(in MessageHeader header, ReadOnlySpan<byte> name, ReadOnlySpan<byte> data)
    {
        int length = checked((int)MessageLayout.EntireLength((uint)name.Length, (uint)data.Length));
        StoredMessage message = Rent(length, length);
        message.Header = header;
        message.Header.NameLength = (uint)name.Length;
        message.Header.DataLength = (uint)data.Length;
        name.CopyTo(message.Buffer[MessageHeader.Size..]);
        data.CopyTo(message.DataToFill);
        message.Seal();
        return message;
    }

    /// <summary>Takes a message back that nobody owns any more.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Return(StoredMessage message)
    {
        Lent--;
        MessageSlab slab = message.Slab;
        bool wasFull = slab.IsFull;
        slab.TakeBack(message);
        if (wasFull || slab.IsWhollyFree)
        {
            slab.List.CameBack(slab);
        }
    }

    private static int SizeClass(int length) => length <= 1 << SmallestShift ? 0 : BitOperations.Log2((uint)length - 1) + 1 - SmallestShift;
}
