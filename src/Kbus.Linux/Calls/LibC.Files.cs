using System.Runtime.InteropServices;
using System.Text;

namespace Kbus.Linux;

/// <content>Descriptors and files.</content>
internal static unsafe partial class LibC
{
    /// <summary>Open for reading only.</summary>
    public const int OpenReadOnly = 0;

    /// <summary>Open for reading and writing.</summary>
    public const int OpenReadWrite = 2;

    /// <summary>Make the file if it does not exist.</summary>
    public const int OpenCreate = 0x40;

    /// <summary>Close the descriptor when another program is executed.</summary>
    public const int OpenCloseOnExec = 0x80000;

    /// <summary>Calls on the descriptor do not block.</summary>
    public const int OpenNonBlocking = 0x800;

    /// <summary>Take the lock for oneself alone.</summary>
    public const int LockExclusive = 2;

    /// <summary>Fail with <see cref="Again"/> when another holds the lock.</summary>
    public const int LockNonBlocking = 4;

    private const nuint GetWindowSize = 0x5413;
    private const int DuplicateCloseOnExec = 1030;
    private const int GetStatusFlags = 3;
    private const int SetStatusFlags = 4;
    private const int SeekEnd = 2;

    private static readonly long StatusNumber = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 80 : 5;

    /// <summary>Opens a file; <paramref name="mode"/> holds the permissions of a file that is made.</summary>
    public static int Open(string path, int flags, int mode) => Open(Encoding.UTF8.GetBytes(path + '\0'), flags, mode);

    /// <summary>Opens a file without allocating anything; the path ends with a NUL.</summary>
    public static int Open(ReadOnlySpan<byte> path, int flags, int mode)
    {
        fixed (byte* start = path)
        {
            int result;
            do
            {
                result = Result(NativeOpen(start, flags | OpenCloseOnExec, mode));
            }
            while (result == Interrupted);
            return result;
        }
    }

    /// <summary>Closes a descriptor. Never repeated: Linux has let go of it whatever the call returns.</summary>
    public static int Close(int descriptor) => Result(NativeClose(descriptor));

    /// <summary>Makes another descriptor for the same open file, not inherited by other programs, and none of the standard ones.</summary>
    public static int Duplicate(int descriptor) => Result(NativeFcntl(descriptor, DuplicateCloseOnExec, FirstOfOthers));

    /// <summary>A pipe: what is written to its second end is read from its first, which does not block. Other programs inherit neither.</summary>
    public static int Pipe(out int readEnd, out int writeEnd)
    {
        int* pair = stackalloc int[2];
        int result = Result(NativePipe(pair, OpenCloseOnExec));
        (readEnd, writeEnd) = result < 0 ? (-1, -1) : (pair[0], pair[1]);
        return result < 0 ? result : SetBlocking(readEnd, blocking: false);
    }

    /// <summary>Makes calls on the open file blocking or not.</summary>
    public static int SetBlocking(int descriptor, bool blocking)
    {
        int flags = Result(NativeFcntl(descriptor, GetStatusFlags, 0));
        if (flags < 0)
        {
            return flags;
        }

        int wanted = blocking ? flags & ~OpenNonBlocking : flags | OpenNonBlocking;
        return wanted == flags ? 0 : Result(NativeFcntl(descriptor, SetStatusFlags, wanted));
    }

    /// <summary>The size of a file in bytes. Moves its file position to the end, which no memory file has a use for.</summary>
    public static long FileSize(int descriptor) => Result(NativeSeek(descriptor, 0, SeekEnd));

    /// <summary>The file system and the inode of an open file. By the number of the system call: older C libraries have no function of that name.</summary>
    public static int Inode(int descriptor, out ulong device, out ulong node)
    {
        // It begins with these two, and is 144 bytes long at most.
        ulong* status = stackalloc ulong[32];
        int result = (int)Result(NativeSystemCall(StatusNumber, descriptor, (nint)status, 0, 0, 0, 0));
        (device, node) = result < 0 ? (0, 0) : (status[0], status[1]);
        return result;
    }

    /// <summary>Sets the size of a file.</summary>
    public static int Truncate(int descriptor, long size)
    {
        int result;
        do
        {
            result = Result(NativeTruncate(descriptor, size));
        }
        while (result == Interrupted);
        return result;
    }

