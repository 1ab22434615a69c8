using System.Runtime.InteropServices;

namespace Kbus.Native;

/// <summary>Writing to a <c>FILE</c> of the C library's.</summary>
internal static unsafe partial class CFile
{
    /// <summary>Writes bytes. What cannot be written is the program's to see, by <c>ferror</c>.</summary>
    public static void Write(void* file, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            _ = NativeWrite(start, 1, (nuint)bytes.Length, file);
        }
    }

    [LibraryImport("libc", EntryPoint = "fwrite")]
    private static partial nuint NativeWrite(byte* start, nuint size, nuint count, void* file);
}
