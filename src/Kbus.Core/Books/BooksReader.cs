using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Kbus.Core;

/// <summary>Reads what <see cref="BooksWriter"/> wrote.</summary>
/// <param name="bytes">The bytes, which may be anything.</param>
internal ref struct BooksReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _left = bytes;

    /// <summary>True if nothing is left.</summary>
    public readonly bool IsAtEnd => _left.IsEmpty;

    /// <summary>Reads a truth value.</summary>
    /// <exception cref="BooksException">The bytes end before, or it is neither.</exception>
    public bool ReadBool() => ReadByte() switch
    {
        0 => false,
        1 => true,
        byte other => throw new BooksException($"The byte {other} stands where 0 or 1 should."),
    };

    /// <summary>Reads one byte.</summary>
    /// <exception cref="BooksException">The bytes end before.</exception>
    public byte ReadByte() => Take(1)[0];

    /// <summary>Reads a number of 4 bytes.</summary>
    /// <exception cref="BooksException">The bytes end before.</exception>
    public uint ReadUInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint)));

    /// <summary>Reads a number of 4 bytes that is not negative.</summary>
    /// <exception cref="BooksException">The bytes end before, or it is too great.</exception>
    public int ReadCount()
    {
        uint count = ReadUInt32();
        return count <= int.MaxValue ? (int)count : throw new BooksException($"{count} stands where a count should.");
    }

    /// <summary>Reads a number of 8 bytes.</summary>
    /// <exception cref="BooksException">The bytes end before.</exception>
    public ulong ReadUInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(sizeof(ulong)));

    /// <summary>Reads a number of 8 bytes.</summary>
    /// <exception cref="BooksException">The bytes end before.</exception>
    public long ReadInt64() => (long)ReadUInt64();

    /// <summary>Reads a message id.</summary>
    /// <exception cref="BooksException">The bytes end before.</exception>
    public MessageId ReadId()
    {
        uint network = ReadUInt32();
        return new MessageId(network, ReadUInt32());
    }

    /// <summary>Reads bytes with their length before them.</summary>
    /// <exception cref="BooksException">The bytes end before.</exception>
    public ReadOnlySpan<byte> ReadBytes() => Take(ReadCount());

    /// <summary>Reads a message in its entire form.</summary>
    /// <param name="pool">Lends it; the caller owns one reference.</param>
    /// <exception cref="BooksException">The bytes end before, or are no message.</exception>
    public StoredMessage ReadMessage(MessagePool pool)
    {
        ReadOnlySpan<byte> bytes = ReadBytes();
        MessageHeader header = bytes.Length < MessageHeader.Size ? default : MemoryMarshal.Read<MessageHeader>(bytes);
        if (MessageCheck.Header(header, MessageLayout.LargestMessage) != Errno.None || header.IsPointy || header.EntireLength != bytes.Length)
        {
            throw new BooksException($"{bytes.Length} bytes stand where a message should.");
        }

        StoredMessage message = pool.Rent(bytes.Length, bytes.Length);
        bytes.CopyTo(message.Buffer);
        message.Seal();
        return message;
    }

    /// <summary>Reads all that is left.</summary>
    public ReadOnlySpan<byte> ReadRest() => Take(_left.Length);

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _left.Length)
        {
            throw new BooksException($"It is cut off: {count} bytes are missing {_left.Length} bytes before its end.");
        }

        ReadOnlySpan<byte> taken = _left[..count];
        _left = _left[count..];
        return taken;
    }
}
