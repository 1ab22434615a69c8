using Kbus.Linux;

namespace Kbus.Fuzz;

/// <summary>Memory of this process at an address that is the same in each run, so that an input can point at it. Behind it there is none.</summary>
internal static unsafe class KnownMemory
{
    /// <summary>Where it begins.</summary>
    public const ulong Address = 0x2000_0000_0000;

    /// <summary>Bytes of it. As many behind it cannot be read.</summary>
    public const int Size = 4096;

    private static readonly Lazy<bool> Mapped = new(Map);

    /// <summary>Fills it: with bytes, and zeros behind them.</summary>
    public static void Fill(ReadOnlySpan<byte> bytes)
    {
        _ = Mapped.Value;
        var memory = new Span<byte>((byte*)Address, Size);
        memory.Clear();
        bytes[..Math.Min(bytes.Length, Size)].CopyTo(memory);
    }

    private static bool Map()
    {
        int result = LibC.Map(
            (byte*)Address, 2 * Size, LibC.ProtectNone, LibC.MapPrivate | LibC.MapAnonymous | LibC.MapFixed, -1, 0, out _);
        if (result >= 0)
        {
            result = LibC.Map(
                (byte*)Address, Size, LibC.ProtectRead | LibC.ProtectWrite, LibC.MapPrivate | LibC.MapAnonymous | LibC.MapFixed, -1, 0, out _);
        }

        return result >= 0 ? true : throw new InvalidOperationException($"The address cannot be had: {(Errno)(-result)}.");
    }
}
