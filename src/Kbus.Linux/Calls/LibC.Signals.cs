using System.Runtime.InteropServices;

namespace Kbus.Linux;

/// <content>What signals do to this process.</content>
internal static unsafe partial class LibC
{
    private const nint Default = 0;
    private const nint Ignore = 1;

    /// <summary>Written to a pipe or socket without a reader. The write fails with EPIPE, too.</summary>
    private const int PipeSignal = 13;

    private const int BlockSignals = 0;
    private const int SignalsNonBlocking = 0x800;
    private const int SignalsCloseOnExec = 0x80000;

    // Longer than what a signalfd gives is on any Linux; the number of the signal comes first in it.
    private const int SignalRecordLength = 128;

    // Larger than the structure is in any C library for Linux; it begins with the handler.
    private const int SignalActionLength = 256;

    // The first real-time signals belong to the C library and to the runtime.
    private const int FirstFreeRealTimeSignal = 35;
    private const int LastRealTimeSignal = 64;

    /// <summary>SIGHUP.</summary>
    public const int HangUp = 1;

    /// <summary>SIGINT.</summary>
    public const int Interrupt = 2;

    /// <summary>SIGTERM.</summary>
    public const int Terminate = 15;

    /// <summary>SIGTTOU, which stops a process that writes to the terminal of another job. Where it is blocked, such a write is done.</summary>
    public const int TerminalOutput = 22;

    /// <summary>SIGUSR1, SIGUSR2, SIGALRM, SIGSTKFLT, SIGXCPU, SIGXFSZ, SIGVTALRM, SIGPROF, SIGIO and SIGPWR: by themselves they end a process.</summary>
    private static ReadOnlySpan<byte> MeaninglessSignals => [10, 12, 14, 16, 24, 25, 26, 27, 29, 30];

    /// <summary>Has the signals do nothing that mean nothing to a service and would end it. What has a handler keeps it.</summary>
    /// <remarks>
    /// <para>Without SIGXFSZ, a file or shared memory that would grow beyond RLIMIT_FSIZE is an error (EFBIG) of the one call. Without SIGXCPU, a
    /// process that has used up the soft RLIMIT_CPU goes on to the hard one.</para>
    /// <para>They are caught by a function that does nothing, not ignored: what is ignored stays ignored in every program that this process starts, also by a
    /// library such as libfuse; what is caught does not.</para>
    /// </remarks>
    public static void IgnoreMeaninglessSignals()
    {
        nint nothing = NativeLibrary.GetExport(NativeLibrary.Load("libc.so.6"), "getpid");
        foreach (byte signal in MeaninglessSignals)
        {
            Change(signal, Default, nothing);
        }

        // The runtime ignores it.
        Change(PipeSignal, Ignore, nothing);
        for (int signal = FirstFreeRealTimeSignal; signal <= LastRealTimeSignal; signal++)
        {
            Change(signal, Default, nothing);
        }
    }

    /// <summary>Has a signal that this process was started to ignore do again what it usually does.</summary>
    public static void StopIgnoring(int signal) => Change(signal, Ignore, Default);

    /// <summary>Whether a signal is ignored.</summary>
    public static bool IsIgnored(int signal)
    {
        byte* action = stackalloc byte[SignalActionLength];
        return NativeSignalAction(signal, null, action) == 0 && *(nint*)action == Ignore;
    }

    /// <summary>Blocks signals in this thread, in those that it starts, and in a program that it executes.</summary>
    /// <returns>True if all of them were blocked before.</returns>
    public static bool Block(params ReadOnlySpan<int> signals)
    {
        byte* wanted = stackalloc byte[SignalSetLength];
        byte* before = stackalloc byte[SignalSetLength];
        Fill(wanted, signals);
        _ = NativeEmptySignals(before);
        bool all = NativeChangeMask(BlockSignals, wanted, before) == 0;
        foreach (int signal in signals)
        {
            all &= NativeHasSignal(before, signal) > 0;
        }

        return all;
    }

    /// <summary>A descriptor that is readable while one of these signals, which all threads block, is pending; or <c>-errno</c>.</summary>
    public static int CreateSignalDescriptor(params ReadOnlySpan<int> signals)
    {
        byte* set = stackalloc byte[SignalSetLength];
        Fill(set, signals);
        return Result(NativeSignalDescriptor(-1, set, SignalsNonBlocking | SignalsCloseOnExec));
    }

    /// <summary>Takes a pending signal from a signal descriptor; zero if there is none.</summary>
    public static int TakeSignal(int descriptor)
    {
        Span<byte> record = stackalloc byte[SignalRecordLength];
        return Read(descriptor, record) == SignalRecordLength ? MemoryMarshal.Read<int>(record) : 0;
    }

    private static void Fill(byte* set, ReadOnlySpan<int> signals)
    {
        _ = NativeEmptySignals(set);
        foreach (int signal in signals)
        {
            _ = NativeAddSignal(set, signal);
        }
    }

    private static void Change(int signal, nint from, nint to)
    {
        byte* action = stackalloc byte[SignalActionLength];
        if (NativeSignalAction(signal, null, action) == 0 && *(nint*)action == from)
        {
            _ = NativeSignal(signal, to);
        }
    }

    [LibraryImport(Library, EntryPoint = "signal")]
    private static partial nint NativeSignal(int signal, nint handler);

    [LibraryImport(Library, EntryPoint = "sigaddset")]
    private static partial int NativeAddSignal(byte* signals, int signal);

    [LibraryImport(Library, EntryPoint = "sigismember")]
    private static partial int NativeHasSignal(byte* signals, int signal);

    [LibraryImport(Library, EntryPoint = "pthread_sigmask")]
    private static partial int NativeChangeMask(int how, byte* signals, byte* former);

    [LibraryImport(Library, EntryPoint = "signalfd", SetLastError = true)]
    private static partial int NativeSignalDescriptor(int descriptor, byte* signals, int flags);

    [LibraryImport(Library, EntryPoint = "sigaction")]
    private static partial int NativeSignalAction(int signal, void* action, void* former);
}
