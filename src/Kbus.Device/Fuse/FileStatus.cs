using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Kbus.Device;

/// <summary>The attributes of a file as the C library lays them out (<c>struct stat</c>), which differs between x86-64 and arm64.</summary>
internal unsafe struct FileStatus
{
    /// <summary>A directory, in the mode.</summary>
    public const uint Directory = 0x4000;

    /// <summary>An ordinary file, in the mode.</summary>
    public const uint OrdinaryFile = 0x8000;

    /// <summary>Bytes of the structure on the machine that has the most.</summary>
    public const int LargestSize = 144;

    private static readonly bool IsX64 = RuntimeInformation.ProcessArchitecture == Architecture.X64;

    private fixed byte _bytes[LargestSize];

    /// <summary>Bytes of the structure on this machine.</summary>
    public static int Size => IsX64 ? 144 : 128;

    /// <summary>Describes a file of no length.</summary>
    public static FileStatus Of(ulong inode, uint mode, uint links, uint owner, uint group)
    {
        FileStatus status = default;
        Unsafe.WriteUnaligned(status._bytes + 8, inode);
        if (IsX64)
        {
            Unsafe.WriteUnaligned(status._bytes + 16, (ulong)links);
            Unsafe.WriteUnaligned(status._bytes + 24, mode);
            Unsafe.WriteUnaligned(status._bytes + 28, owner);
            Unsafe.WriteUnaligned(status._bytes + 32, group);
        }
        else
        {
            Unsafe.WriteUnaligned(status._bytes + 16, mode);
            Unsafe.WriteUnaligned(status._bytes + 20, links);
            Unsafe.WriteUnaligned(status._bytes + 24, owner);
            Unsafe.WriteUnaligned(status._bytes + 28, group);
        }

        return status;
    }

    /// <summary>Copies the structure as it is on this machine.</summary>
    public readonly void CopyTo(Span<byte> target)
    {
        fixed (byte* bytes = _bytes)
        {
            new ReadOnlySpan<byte>(bytes, Size).CopyTo(target);
        }
    }
}
