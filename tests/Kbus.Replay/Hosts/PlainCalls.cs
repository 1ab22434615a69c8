using System.Runtime.InteropServices;

namespace Kbus.Replay;

/// <summary>The system calls of a program that knows nothing but files. A result below 0 is <c>-errno</c>.</summary>
internal static unsafe partial class PlainCalls
{
    private const int Interrupted = -(int)Errno.EINTR;

    public static int Open(string path, int flags)
    {
        const int closeOnExec = 0x80000;
        return Result(NativeOpen(path, flags | closeOnExec, 0));
    }

    public static int Close(int file) => Result(NativeClose(file));

    public static int Duplicate(int file) => Result(NativeDuplicate(file));

    public static int Write(int file, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            return Result((int)NativeWrite(file, start, (nuint)bytes.Length));
        }
    }

    public static int Read(int file, Span<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            return Result((int)NativeRead(file, start, (nuint)bytes.Length));
        }
    }

    /// <summary>An ioctl whose argument is the words, which come back changed.</summary>
    public static int Ioctl(int file, uint code, Span<uint> words)
    {
        fixed (uint* start = words)
        {
            return Result(NativeIoctl(file, code, (nint)start));
        }
    }

    /// <summary>An ioctl whose argument is this very number, be it an address or not.</summary>
    public static int Ioctl(int file, uint code, nint argument) => Result(NativeIoctl(file, code, argument));

    /// <summary>One poll of one file; gives the events that came, 0 if none did in time.</summary>
    public static int Poll(int file, short events, int milliseconds)
    {
        ulong entry = (uint)file | ((ulong)(ushort)events << 32);
        int result;
        do
        {
            result = Result(NativePoll(&entry, 1, milliseconds));
        }
        while (result == Interrupted);
        return result < 0 ? result : (int)(entry >> 48);
    }

    private static int Result(int returned) => returned >= 0 ? returned : -Marshal.GetLastPInvokeError();

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int NativeOpen(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int NativeClose(int file);

    [LibraryImport("libc", EntryPoint = "dup", SetLastError = true)]
    private static partial int NativeDuplicate(int file);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint NativeWrite(int file, byte* bytes, nuint count);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint NativeRead(int file, byte* bytes, nuint count);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int NativeIoctl(int file, nuint code, nint argument);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int NativePoll(ulong* entries, nuint count, int milliseconds);
}
