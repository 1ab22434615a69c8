using System.Runtime.InteropServices;

namespace Kbus.Link;

/// <content>What signals do to this process.</content>
internal static unsafe partial class LibC
{
    private const nint Default = 0;
    private const nint Ignore = 1;

    // Stops a process that writes to the terminal of another job; while it is caught such a write is never done.
    private const int TerminalOutput = 22;

    // Larger than the structure is in any C library for Linux; it begins with the handler.
    private const int SignalActionLength = 256;

    // The first real-time signals belong to the C library and to the runtime.
    private const int FirstFreeRealTimeSignal = 35;
    private const int LastRealTimeSignal = 64;

    /// <summary>SIGUSR1, SIGUSR2, SIGALRM, SIGSTKFLT, SIGXFSZ, SIGVTALRM, SIGPROF, SIGIO and SIGPWR: by themselves they end a process.</summary>
    private static ReadOnlySpan<byte> MeaninglessSignals => [10, 12, 14, 16, 25, 26, 27, 29, 30];

    /// <summary>Has the signals do nothing that mean nothing to a service and would end it. What has a handler keeps it.</summary>
    /// <remarks>
    /// <para>Without SIGXFSZ, a file or shared memory that would grow beyond RLIMIT_FSIZE is an error (EFBIG) of the one call.</para>
    /// <para>They are caught by a function that does nothing, not ignored: what is ignored stays ignored in every program that this process starts, also by a
    /// library such as libfuse; what is caught does not.</para>
    /// </remarks>
    public static void IgnoreMeaninglessSignals()
    {
        Change(TerminalOutput, Default, Ignore);
        nint nothing = NativeLibrary.GetExport(NativeLibrary.Load("libc.so.6"), "getpid");
        foreach (byte signal in MeaninglessSignals)
        {
            Change(signal, Default, nothing);
        }

        for (int signal = FirstFreeRealTimeSignal; signal <= LastRealTimeSignal; signal++)
        {
            Change(signal, Default, nothing);
        }
    }

    /// <summary>Has a signal that this process was started to ignore do again what it usually does.</summary>
    public static void StopIgnoring(int signal) => Change(signal, Ignore, Default);

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

    [LibraryImport(Library, EntryPoint = "sigaction")]
    private static partial int NativeSignalAction(int signal, void* action, void* former);
}
