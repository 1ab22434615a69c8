using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Kbus.Cli;

/// <summary>Asks a process to end (SIGTERM), so that it can clean up after itself; what was killed cannot.</summary>
internal static partial class Termination
{
    private const int Terminate = 15;

    /// <summary>Asks it, unless it has ended already.</summary>
    public static void Ask(Process process)
    {
        if (!process.HasExited)
        {
            _ = Kill(process.Id, Terminate);
        }
    }

    /// <summary>Waits until it has ended, and kills it if that takes too long.</summary>
    public static void Await(Process process, TimeSpan limit)
    {
        if (!process.WaitForExit(limit))
        {
            process.Kill();
        }

        // Without a limit this also waits until everything that it said has come.
        process.WaitForExit();
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);
}
