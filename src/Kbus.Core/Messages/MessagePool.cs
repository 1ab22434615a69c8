using System.Numerics;

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
    private readonly StoredMessage?[] _free = new StoredMessage?[31 - SmallestShift];
    private readonly int[] _kept = new int[31 - SmallestShift];

    /// <summary>Messages lent and not yet returned.</summary>
    public int Lent { get; private set; }

    /// <summary>Lends a message with room for an entire form of that length; the caller owns one reference.</summary>
    /// <param name="entireLength">Bytes of the entire form.</param>
    /// <param name="storedLength">Bytes that the buffer must hold, if the data lives elsewhere; else the same.</param>
    public StoredMessage Rent(int entireLength, int storedLength)
    {
        int size = SizeClass(storedLength);
        StoredMessage? message = _free[size];
        if (message is null)
        {
            message = new StoredMessage(this, GC.AllocateUninitializedArray<byte>(1 << (size + SmallestShift)));
        }
        else
        {
            _free[size] = message.NextFree;
            message.NextFree = null;
            _kept[size]--;
        }

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

    internal void Return(StoredMessage message)
    {
        Lent--;
        int size = SizeClass(message.Buffer.Length);
        if (_kept[size] < KeptBytesEach >> (size + SmallestShift))
        {
            message.NextFree = _free[size];
            _free[size] = message;
            _kept[size]++;
        }
    }

    private static int SizeClass(int length) => Math.Max(0, 32 - BitOperations.LeadingZeroCount((uint)length - 1) - SmallestShift);
}
