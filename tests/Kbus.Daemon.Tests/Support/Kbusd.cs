using System.Diagnostics;

namespace Kbus.Daemon.Tests;

/// <summary>The daemon's program, started as a shell would, for what it says and how it ends.</summary>
internal static class Kbusd
{
    /// <summary>Where the program is: the one that was built with these tests, or the one that KBUS_TEST_KBUSD names.</summary>
    public static string Path { get; } = Environment.GetEnvironmentVariable("KBUS_TEST_KBUSD") ?? System.IO.Path.Join(AppContext.BaseDirectory, "kbusd");

    /// <summary>Runs it, or something else that runs it, to its end.</summary>
    public static (int Code, string Output, string Errors) Run(string program, params string[] args)
    {
        using Process process = Start(program, args);
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output.GetAwaiter().GetResult(), errors);
    }

    /// <summary>Starts it, or something else that starts it.</summary>
    public static Process Start(string program, params string[] args) => Process.Start(
        new ProcessStartInfo(program, args) { RedirectStandardOutput = true, RedirectStandardError = true })!;
}
