using System.Diagnostics;
using Kbus.Linux;

namespace Kbus.Play;

/// <summary>Asks a process to end (SIGTERM), so that it can clean up after itself; what was killed cannot.</summary>
internal static class Termination
{
    /// <summary>Asks it, unless it has ended already.</summary>
    public static void Ask(Process process)
    {
        if (!process.HasExited)
        {
            _ = LibC.Kill(process.Id, LibC.Terminate);
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
}
