using System.Buffers;
using System.Buffers.Binary;

namespace Kbus.Core;

/// <summary>Writes books as canonical bytes: little-endian numbers of fixed width, and byte strings with their length before them.</summary>
internal sealed class BooksWriter
{
    private readonly ArrayBufferWriter<byte> _bytes = new();

    /// <summary>What has been written.</summary>
    public ReadOnlySpan<byte> Written => _bytes.WrittenSpan;

    /// <summary>Writes a truth value as one byte.</summary>
    public void Write(bool value) => Write(value ? (byte)1 : (byte)0);

    /// <summary>Writes one byte.</summary>
    public void Write(byte value)
    {
        _bytes.GetSpan(1)[0] = value;
        _bytes.Advance(1);
    }

    /// <summary>Writes a number of 4 bytes.</summary>
    public void Write(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes.GetSpan(sizeof(uint)), value);
        _bytes.Advance(sizeof(uint));
    }

    /// <summary>Writes a number of 4 bytes.</summary>
    public void Write(int value) => Write((uint)value);

    /// <summary>Writes a number of 8 bytes.</summary>
    public void Write(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(_bytes.GetSpan(sizeof(ulong)), value);
        _bytes.Advance(sizeof(ulong));
    }

    /// <summary>Writes a number of 8 bytes.</summary>
    public void Write(long value) => Write((ulong)value);

    /// <summary>Writes a message id: network id, then serial number.</summary>
    public void Write(MessageId id)
    {
        Write(id.NetworkId);
        Write(id.SerialNumber);
    }

    /// <summary>Writes bytes, their length before them.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        Write(bytes.Length);
        _bytes.Write(bytes);
    }

    /// <summary>Writes a message in its entire form, its length before it.</summary>
    /// <param name="message">The message.</param>
    /// <param name="flags">The flags of this copy.</param>
    public void Write(StoredMessage message, MessageFlags flags)
    {
        Write(message.EntireLength);
        message.CopyEntire(0, _bytes.GetSpan(message.EntireLength)[..message.EntireLength], flags);
        _bytes.Advance(message.EntireLength);
    }

    /// <summary>Begins anew.</summary>
    public void Clear() => _bytes.ResetWrittenCount();
}
