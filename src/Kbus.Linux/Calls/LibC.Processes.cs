using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Kbus.Linux;

/// <content>Processes, limits and the clock.</content>
internal static unsafe partial class LibC
{
    private const int ClockMonotonic = 1;
    private const int LimitOpenFiles = 7;
    private const ulong UsualOpenFiles = 1024;
    private const long PidfdSendSignalNumber = 424;
    private const long PidfdOpenNumber = 434;
    private const uint PidFileSystem = 0x50494446;

    /// <summary>The id of this process, asked of the kernel each time: a forked child has another.</summary>
    public static int ProcessId() => NativeGetPid();

    /// <summary>The effective user id of this process.</summary>
    public static uint UserId() => NativeGetEffectiveUserId();

    /// <summary>The effective group id of this process.</summary>
    public static uint GroupId() => NativeGetEffectiveGroupId();

    /// <summary>What the kernel told this process about itself when it was started; 0 if it said nothing of that.</summary>
    public static nuint AuxiliaryValue(nuint about) => NativeGetAuxiliaryValue(about);

    /// <summary>Sends a signal; signal 0 only asks whether the process exists.</summary>
    public static int Kill(int processId, int signal) => Result(NativeKill(processId, signal));

    /// <summary>True if this thread number is that of a whole process, its first thread.</summary>
    public static bool IsProcess(int thread) => Result(NativeSignalThread(thread, thread, 0)) is 0 or NotPermitted;

    /// <summary>A descriptor that stands for a process and becomes readable when it ends.</summary>
    public static int PidfdOpen(int processId) => (int)Result(NativeSystemCall(PidfdOpenNumber, processId, 0, 0, 0, 0, 0));

    /// <summary>Sends a signal to the process that a pidfd stands for, and to no other that got its number later.</summary>
    public static int PidfdSendSignal(int pidfd, int signal) =>
        (int)Result(NativeSystemCall(PidfdSendSignalNumber, pidfd, signal, 0, 0, 0, 0));

    /// <summary>What tells the process of a pidfd from all others, as long as the machine runs; null where the kernel knows no such thing (before Linux 6.9).</summary>
    public static ulong? PidfdIdentity(int pidfd)
    {
        // It begins with the type of the file system, and is 120 bytes long at most.
        ulong* status = stackalloc ulong[32];
        bool isPidfs = Result(NativeFileSystemStatus(pidfd, status)) >= 0 && (uint)status[0] == PidFileSystem;
        return isPidfs && Inode(pidfd, out _, out ulong node) >= 0 ? node : null;
    }

    /// <summary>Nanoseconds of the clock that never goes back and that all processes share.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long MonotonicNanoseconds()
    {
        TimeSpec now;
        _ = NativeClockGetTime(ClockMonotonic, &now);
        return (now.Seconds * 1_000_000_000) + now.Nanoseconds;
    }

    /// <summary>Lets another thread run, if one wants to.</summary>
    public static void YieldProcessor() => _ = NativeYield();

    /// <summary>How many descriptors this process may have open, and how far it may raise that.</summary>
    public static int OpenFileLimit(out ulong now, out ulong most)
    {
        ulong* limit = stackalloc ulong[2];
        int result = Result(NativeGetLimit(LimitOpenFiles, limit));
        (now, most) = result < 0 ? (0, 0) : (limit[0], limit[1]);
        return result;
    }

    /// <summary>Sets how many descriptors this process may have open.</summary>
    public static int SetOpenFileLimit(ulong now, ulong most)
    {
        ulong* limit = stackalloc ulong[2] { now, most };
        return Result(NativeSetLimit(LimitOpenFiles, limit));
    }

    /// <summary>
    /// Does something that may start a program, with the usual soft limit of descriptors: with more, a program that calls select() may write beyond its
    /// sets.
    /// </summary>
    /// <remarks>The limit belongs to the whole process. So meanwhile no other thread should need a descriptor with a high number.</remarks>
    public static void WithUsualOpenFiles(Action act)
    {
        bool isLowered = LowerOpenFiles(out ulong own);
        try
        {
            act();
        }
        finally
        {
            RaiseOpenFiles(isLowered, own);
        }
    }

    /// <summary>Lowers the soft limit of descriptors to the usual one. False if it was no higher.</summary>
    private static bool LowerOpenFiles(out ulong own) =>
        OpenFileLimit(out own, out ulong most) >= 0 && own > UsualOpenFiles && SetOpenFileLimit(UsualOpenFiles, most) >= 0;

    /// <summary>Sets the soft limit of descriptors again, if it was lowered.</summary>
    private static void RaiseOpenFiles(bool isLowered, ulong own)
    {
        if (isLowered && OpenFileLimit(out _, out ulong most) >= 0)
        {
            _ = SetOpenFileLimit(own, most);
        }
    }

    [LibraryImport(Library, EntryPoint = "getpid")]
    private static partial int NativeGetPid();

    [LibraryImport(Library, EntryPoint = "geteuid")]
    private static partial uint NativeGetEffectiveUserId();

    [LibraryImport(Library, EntryPoint = "getegid")]
    private static partial uint NativeGetEffectiveGroupId();

    [LibraryImport(Library, EntryPoint = "tgkill")]
    private static partial int NativeSignalThread(int process, int thread, int signal);

    [LibraryImport(Library, EntryPoint = "fstatfs")]
    private static partial int NativeFileSystemStatus(int descriptor, ulong* status);

    [LibraryImport(Library, EntryPoint = "getauxval")]
    private static partial nuint NativeGetAuxiliaryValue(nuint about);

    [LibraryImport(Library, EntryPoint = "kill")]
    private static partial int NativeKill(int processId, int signal);

    // Nanoseconds in the kernel's own page, without a system call: the garbage collector need not be told of it.
    [LibraryImport(Library, EntryPoint = "clock_gettime")]
    [SuppressGCTransition]
    private static partial int NativeClockGetTime(int clock, TimeSpec* time);

    [LibraryImport(Library, EntryPoint = "sched_yield")]
    private static partial int NativeYield();

    [LibraryImport(Library, EntryPoint = "getrlimit")]
    private static partial int NativeGetLimit(int resource, ulong* limit);

    [LibraryImport(Library, EntryPoint = "setrlimit")]
    private static partial int NativeSetLimit(int resource, ulong* limit);
}
