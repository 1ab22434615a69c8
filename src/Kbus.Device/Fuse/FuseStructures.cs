using System.Runtime.InteropServices;

namespace Kbus.Device;

// The structures of libfuse 3 (fuse_common.h, fuse_lowlevel.h), as far as they are used. They are the same in all its versions
// with this library name, from 3.10 on.

/// <summary>A command line for the library (<c>fuse_args</c>).</summary>
internal unsafe struct FuseArguments
{
    public int Count;
    public byte** Values;
    public int Allocated;
}

/// <summary>A request as it came from the kernel (<c>fuse_buf</c>). The library allocates its memory.</summary>
internal unsafe struct FuseBuffer
{
    public nuint Size;
    public uint Flags;
    public byte* Memory;
    public int Descriptor;
    public long Position;
}

/// <summary>Who makes a request (<c>fuse_ctx</c>): the file-system user and group of the calling thread, and that thread.</summary>
internal struct FuseCaller
{
    public uint UserId;
    public uint GroupId;
    public int ThreadId;
    public uint Umask;
}

/// <summary>An open file (<c>fuse_file_info</c>).</summary>
[StructLayout(LayoutKind.Explicit, Size = 40)]
internal struct FuseFile
{
    /// <summary>In <see cref="Bits"/>: the kernel keeps none of the content, so that every read and write comes to us.</summary>
    public const uint DirectIo = 1 << 1;

    [FieldOffset(0)]
    public int Flags;

    [FieldOffset(4)]
    public uint Bits;

    [FieldOffset(16)]
    public nint Handle;
}

/// <summary>What library and kernel agree on at the start (<c>fuse_conn_info</c>); only the part that is set.</summary>
[StructLayout(LayoutKind.Explicit)]
internal struct FuseConnection
{
    [FieldOffset(28)]
    public uint MaxBackground;

    [FieldOffset(32)]
    public uint CongestionThreshold;
}

/// <summary>The answer to a look-up (<c>fuse_entry_param</c>); its end stands behind a <see cref="FileStatus"/>, whose size depends on the machine.</summary>
internal unsafe struct FuseEntry
{
    public ulong Inode;
    public ulong Generation;
    private fixed byte _statusAndTimeouts[FileStatus.LargestSize + (2 * sizeof(double))];

    /// <summary>Fills in an entry whose name and attributes may be kept for so many seconds.</summary>
    public static FuseEntry Of(ulong inode, in FileStatus status, double seconds)
    {
        FuseEntry entry = default;
        entry.Inode = inode;
        var rest = new Span<byte>(entry._statusAndTimeouts, FileStatus.LargestSize + (2 * sizeof(double)));
        status.CopyTo(rest);
        MemoryMarshal.Write(rest[FileStatus.Size..], in seconds);
        MemoryMarshal.Write(rest[(FileStatus.Size + sizeof(double))..], in seconds);
        return entry;
    }
}
