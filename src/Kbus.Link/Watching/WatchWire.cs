using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Kbus.Link;

/// <summary>What a watcher and its bus agree on.</summary>
internal static class WatchWire
{
    /// <summary>The version of the records in a watcher's ring.</summary>
    public const uint Version = 1;

    /// <summary>Bytes of the ring of a watcher that wishes nothing else.</summary>
    public const int UsualRingSize = 4 * 1024 * 1024;

    /// <summary>Bytes of the smallest ring. The longest record fits several times.</summary>
    public const int LeastRingSize = 256 * 1024;

    /// <summary>Bytes of one message's data that a watcher gets, at most.</summary>
    public const int MostData = 64 * 1024;

    /// <summary>The layout of a watcher's memory. The command ring and the completions are not used.</summary>
    /// <param name="ringSize">The wished bytes of the ring; 0 for the usual.</param>
    public static LinkLayout Layout(uint ringSize)
    {
        uint size = ringSize == 0 ? UsualRingSize : Math.Clamp(ringSize, LeastRingSize, LinkLayout.LargestRingSize);
        return LinkLayout.TryCreate(1, Environment.SystemPageSize, (int)BitOperations.RoundUpToPowerOf2(size))!;
    }

    /// <summary>A length padded to 8 bytes.</summary>
    public static int Padded(int length) => (length + 7) & -8;

    /// <summary>Writes a structure and goes on behind it.</summary>
    public static void Write<T>(ref Span<byte> rest, in T value)
        where T : unmanaged
    {
        MemoryMarshal.Write(rest, value);
        rest = rest[Unsafe.SizeOf<T>()..];
    }

    /// <summary>Writes bytes, pads them to 8 and goes on behind them.</summary>
    public static void Write(ref Span<byte> rest, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(rest);
        int padded = Padded(bytes.Length);
        rest[bytes.Length..padded].Clear();
        rest = rest[padded..];
    }

    /// <summary>Reads a structure and goes on behind it. False if the bytes end before.</summary>
    public static bool TryRead<T>(ref ReadOnlySpan<byte> rest, out T value)
        where T : unmanaged
    {
        if (!MemoryMarshal.TryRead(rest, out value))
        {
            return false;
        }

        rest = rest[Unsafe.SizeOf<T>()..];
        return true;
    }

    /// <summary>Reads bytes that are padded to 8 and goes on behind them. False if the bytes end before.</summary>
    public static bool TryRead(ref ReadOnlySpan<byte> rest, uint length, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        if (length > (uint)rest.Length || Padded((int)length) > rest.Length)
        {
            return false;
        }

        bytes = rest[..(int)length];
        rest = rest[Padded((int)length)..];
        return true;
    }
}
