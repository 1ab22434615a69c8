using System.Globalization;
using System.Runtime.InteropServices;

namespace Kbus.Faults;

/// <summary>Signals to processes that the tests started.</summary>
internal static partial class Signals
{
    public const int Kill = 9;
    public const int Continue = 18;
    public const int Stop = 19;

    /// <summary>Sends a signal.</summary>
    public static void Send(int process, int signal) => Assert.Equal(0, KillProcess(process, signal));

    /// <summary>Stops a process and returns when it stands still.</summary>
    public static void StopAndWait(int process)
    {
        Send(process, Stop);
        Until.True(() => State(process) is 'T' or 'Z', () => $"process {process} does not stop");
    }

    /// <summary>The number of the calling thread.</summary>
    public static int CurrentThread => GetThreadId();

    /// <summary>The kernel's letter for what a process, or a thread, does: S if it sleeps, T if it was stopped, Z if it has ended.</summary>
    public static char State(int process)
    {
        string stat = File.ReadAllText($"/proc/{process}/stat");
        return stat[stat.LastIndexOf(')') + 2];
    }

    /// <summary>How many descriptors a daemon has open of the kinds that members bring: sockets, bells, processes and shared memory.</summary>
    public static int Descriptors(int process) => Directory.EnumerateFileSystemEntries($"/proc/{process}/fd").Count(IsItsOwn);

    /// <summary>What a process's descriptors stand for.</summary>
    public static string DescriptorTargets(int process) => string.Join(
        ", ", Directory.EnumerateFileSystemEntries($"/proc/{process}/fd").Where(IsItsOwn).Select(d => $"{Path.GetFileName(d)} {new FileInfo(d).LinkTarget}"));

    /// <summary>How much memory a process has in use, in bytes.</summary>
    public static long Memory(int process)
    {
        string line = File.ReadLines($"/proc/{process}/status").First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) * 1024;
    }

    /// <summary>Whether it is of a kind that a member can bring. The runtime of a managed daemon keeps files of its own, one more at any time.</summary>
    private static bool IsItsOwn(string descriptor)
    {
        try
        {
            return new FileInfo(descriptor).LinkTarget is { } target
                && (target.StartsWith("socket:", StringComparison.Ordinal) || target.StartsWith("/memfd:kbus", StringComparison.Ordinal)
                    || target.Contains("[eventfd]", StringComparison.Ordinal) || target.Contains("pidfd", StringComparison.Ordinal));
        }
        catch (IOException)
        {
            // Closed meanwhile.
            return false;
        }
    }

    [LibraryImport("libc", EntryPoint = "gettid")]
    private static partial int GetThreadId();

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int KillProcess(int process, int signal);
}
