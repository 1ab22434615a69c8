using System.Numerics;
using System.Runtime.CompilerServices;

namespace Kbus.Core;

/// <summary>Lends messages and takes them back, so that a warm bus allocates nothing. Buffers come in powers of two.</summary>
/// <remarks>
/// What is kept for reuse is bounded for each size, so that one burst of big messages does not hold memory for ever.
/// Not safe for use by several threads at once.
/// </remarks>
internal sealed class MessagePool
{
    private const int SmallestShift = 8;
    private const int KeptBytesEach = 4 * 1024 * 1024;
    private readonly List[] _free = new List[31 - SmallestShift];

    /// <summary>Makes an empty pool.</summary>
    public MessagePool() => Array.Fill(_free, new List());

    /// <summary>Messages lent and not yet returned.</summary>
    public int Lent { get; private set; }

    /// <summary>Lends a message with room for an entire form of that length; the caller owns one reference.</summary>
    /// <param name="entireLength">Bytes of the entire form.</param>
    /// <param name="storedLength">Bytes that the buffer must hold, if the data lives elsewhere; else the same.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public StoredMessage Rent(int entireLength, int storedLength)
    {
        int size = SizeClass(storedLength);
        ref List free = ref _free[size];
        StoredMessage message = free.Count > 0 ? free.Messages[--free.Count] : Make(size);
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
        name.CopyTo(message.Buffer.AsSpan(MessageHeader.Size));
        data.CopyTo(message.DataToFill);
        message.Seal();
        return message;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Return(StoredMessage message)
    {
        Lent--;
        ref List free = ref _free[message.SizeClass];
        if ((uint)free.Count < (uint)free.Messages.Length)
        {
            // Mostly it comes back to the place from which it was lent.
            ref StoredMessage slot = ref free.Messages[free.Count++];
            if (slot != message)
            {
                slot = message;
            }
        }
        else
        {
            KeepOneMore(ref free, message);
        }
    }

    private StoredMessage Make(int size) =>
        new(this, GC.AllocateUninitializedArray<byte>(1 << (size + SmallestShift)), size);

    private static void KeepOneMore(ref List free, StoredMessage message)
    {
        int most = KeptBytesEach >> (message.SizeClass + SmallestShift);
        if (free.Count < most)
        {
            Array.Resize(ref free.Messages, Math.Min(most, Math.Max(8, free.Count * 2)));
            free.Messages[free.Count++] = message;
        }
    }

    private static int SizeClass(int length) => length <= 1 << SmallestShift ? 0 : BitOperations.Log2((uint)length - 1) + 1 - SmallestShift;

    /// <summary>The free messages of one size, the one last returned on top. Above them stand lent ones, to be found in place when they return.</summary>
    private struct List()
    {
        public StoredMessage[] Messages = [];
        public int Count;
    }
}
