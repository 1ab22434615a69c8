using System.Buffers.Binary;

namespace Kbus.Link.Tests;

/// <summary>Bytes that follow from a number, so that a torn, lost or doubled record shows.</summary>
internal static class Pattern
{
    /// <summary>The least bytes that hold the number.</summary>
    public const int Least = 8;

    /// <summary>Fills a record from a number, which it begins with.</summary>
    public static void Fill(Span<byte> record, ulong number)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(record, number);
        for (int i = Least; i < record.Length; i++)
        {
            record[i] = Byte(number, i);
        }
    }

    /// <summary>The number of a record, after checking every byte of it.</summary>
    public static ulong Number(ReadOnlySpan<byte> record)
    {
        ulong number = BinaryPrimitives.ReadUInt64LittleEndian(record);
        for (int i = Least; i < record.Length; i++)
        {
            if (record[i] != Byte(number, i))
            {
                throw new InvalidDataException($"Record {number} of {record.Length} bytes is torn at byte {i}.");
            }
        }

        return number;
    }

    /// <summary>The length that a record of that number has, between the least and a largest.</summary>
    public static int Length(ulong number, int largest) => Least + (int)(Mix(number) % (ulong)(largest - Least + 1));

    /// <summary>Adds a number to a running hash.</summary>
    public static ulong Chain(ulong hash, ulong number) => Mix(hash ^ Mix(number));

    private static byte Byte(ulong number, int index) => (byte)(((number * 31) + (ulong)index) * 167);

    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
        value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
        return value ^ (value >> 31);
    }
}
