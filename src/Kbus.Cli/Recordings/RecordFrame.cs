using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Kbus.Cli;

/// <summary>The 12 bytes before each record of a file: its kind, its length and its check, little-endian (docs/recordings.md).</summary>
/// <param name="Kind">What it holds.</param>
/// <param name="Length">The bytes that follow.</param>
/// <param name="Check">CRC-32C of kind, length and the bytes that follow.</param>
internal readonly record struct RecordFrame(RecordKind Kind, uint Length, uint Check)
{
    /// <summary>Bytes of a frame.</summary>
    public const int Size = 12;

    /// <summary>Bytes before each record within a block: kind and length. The block has the check.</summary>
    public const int InnerSize = 8;

    /// <summary>The longest record, in bytes; also when a block is decompressed. A reader needs no more memory.</summary>
    public const int MostLength = 1 << 20;

    /// <summary>The frame of a record.</summary>
    public static RecordFrame Of(RecordKind kind, ReadOnlySpan<byte> record) =>
        new(kind, (uint)record.Length, CheckOf(kind, (uint)record.Length, record));

    /// <summary>Reads a frame of <see cref="Size"/> bytes.</summary>
    public static RecordFrame Read(ReadOnlySpan<byte> bytes) => new(
        (RecordKind)BinaryPrimitives.ReadUInt32LittleEndian(bytes),
        BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]),
        BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]));

    /// <summary>Writes it.</summary>
    public void Write(Span<byte> bytes)
    {
        WriteInner(bytes, Kind, Length);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[8..], Check);
    }

    /// <summary>Writes what stands before a record within a block.</summary>
    public static void WriteInner(Span<byte> bytes, RecordKind kind, uint length)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, (uint)kind);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[4..], length);
    }

    /// <summary>Whether a record is the one that the frame was written for.</summary>
    public bool Fits(ReadOnlySpan<byte> record) => CheckOf(Kind, Length, record) == Check;

    private static uint CheckOf(RecordKind kind, uint length, ReadOnlySpan<byte> record)
    {
        uint crc = BitOperations.Crc32C(BitOperations.Crc32C(uint.MaxValue, (uint)kind), length);
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(record);
        foreach (ulong word in words)
        {
            crc = BitOperations.Crc32C(crc, word);
        }

        foreach (byte b in record[(words.Length * sizeof(ulong))..])
        {
            crc = BitOperations.Crc32C(crc, b);
        }

        return ~crc;
    }
}
