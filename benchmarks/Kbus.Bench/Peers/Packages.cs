using System.ComponentModel;
using System.Diagnostics;

namespace Kbus.Bench.Peers;

/// <summary>Brings what the peers need, through apt-get where there is one; a machine without it measures what is there.</summary>
/// <remarks>Packages of servers would like to start them. They are kept from it while they are installed, and what runs already is left alone.</remarks>
internal static class Packages
{
    // The policy is only made if the machine has none, and taken away again.
    private const string Install = """
        policy=/usr/sbin/policy-rc.d
        if [ ! -e "$policy" ]; then
            trap 'rm -f "$policy"' EXIT
            trap 'exit 130' INT TERM
            printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy"
        fi
        export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
        apt-get install -y --no-install-recommends "$@"
        """;

    private static bool _updated;

    /// <summary>Sees to what is needed.</summary>
    /// <param name="needs">What.</param>
    /// <param name="say">Tells the person what is being done.</param>
    /// <returns>Null if all is there now, else why not.</returns>
    public static string? Bring(IEnumerable<Need> needs, Action<string> say)
    {
        string[] missing = MissingOf(needs);
        if (missing.Length == 0)
        {
            return null;
        }

        string list = string.Join(' ', missing);
        if (!File.Exists("/usr/bin/apt-get"))
        {
            return $"needs {list}, and there is no apt-get";
        }

        say($"installing with apt-get: {list}");
        if (Run(["sh", "-c", Install, "install", .. missing]) && MissingOf(needs).Length == 0)
        {
            return null;
        }

        if (!_updated)
        {
            _updated = true;
            Run(["apt-get", "update", "-q"]);
            Run(["sh", "-c", Install, "install", .. missing]);
        }

        return MissingOf(needs).Length == 0 ? null : $"needs {list}, which apt-get could not install";
    }

    private static string[] MissingOf(IEnumerable<Need> needs) => [.. needs.Where(n => !File.Exists(n.File)).Select(n => n.Package).Distinct()];

    private static bool Run(string[] command)
    {
        string[] all = Environment.IsPrivilegedProcess ? command : ["sudo", "-n", .. command];
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(all[0], all[1..])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            process.StandardInput.Close();
            process.ErrorDataReceived += (_, _) => { };
            process.BeginErrorReadLine();
            process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}
