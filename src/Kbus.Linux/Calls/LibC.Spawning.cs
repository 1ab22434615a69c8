using System.Globalization;
using System.Runtime.InteropServices;

namespace Kbus.Linux;

/// <content>Starting a program.</content>
/// <remarks>
/// Not by the classes of .NET: these take over a process's signal handling and its terminal with their first child, and a library does
/// not do that to its host.
/// </remarks>
internal static unsafe partial class LibC
{
    // Larger than these structures are in any C library for Linux.
    private const int FileActionsLength = 256;
    private const int SpawnAttributesLength = 1024;
    private const int SignalSetLength = 256;
    private const int StandardError = 2;
    private const int FirstOfOthers = 3;
    private const short SetDefaultSignals = 0x04;
    private const short SetSignalMask = 0x08;

    /// <summary>
    /// Runs a program, with this process's environment, to its end; but with none of its descriptors save the first three, no signal blocked and none
    /// ignored. Zero or <c>-errno</c>: whether it could be started.
    /// </summary>
    /// <param name="path">The program.</param>
    /// <param name="errors">The descriptor that becomes its standard error.</param>
    /// <param name="arguments">Its arguments, without its own name.</param>
    public static int Run(string path, int errors, params ReadOnlySpan<string> arguments)
    {
        int count = arguments.Length + 1;
        byte** strings = stackalloc byte*[count + 1];
        strings[0] = (byte*)Marshal.StringToCoTaskMemUTF8(path);
        for (int i = 1; i < count; i++)
        {
            strings[i] = (byte*)Marshal.StringToCoTaskMemUTF8(arguments[i - 1]);
        }

        strings[count] = null;
        int result = Spawn(strings, errors, out int process);
        for (int i = 0; i < count; i++)
        {
            Marshal.FreeCoTaskMem((nint)strings[i]);
        }

        // Somebody else in this process may wait for all children: then it has ended just as well.
        while (result == 0 && Result(NativeWaitProcess(process, null, 0)) == Interrupted)
        {
        }

        return result;
    }

    /// <summary>
    /// Runs a program that is on the path to its end: with no environment, no signal blocked, and the usual soft limit of descriptors. It inherits those
    /// descriptors that are not closed when a program is executed.
    /// </summary>
    /// <returns>True if it ended with exit code 0.</returns>
    public static bool RunFromPath(string program, params ReadOnlySpan<string> arguments)
    {
        byte** values = stackalloc byte*[arguments.Length + 2];
        values[0] = (byte*)Marshal.StringToCoTaskMemUTF8(program);
        for (int i = 0; i < arguments.Length; i++)
        {
            values[i + 1] = (byte*)Marshal.StringToCoTaskMemUTF8(arguments[i]);
        }

        values[arguments.Length + 1] = null;
        int process, status = -1;
        byte* attributes = stackalloc byte[SpawnAttributesLength];
        byte* none = stackalloc byte[SignalSetLength];
        _ = NativeInitAttributes(attributes);
        _ = NativeEmptySignals(none);
        _ = NativeSetMask(attributes, none);
        _ = NativeSetFlags(attributes, SetSignalMask);
        bool isLowered = LowerOpenFiles(out ulong own);
        bool started = NativeSpawnFromPath(&process, values[0], null, attributes, values, null) == 0;
        RaiseOpenFiles(isLowered, own);
        _ = NativeDestroyAttributes(attributes);
        while (started && Result(NativeWaitProcess(process, &status, 0)) == Interrupted)
        {
        }

        for (int i = 0; i <= arguments.Length; i++)
        {
            Marshal.FreeCoTaskMem((nint)values[i]);
        }

        return started && status == 0;
    }

