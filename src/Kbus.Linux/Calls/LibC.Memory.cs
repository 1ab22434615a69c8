using System.Runtime.InteropServices;

namespace Kbus.Linux;

/// <content>Memory files and mappings.</content>
internal static unsafe partial class LibC
{
    // M_MMAP_THRESHOLD of glibc.
    private const int MapThreshold = -3;

    /// <summary>Nobody may add seals any more.</summary>
    public const int SealSeal = 0x1;

    /// <summary>The file never becomes smaller, so nobody who maps it can be made to fault.</summary>
    public const int SealShrink = 0x2;

    /// <summary>The file never becomes larger.</summary>
    public const int SealGrow = 0x4;

    /// <summary>Mappings made from now on cannot be written through.</summary>
    public const int SealFutureWrite = 0x10;

    /// <summary>The pages cannot be touched.</summary>
    public const int ProtectNone = 0;

    /// <summary>The pages can be read.</summary>
    public const int ProtectRead = 1;

    /// <summary>The pages can be written.</summary>
    public const int ProtectWrite = 2;

    /// <summary>Writes are seen by all who map the file.</summary>
    public const int MapShared = 0x01;

    /// <summary>Writes are seen by this mapping alone.</summary>
    public const int MapPrivate = 0x02;

    /// <summary>Map exactly there, instead of what is there.</summary>
    public const int MapFixed = 0x10;

    /// <summary>Memory without a file.</summary>
    public const int MapAnonymous = 0x20;

    /// <summary>Address space only; no memory is set aside for it.</summary>
    public const int MapNoReserve = 0x4000;

    private const uint MemoryCloseOnExec = 0x1;
    private const uint MemoryAllowSealing = 0x2;
    private const int AddSealsCommand = 1033;
    private const int GetSealsCommand = 1034;
    private const int FallocateKeepSize = 0x1;
    private const int FallocatePunchHole = 0x2;

    /// <summary>Makes a file that lives in memory alone, can be sealed, and is not inherited by other programs.</summary>
    /// <param name="name">What <c>/proc/PID/maps</c> shows for it; it opens nothing.</param>
    public static int CreateMemoryFile(string name) => Result(NativeMemfdCreate(name, MemoryCloseOnExec | MemoryAllowSealing));

    /// <summary>Reads all the bytes at an address of a process. Zero, or the error: <c>-EFAULT</c> if some of them cannot be read.</summary>
    public static int ReadMemory(int process, ulong address, Span<byte> bytes)
    {
        nint* parts = stackalloc nint[4];
        fixed (byte* start = bytes)
        {
            for (int read = 0; read < bytes.Length;)
            {
                parts[0] = (nint)(start + read);
                parts[2] = (nint)(address + (ulong)read);
                parts[1] = parts[3] = bytes.Length - read;
                int result = (int)Result(NativeReadProcess(process, parts, 1, parts + 2, 1, 0));
                if (result <= 0)
                {
                    return result < 0 ? result : BadAddress;
                }

                read += result;
            }
        }

        return 0;
    }

    /// <summary>Adds seals to a memory file.</summary>
    public static int AddSeals(int descriptor, int seals) => Result(NativeFcntl(descriptor, AddSealsCommand, seals));

    /// <summary>The seals of a memory file; an error for any other kind of file.</summary>
    public static int GetSeals(int descriptor) => Result(NativeFcntl(descriptor, GetSealsCommand, 0));

    /// <summary>Maps memory. Zero, and where it is, or <c>-errno</c>.</summary>
    public static int Map(byte* at, nuint length, int protection, int flags, int descriptor, long offset, out byte* address)
    {
        byte* mapped = NativeMmap(at, length, protection, flags, descriptor, offset);
        if (mapped == (byte*)-1)
        {
            address = null;
            return -Marshal.GetLastSystemError();
        }

        address = mapped;
        return 0;
    }

    /// <summary>Removes a mapping.</summary>
    public static int Unmap(byte* address, nuint length) => Result(NativeMunmap(address, length));

    /// <summary>Gives the memory of a part of a file back; it reads as zeros from now on.</summary>
    /// <remarks>Fails with EPERM once the file is sealed with <see cref="SealFutureWrite"/>.</remarks>
    public static int PunchHole(int descriptor, long offset, long length) =>
        Result(NativeFallocate(descriptor, FallocatePunchHole | FallocateKeepSize, offset, length));

    /// <summary>Has the C library give each block of 128 KiB and more back to the system as soon as it is freed.</summary>
    /// <remarks>By itself it learns from the first such block that is freed to keep the next ones. Other C libraries than glibc give them back anyway.</remarks>
    public static void GiveGreatBlocksBack()
    {
        try
        {
            _ = NativeMallOpt(MapThreshold, 128 * 1024);
        }
        catch (EntryPointNotFoundException)
        {
            // It is not glibc.
        }
    }

    [LibraryImport(Library, EntryPoint = "mallopt")]
    private static partial int NativeMallOpt(int option, int value);

    [LibraryImport(Library, EntryPoint = "process_vm_readv")]
    private static partial nint NativeReadProcess(int process, void* to, nuint toCount, void* from, nuint fromCount, nuint flags);

    [LibraryImport(Library, EntryPoint = "memfd_create", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int NativeMemfdCreate(string name, uint flags);

    [LibraryImport(Library, EntryPoint = "mmap")]
    private static partial byte* NativeMmap(byte* address, nuint length, int protection, int flags, int descriptor, long offset);

    [LibraryImport(Library, EntryPoint = "munmap")]
    private static partial int NativeMunmap(byte* address, nuint length);

    [LibraryImport(Library, EntryPoint = "fallocate")]
    private static partial int NativeFallocate(int descriptor, int mode, long offset, long length);
}
