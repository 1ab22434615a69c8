using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Kbus.Simulation;

/// <summary>Plays seeds in several processes of this program at once: one for each processor.</summary>
/// <remarks>Processes and not threads, because a run has its daemon, and hooks into the rings, to itself.</remarks>
internal static class Workers
{
    /// <summary>So many seeds are not worth the start of a process.</summary>
    private const int FewestForEach = 500;

    /// <summary>Plays seeds; each process takes every n-th of them.</summary>
    /// <param name="first">The first seed.</param>
    /// <param name="count">How many.</param>
    /// <param name="words">What else each process is told.</param>
    /// <returns>Null if every promise was kept; otherwise what the first process said that failed.</returns>
    public static string? Play(ulong first, ulong count, params string[] words)
    {
        ulong workers = Math.Clamp(count / FewestForEach, 1, (ulong)Environment.ProcessorCount);
        Process[] processes = [.. Enumerable.Range(0, (int)workers).Select(w => Start(first + (ulong)w, (count - (ulong)w + workers - 1) / workers, workers, words))];
        using var outputs = new BlockingCollection<(Process Worker, string Output)>();
        foreach (Process process in processes)
        {
            var reader = new Thread(() => outputs.Add((process, process.StandardOutput.ReadToEnd())));
            reader.Start();
        }

        string? fault = null;
        for (int left = processes.Length; left > 0; left--)
        {
            (Process worker, string output) = outputs.Take();
            worker.WaitForExit();
            if (worker.ExitCode != 0 && fault is null)
            {
                fault = output.Length > 0 ? output : $"A process that played seeds ended with code {worker.ExitCode}, and said nothing.";
                Array.ForEach(processes, End);
            }
        }

        Array.ForEach(processes, p => p.Dispose());
        return fault;
    }

    private static Process Start(ulong first, ulong count, ulong stride, string[] words)
    {
        string[] numbers = [.. new[] { first, count, stride }.Select(n => n.ToString(CultureInfo.InvariantCulture))];
        var start = new ProcessStartInfo(Environment.ProcessPath!, ["play", .. numbers[..2], "every", numbers[2], .. words]) { RedirectStandardOutput = true };
        return Process.Start(start)!;
    }

    private static void End(Process process)
    {
        if (!process.HasExited)
        {
            process.Kill();
        }
    }
}
