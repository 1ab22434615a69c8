using System.Runtime.InteropServices;

namespace Kbus.Device;

/// <summary>The calls to Linux that device files need beside libfuse. Zero or more is success, a negative result is <c>-errno</c>.</summary>
internal static unsafe partial class LinuxCalls
{
    /// <summary>The capability to look into the memory of other users' processes.</summary>
    public const int CapabilityPtrace = 19;

    /// <summary>The capability to mount, among much else.</summary>
    public const int CapabilityAdminister = 21;

    /// <summary><c>-EPERM</c>.</summary>
    public const int NotPermitted = -(int)Errno.EPERM;

    /// <summary><c>-EACCES</c>.</summary>
    public const int NoAccess = -(int)Errno.EACCES;

    private const string Library = "libc";
    private const uint CapabilityVersion3 = 0x20080522;
    private const int OpenCloseOnExec = 0x80000;
    private const int UnmountDetach = 2;
    private const int LimitDescriptors = 7;
    private const ulong UsualDescriptors = 1024;

    // Larger than these structures are in any C library for Linux.
    private const int SpawnAttributesLength = 1024;
    private const int SignalSetLength = 256;
    private const short SetSignalMask = 0x08;

    /// <summary>The effective user of this process.</summary>
    [LibraryImport(Library, EntryPoint = "geteuid")]
    public static partial uint UserId();

    /// <summary>The effective group of this process.</summary>
    [LibraryImport(Library, EntryPoint = "getegid")]
    public static partial uint GroupId();

    /// <summary>Sets the user as whom this thread, and no other, opens files. Gives the one before.</summary>
    /// <remarks>Unlike the other ids it does not decide who may send this process signals.</remarks>
    [LibraryImport(Library, EntryPoint = "setfsuid")]
    public static partial uint SetFileUser(uint user);

    /// <summary>Sets the group as which this thread opens files.</summary>
    [LibraryImport(Library, EntryPoint = "setfsgid")]
    public static partial uint SetFileGroup(uint group);

    /// <summary>Copies bytes out of another process's memory. Gives how many.</summary>
    public static long ReadProcess(int thread, ulong address, Span<byte> target)
    {
        fixed (byte* bytes = target)
        {
            nuint* own = stackalloc nuint[2] { (nuint)bytes, (nuint)target.Length };
            nuint* other = stackalloc nuint[2] { (nuint)address, (nuint)target.Length };
            return Result(NativeProcessRead(thread, own, 1, other, 1, 0));
        }
    }

    /// <summary>Opens a file of <c>/proc</c> for reading.</summary>
    public static int Open(ReadOnlySpan<byte> path)
    {
        fixed (byte* bytes = path)
        {
            return (int)Result(NativeOpen(bytes, OpenCloseOnExec, 0));
        }
    }

    /// <summary>Reads bytes of an open file at a place. Gives how many.</summary>
    public static long ReadAt(int descriptor, ulong place, Span<byte> target)
    {
        fixed (byte* bytes = target)
        {
            return Result(NativeReadAt(descriptor, bytes, (nuint)target.Length, (long)place));
        }
    }

    /// <summary>Closes a descriptor.</summary>
    public static void Close(int descriptor) => _ = NativeClose(descriptor);

    /// <summary>True if this thread number is that of a whole process, its first thread.</summary>
    public static bool IsProcess(int thread) => Result(NativeSignalThread(thread, thread, 0)) is 0 or -(int)Errno.EPERM;

    /// <summary>Takes a mount point out of the file system now, and lets go of it when nobody uses it any more.</summary>
    public static int Unmount(string directory) => (int)Result(NativeUnmount(directory, UnmountDetach));

    /// <summary>Runs a program that is on the path, and waits for its end.</summary>
    /// <returns>True if it ended with exit code 0.</returns>
    public static bool Run(string program, params ReadOnlySpan<string> arguments)
    {
        // With the calls of the C library: the runtime's own way would make the daemon a good deal bigger, for this alone.
        nint* values = stackalloc nint[arguments.Length + 2];
        values[0] = Marshal.StringToCoTaskMemUTF8(program);
        for (int i = 0; i < arguments.Length; i++)
        {
            values[i + 1] = Marshal.StringToCoTaskMemUTF8(arguments[i]);
        }

        values[arguments.Length + 1] = 0;
        int process, status = -1;
        byte* attributes = stackalloc byte[SpawnAttributesLength];
        byte* none = stackalloc byte[SignalSetLength];
        _ = NativeInitAttributes(attributes);
        _ = NativeEmptySignals(none);
        _ = NativeSetMask(attributes, none);
        _ = NativeSetFlags(attributes, SetSignalMask);
        ulong own = UseUsualDescriptors();
        bool started = NativeSpawn(&process, (byte*)values[0], 0, attributes, values, null) == 0;
        UseDescriptors(own);
        _ = NativeDestroyAttributes(attributes);
        while (started && Result(NativeWait(process, &status, 0)) == -(int)Errno.EINTR)
        {
        }

        for (int i = 0; i <= arguments.Length; i++)
        {
            Marshal.FreeCoTaskMem(values[i]);
        }

        return started && status == 0;
    }

