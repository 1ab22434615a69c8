using System.Globalization;
using Kbus.Linux;

namespace Kbus.Daemon;

/// <summary>Resets what a daemon inherits from the program whose first Ksock started it, because the daemon serves all programs.</summary>
/// <remarks>
/// What the kernel does not let it reset is kept, and written into the log: a raised nice value, hard limits, and most of all the control group, with
/// which a service manager ends all processes of a service.
/// </remarks>
internal static class Detachment
{
    private const int Interrupt = 2;
    private const int Quit = 3;
    private const string OutOfMemory = "/proc/self/oom_score_adj";

    /// <summary>Resets what it can. If this process was limited to some processors, it executes itself again, because the runtime has counted them.</summary>
    /// <returns>What it must keep, in words.</returns>
    public static IReadOnlyList<string> Apply()
    {
        List<string> kept = [];
        LibC.RaiseLimits();

        // A shell lets what it starts in the background ignore these.
        LibC.StopIgnoring(Interrupt);
        LibC.StopIgnoring(Quit);
        int nice = 0;
        bool hasPolicy = false;
        bool hasMoreProcessors = false;
        foreach (int id in Threads())
        {
            hasPolicy |= LibC.UseUsualPolicy(id) < 0;
            nice = Math.Max(nice, LibC.UseUsualNice(id));
            hasMoreProcessors |= LibC.UseAllProcessors(id);
        }

        if (hasMoreProcessors)
        {
            // If this fails, the present state is good enough.
            OwnProgram.BeginAnew();
        }

        if (hasPolicy)
        {
            kept.Add("its scheduling policy");
        }

        if (nice > 0)
        {
            kept.Add($"its nice value of {nice}");
        }

        if (ResetOutOfMemory() is { } score)
        {
            kept.Add($"its oom_score_adj of {score}");
        }

        return kept;
    }

    /// <summary>The control group of this process, where it is that of the program which started it; null if a service manager gave it one of its own.</summary>
    public static string? SharedControlGroup()
    {
        if (Environment.GetEnvironmentVariable("NOTIFY_SOCKET") is { Length: > 0 })
        {
            return null;
        }

        try
        {
            // "0::/the/group"; with the older hierarchies the last line is the one that counts, too.
            return File.ReadLines("/proc/self/cgroup").LastOrDefault()?.Split(':', 3)[^1];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static int[] Threads()
    {
        try
        {
            return [.. Directory.EnumerateDirectories("/proc/self/task").Select(t => int.Parse(Path.GetFileName(t.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture))];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Without /proc at least the calling thread, from which later ones inherit.
            return [0];
        }
    }

    private static string? ResetOutOfMemory()
    {
        string score = "?";
        try
        {
            score = File.ReadAllText(OutOfMemory).Trim();
            if (score != "0")
            {
                File.WriteAllText(OutOfMemory, "0");
            }

            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return score;
        }
    }
}
