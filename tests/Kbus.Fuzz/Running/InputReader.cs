using System.Buffers.Binary;

namespace Kbus.Fuzz;

/// <summary>Takes numbers and runs of bytes from an input; when it has come to its end, zeros and nothing.</summary>
internal ref struct InputReader(ReadOnlySpan<byte> input)
{
    private ReadOnlySpan<byte> _rest = input;

    /// <summary>True when nothing is left.</summary>
    public readonly bool IsAtEnd => _rest.IsEmpty;

    /// <summary>What has not been taken.</summary>
    public readonly ReadOnlySpan<byte> Rest => _rest;

    /// <summary>One byte.</summary>
    public byte Byte() => Bytes(1) is [byte b] ? b : (byte)0;

    /// <summary>Two bytes, little-endian.</summary>
    public ushort Word()
    {
        ReadOnlySpan<byte> bytes = Bytes(sizeof(ushort));
        return bytes.Length == sizeof(ushort) ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : (ushort)0;
    }

    /// <summary>Four bytes, little-endian.</summary>
    public uint DoubleWord()
    {
        ReadOnlySpan<byte> bytes = Bytes(sizeof(uint));
        return bytes.Length == sizeof(uint) ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : 0;
    }

    /// <summary>Eight bytes, little-endian.</summary>
    public ulong QuadWord() => DoubleWord() | ((ulong)DoubleWord() << 32);

    /// <summary>So many bytes, or what is left.</summary>
    public ReadOnlySpan<byte> Bytes(int count)
    {
        ReadOnlySpan<byte> taken = _rest[..Math.Min(count, _rest.Length)];
        _rest = _rest[taken.Length..];
        return taken;
    }
}