    private static int Spawn(byte** strings, int errors, out int process)
    {
        nint library = NativeLibrary.Load("libc.so.6");
        void* environment = *(void**)NativeLibrary.GetExport(library, "environ");
        byte* actions = stackalloc byte[FileActionsLength];
        byte* attributes = stackalloc byte[SpawnAttributesLength];
        byte* signals = stackalloc byte[SignalSetLength];
        process = 0;
        int result = -NativeInitActions(actions);
        if (result != 0)
        {
            return result;
        }

        _ = NativeInitAttributes(attributes);
        _ = NativeFillSignals(signals);
        _ = NativeSetDefaults(attributes, signals);
        _ = NativeEmptySignals(signals);
        _ = NativeSetMask(attributes, signals);
        _ = NativeSetFlags(attributes, SetDefaultSignals | SetSignalMask);
        _ = NativeAddDuplicate(actions, errors, StandardError);
        CloseOthers(library, actions);
        fixed (int* number = &process)
        {
            result = -NativeSpawn(number, strings[0], actions, attributes, strings, environment);
        }

        _ = NativeDestroyAttributes(attributes);
        _ = NativeDestroyActions(actions);
        return result;
    }

    /// <summary>Has all descriptors closed but the first three: by one call where the C library has it (glibc 2.34), else by one for each that is open now.</summary>
    private static void CloseOthers(nint library, byte* actions)
    {
        if (NativeLibrary.TryGetExport(library, "posix_spawn_file_actions_addclosefrom_np", out nint closeFrom))
        {
            _ = ((delegate* unmanaged<void*, int, int>)closeFrom)(actions, FirstOfOthers);
            return;
        }

        foreach (string open in Directory.EnumerateFileSystemEntries("/proc/self/fd"))
        {
            int number = int.Parse(Path.GetFileName(open.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture);
            if (number >= FirstOfOthers)
            {
                _ = NativeAddClose(actions, number);
            }
        }
    }

    [LibraryImport(Library, EntryPoint = "posix_spawn")]
    private static partial int NativeSpawn(int* process, byte* path, void* actions, void* attributes, byte** arguments, void* environment);

    [LibraryImport(Library, EntryPoint = "posix_spawnp")]
    private static partial int NativeSpawnFromPath(int* process, byte* program, void* actions, void* attributes, byte** arguments, void* environment);

    [LibraryImport(Library, EntryPoint = "posix_spawn_file_actions_init")]
    private static partial int NativeInitActions(void* actions);

    [LibraryImport(Library, EntryPoint = "posix_spawn_file_actions_destroy")]
    private static partial int NativeDestroyActions(void* actions);

    [LibraryImport(Library, EntryPoint = "posix_spawn_file_actions_addclose")]
    private static partial int NativeAddClose(void* actions, int descriptor);

    [LibraryImport(Library, EntryPoint = "posix_spawn_file_actions_adddup2")]
    private static partial int NativeAddDuplicate(void* actions, int descriptor, int number);

    [LibraryImport(Library, EntryPoint = "posix_spawnattr_init")]
    private static partial int NativeInitAttributes(void* attributes);

    [LibraryImport(Library, EntryPoint = "posix_spawnattr_destroy")]
    private static partial int NativeDestroyAttributes(void* attributes);

    [LibraryImport(Library, EntryPoint = "posix_spawnattr_setflags")]
    private static partial int NativeSetFlags(void* attributes, short flags);

    [LibraryImport(Library, EntryPoint = "posix_spawnattr_setsigdefault")]
    private static partial int NativeSetDefaults(void* attributes, void* signals);

    [LibraryImport(Library, EntryPoint = "posix_spawnattr_setsigmask")]
    private static partial int NativeSetMask(void* attributes, void* signals);

    [LibraryImport(Library, EntryPoint = "sigfillset")]
    private static partial int NativeFillSignals(void* signals);

    [LibraryImport(Library, EntryPoint = "sigemptyset")]
    private static partial int NativeEmptySignals(void* signals);

    [LibraryImport(Library, EntryPoint = "waitpid")]
    private static partial int NativeWaitProcess(int process, int* status, int options);
}