    /// <summary>Locks or unlocks a whole file; with <see cref="LockNonBlocking"/> it never waits.</summary>
    public static int Lock(int descriptor, int operation)
    {
        int result;
        do
        {
            result = Result(NativeLock(descriptor, operation));
        }
        while (result == Interrupted);
        return result;
    }

    /// <summary>Removes a name from the file system.</summary>
    public static int Unlink(string path) => Result(NativeUnlink(path));

    /// <summary>Sets the permissions of a file.</summary>
    public static int ChangeMode(string path, int mode) => Result(NativeChmod(path, (uint)mode));

    /// <summary>Writes the bytes, as many as go at once.</summary>
    public static long Write(int descriptor, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            long result;
            do
            {
                result = Result(NativeWrite(descriptor, start, (nuint)bytes.Length));
            }
            while (result == Interrupted);
            return result;
        }
    }

    /// <summary>Reads what is there, at most what the span holds; zero means the end.</summary>
    public static long Read(int descriptor, Span<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            long result;
            do
            {
                result = Result(NativeRead(descriptor, start, (nuint)bytes.Length));
            }
            while (result == Interrupted);
            return result;
        }
    }

    /// <summary>Reads all the bytes from a place in a file. Zero, or the error; the end of the file is one.</summary>
    public static int ReadAt(int descriptor, Span<byte> bytes, long offset)
    {
        fixed (byte* start = bytes)
        {
            for (int read = 0; read < bytes.Length;)
            {
                int result = (int)Result(NativeReadAt(descriptor, start + read, (nuint)(bytes.Length - read), offset + read));
                if (result != Interrupted && result <= 0)
                {
                    return result < 0 ? result : BadAddress;
                }

                read += Math.Max(0, result);
            }
        }

        return 0;
    }

    /// <summary>Whether a descriptor stands for a terminal.</summary>
    public static bool IsTerminal(int descriptor) => NativeIsTerminal(descriptor) == 1;

    /// <summary>The number of characters on a line of a terminal; zero if nobody knows, or <c>-errno</c> if it is no terminal.</summary>
    public static int TerminalColumns(int descriptor)
    {
        // Rows, columns, and two sizes in pixels.
        ushort* size = stackalloc ushort[4];
        int result = Result(NativeControlDevice(descriptor, GetWindowSize, size));
        return result < 0 ? result : size[1];
    }

    [LibraryImport(Library, EntryPoint = "isatty")]
    private static partial int NativeIsTerminal(int descriptor);

    [LibraryImport(Library, EntryPoint = "ioctl")]
    private static partial int NativeControlDevice(int descriptor, nuint request, void* argument);

    [LibraryImport(Library, EntryPoint = "open")]
    private static partial int NativeOpen(byte* path, int flags, int mode);

    [LibraryImport(Library, EntryPoint = "close")]
    private static partial int NativeClose(int descriptor);

    [LibraryImport(Library, EntryPoint = "fcntl")]
    private static partial int NativeFcntl(int descriptor, int command, nint argument);

    [LibraryImport(Library, EntryPoint = "pipe2")]
    private static partial int NativePipe(int* pair, int flags);

    [LibraryImport(Library, EntryPoint = "lseek")]
    private static partial long NativeSeek(int descriptor, long offset, int whence);

    [LibraryImport(Library, EntryPoint = "ftruncate")]
    private static partial int NativeTruncate(int descriptor, long size);

    [LibraryImport(Library, EntryPoint = "flock")]
    private static partial int NativeLock(int descriptor, int operation);

    [LibraryImport(Library, EntryPoint = "unlink", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int NativeUnlink(string path);

    [LibraryImport(Library, EntryPoint = "chmod", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int NativeChmod(string path, uint mode);

    [LibraryImport(Library, EntryPoint = "write")]
    private static partial nint NativeWrite(int descriptor, byte* bytes, nuint count);

    [LibraryImport(Library, EntryPoint = "pread")]
    private static partial nint NativeReadAt(int descriptor, byte* bytes, nuint count, long offset);

    [LibraryImport(Library, EntryPoint = "read")]
    private static partial nint NativeRead(int descriptor, byte* bytes, nuint count);
}
