using System.Runtime.InteropServices;

namespace Kbus.Link;

/// <content>Starting a program.</content>
/// <remarks>
/// Not by the classes of .NET: these take over a process's signal handling and its terminal with their first child, and a library does
/// not do that to its host.
/// </remarks>
internal static unsafe partial class LibC
{
    /// <summary>Runs a program, with this process's environment, to its end. Zero or <c>-errno</c>: whether it could be started.</summary>
    /// <param name="path">The program.</param>
    /// <param name="arguments">Its arguments, without its own name.</param>
    public static int Run(string path, params ReadOnlySpan<string> arguments)
    {
        int count = arguments.Length + 1;
        byte** strings = stackalloc byte*[count + 1];
        strings[0] = (byte*)Marshal.StringToCoTaskMemUTF8(path);
        for (int i = 1; i < count; i++)
        {
            strings[i] = (byte*)Marshal.StringToCoTaskMemUTF8(arguments[i - 1]);
        }

        strings[count] = null;
        nint library = NativeLibrary.Load("libc.so.6");
        void* environment = *(void**)NativeLibrary.GetExport(library, "environ");
        int process;
        int result = -NativeSpawn(&process, strings[0], null, null, strings, environment);
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

    [LibraryImport(Library, EntryPoint = "posix_spawn")]
    private static partial int NativeSpawn(int* process, byte* path, void* actions, void* attributes, byte** arguments, void* environment);

    [LibraryImport(Library, EntryPoint = "waitpid")]
    private static partial int NativeWaitProcess(int process, int* status, int options);
}
