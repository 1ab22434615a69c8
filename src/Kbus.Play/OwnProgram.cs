using System.Diagnostics;

namespace Kbus.Play;

/// <summary>Starts this very program once more, and finds the daemon that belongs to it.</summary>
internal static class OwnProgram
{
    /// <summary>How to start this program with other arguments.</summary>
    public static ProcessStartInfo Start(params string[] arguments)
    {
        string program = Environment.ProcessPath!;

        // Run as 'dotnet Kbus.Cli.dll', the process is dotnet and the program is its first argument.
        bool isHosted = Path.GetFileName(program) == "dotnet";
        return new ProcessStartInfo(program, isHosted ? [Environment.GetCommandLineArgs()[0], .. arguments] : arguments) { UseShellExecute = false };
    }

    /// <summary>The daemon's program: the one that is named, otherwise the one beside this, otherwise an installed one.</summary>
    /// <exception cref="PlayException">There is none.</exception>
    public static string Daemon()
    {
        if (Environment.GetEnvironmentVariable("KBUS_DAEMON") is { Length: > 0 } named)
        {
            return named;
        }

        IEnumerable<string> places = [AppContext.BaseDirectory, .. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':'), "/usr/local/bin", "/usr/bin", "/usr/libexec"];
        return places.Where(p => p.Length > 0).Select(p => Path.Join(p, "kbusd")).FirstOrDefault(File.Exists)
            ?? throw new PlayException(isWithoutBus: true, "the program kbusd is not to be found, so there can be no bus. Install it, or set KBUS_DAEMON to its path.");
    }
}
