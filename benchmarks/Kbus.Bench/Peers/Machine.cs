using System.Diagnostics;
using System.Globalization;

namespace Kbus.Bench.Peers;

/// <summary>Where and when figures were found, and of which KBUS and which peers.</summary>
/// <param name="Date">The day.</param>
/// <param name="Processor">The processor's model.</param>
/// <param name="Cores">How many of it this system has.</param>
/// <param name="Kernel">The kernel's version.</param>
/// <param name="Commit">The commit, with a note if the tree differs from it.</param>
/// <param name="Kbusd">Which kbusd was run: compiled ahead of time, or not.</param>
/// <param name="Packages">Versions of the packages of the peers.</param>
internal sealed record Machine(
    string Date, string Processor, int Cores, string Kernel, string Commit, string Kbusd, IReadOnlyDictionary<string, string> Packages)
{
    /// <summary>Finds out.</summary>
    public static Machine Look(IEnumerable<Peer> peers)
    {
        string model = File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))?.Split(':', 2)[1].Trim()
            ?? "unknown processor";
        string commit = Ask("git", "rev-parse", "--short=10", "HEAD") ?? "unknown";
        bool changed = Ask("git", "status", "--porcelain", "--untracked-files=no") is { Length: > 0 };
        bool ahead = Environment.GetEnvironmentVariable("KBUS_DAEMON") is { } daemon && daemon.Contains("/dist/", StringComparison.Ordinal);
        return new Machine(
            DateTimeOffset.Now.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
            model,
            Environment.ProcessorCount,
            File.ReadAllText("/proc/sys/kernel/osrelease").Trim(),
            commit + (changed ? ", with changes" : ""),
            ahead ? "compiled ahead of time (dist/bin/kbusd)" : "not compiled ahead of time",
            Versions(peers.SelectMany(p => p.Needs).Select(n => n.Package).Distinct().Order(StringComparer.Ordinal)));
    }

    /// <summary>The processor's model as part of a file's name.</summary>
    public string ProcessorSlug =>
        string.Join('-', new string([.. Processor.Select(c => char.IsAsciiLetterOrDigit(c) ? char.ToLowerInvariant(c) : ' ')])
            .Split(' ', StringSplitOptions.RemoveEmptyEntries));

    private static Dictionary<string, string> Versions(IEnumerable<string> packages) => packages
        .Select(p => (Name: p, Version: Ask("dpkg-query", "-W", "-f", "${Version}", p)))
        .Where(p => p.Version is { Length: > 0 })
        .ToDictionary(p => p.Name, p => p.Version!);

    private static string? Ask(string program, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, arguments)
            {
                WorkingDirectory = Checkout.Root,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            string answer = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? answer.Trim() : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }
}