    /// <summary>Does something that may start a program, with the usual soft limit of descriptors: with more, one that calls select() may write beyond its sets.</summary>
    /// <remarks>The limit belongs to the whole process. So meanwhile no other thread should need a descriptor with a high number.</remarks>
    public static void WithUsualDescriptors(Action act)
    {
        ulong own = UseUsualDescriptors();
        try
        {
            act();
        }
        finally
        {
            UseDescriptors(own);
        }
    }

    /// <summary>Lowers the soft limit of descriptors to the usual one. The limit before; zero if it was no higher.</summary>
    private static ulong UseUsualDescriptors()
    {
        ulong* limit = stackalloc ulong[2];
        if (NativeGetLimit(LimitDescriptors, limit) != 0 || limit[0] <= UsualDescriptors)
        {
            return 0;
        }

        ulong own = limit[0];
        limit[0] = UsualDescriptors;
        return NativeSetLimit(LimitDescriptors, limit) == 0 ? own : 0;
    }

    /// <summary>Sets the soft limit of descriptors again, unless it is zero.</summary>
    private static void UseDescriptors(ulong own)
    {
        ulong* limit = stackalloc ulong[2];
        if (own != 0 && NativeGetLimit(LimitDescriptors, limit) == 0)
        {
            limit[0] = own;
            _ = NativeSetLimit(LimitDescriptors, limit);
        }
    }

    /// <summary>Takes a capability out of what this thread, and no other, can do at the moment, or puts it back if the process has it.</summary>
    /// <returns>True if it has the capability now.</returns>
    public static bool SetCapability(int capability, bool wanted)
    {
        uint* header = stackalloc uint[2] { CapabilityVersion3, 0 };

        // Twice: effective, permitted, inheritable; 32 capabilities in each.
        uint* data = stackalloc uint[6];
        if (NativeGetCapabilities(header, data) != 0)
        {
            return false;
        }

        int word = capability / 32 * 3;
        uint bit = 1u << (capability % 32);
        bool has = (data[word] & bit) != 0;
        if (has == wanted || (wanted && (data[word + 1] & bit) == 0))
        {
            return has;
        }

        data[word] ^= bit;
        return NativeSetCapabilities(header, data) == 0 ? wanted : has;
    }

    private static long Result(long returned) => returned >= 0 ? returned : -Marshal.GetLastPInvokeError();

    [LibraryImport(Library, EntryPoint = "process_vm_readv", SetLastError = true)]
    private static partial nint NativeProcessRead(int process, nuint* own, nuint ownCount, nuint* other, nuint otherCount, nuint flags);

    [LibraryImport(Library, EntryPoint = "open", SetLastError = true)]
    private static partial int NativeOpen(byte* path, int flags, int mode);

    [LibraryImport(Library, EntryPoint = "pread64", SetLastError = true)]
    private static partial nint NativeReadAt(int descriptor, byte* buffer, nuint count, long offset);

    [LibraryImport(Library, EntryPoint = "close")]
    private static partial int NativeClose(int descriptor);

    [LibraryImport(Library, EntryPoint = "tgkill", SetLastError = true)]
    private static partial int NativeSignalThread(int process, int thread, int signal);

    [LibraryImport(Library, EntryPoint = "umount2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int NativeUnmount(string directory, int flags);

    [LibraryImport(Library, EntryPoint = "posix_spawnp")]
    private static partial int NativeSpawn(int* process, byte* program, nint actions, byte* attributes, nint* arguments, nint* environment);

    [LibraryImport(Library, EntryPoint = "posix_spawnattr_init")]
    private static partial int NativeInitAttributes(byte* attributes);

    [LibraryImport(Library, EntryPoint = "posix_spawnattr_destroy")]
    private static partial int NativeDestroyAttributes(byte* attributes);

    [LibraryImport(Library, EntryPoint = "posix_spawnattr_setflags")]
    private static partial int NativeSetFlags(byte* attributes, short flags);

    [LibraryImport(Library, EntryPoint = "posix_spawnattr_setsigmask")]
    private static partial int NativeSetMask(byte* attributes, byte* signals);

    [LibraryImport(Library, EntryPoint = "sigemptyset")]
    private static partial int NativeEmptySignals(byte* signals);

    [LibraryImport(Library, EntryPoint = "getrlimit")]
    private static partial int NativeGetLimit(int resource, ulong* limit);

    [LibraryImport(Library, EntryPoint = "setrlimit")]
    private static partial int NativeSetLimit(int resource, ulong* limit);

    [LibraryImport(Library, EntryPoint = "waitpid", SetLastError = true)]
    private static partial int NativeWait(int process, int* status, int options);

    [LibraryImport(Library, EntryPoint = "capget")]
    private static partial int NativeGetCapabilities(uint* header, uint* data);

    [LibraryImport(Library, EntryPoint = "capset")]
    private static partial int NativeSetCapabilities(uint* header, uint* data);
}
