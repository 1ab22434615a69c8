using System.ComponentModel;
using System.Diagnostics;

namespace Kbus.Faults;

/// <summary>Two network namespaces with a wire between them: to each other they are two machines. They share this one's files.</summary>
/// <remarks>Each lives as long as a process in it, which ends when this process does.</remarks>
internal sealed class TwoHosts : IDisposable
{
    /// <summary>The first one's address.</summary>
    public const string FirstAddress = "10.98.76.1";

    /// <summary>The second one's address.</summary>
    public const string SecondAddress = "10.98.76.2";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private readonly List<Process> _holders = [];

    private TwoHosts()
    {
    }

    /// <summary>What starts a program on the first.</summary>
    public IReadOnlyList<string> OnFirst => On(0);

    /// <summary>What starts a program on the second.</summary>
    public IReadOnlyList<string> OnSecond => On(1);

    /// <summary>Makes them; null if this user may not, or the programs for it are missing.</summary>
    public static TwoHosts? TryMake()
    {
        var hosts = new TwoHosts();
        try
        {
            bool isMade = hosts.TryHold() && hosts.TryHold()
                && Runs([.. hosts.OnFirst, "ip", "link", "add", "one", "type", "veth", "peer", "name", "two", "netns", $"{hosts._holders[1].Id}"])
                && Runs([.. hosts.OnFirst, "ip", "addr", "add", $"{FirstAddress}/24", "dev", "one"])
                && Runs([.. hosts.OnSecond, "ip", "addr", "add", $"{SecondAddress}/24", "dev", "two"])
                && Runs([.. hosts.OnFirst, "ip", "link", "set", "lo", "up"])
                && Runs([.. hosts.OnSecond, "ip", "link", "set", "lo", "up"])
                && Runs([.. hosts.OnFirst, "ip", "link", "set", "one", "up"])
                && Runs([.. hosts.OnSecond, "ip", "link", "set", "two", "up"]);
            if (isMade)
            {
                return hosts;
            }
        }
        catch (Win32Exception)
        {
            // A program is missing.
        }

        hosts.Dispose();
        return null;
    }

    /// <summary>Takes the wire away: neither hears from the other any more, not even that it has gone.</summary>
    public void Part() => Assert.True(Runs([.. OnSecond, "ip", "link", "set", "two", "down"]), "the wire stays");

    /// <summary>Puts the wire back.</summary>
    public void Join() => Assert.True(Runs([.. OnSecond, "ip", "link", "set", "two", "up"]), "the wire does not come back");

    public void Dispose()
    {
        foreach (Process holder in _holders)
        {
            holder.Kill();
            holder.WaitForExit();
            holder.Dispose();
        }
    }

    private string[] On(int which) => ["nsenter", "-t", $"{_holders[which].Id}", "-n"];

    /// <summary>Starts a process in a network namespace of its own. It reads what never comes, until this process ends.</summary>
    private bool TryHold()
    {
        var start = new ProcessStartInfo("unshare", ["-n", "cat"]) { RedirectStandardInput = true, RedirectStandardError = true };
        Process holder = Process.Start(start)!;
        _holders.Add(holder);
        string? ours = Namespace("self");
        return SpinWait.SpinUntil(() => holder.HasExited || (Namespace($"{holder.Id}") is { } its && its != ours), Patience)
            && !holder.HasExited;
    }

    private static string? Namespace(string process)
    {
        try
        {
            return File.ResolveLinkTarget($"/proc/{process}/ns/net", returnFinalTarget: false)?.Name;
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static bool Runs(string[] command)
    {
        using Process process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true })!;
        _ = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
