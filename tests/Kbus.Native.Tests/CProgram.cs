using System.Diagnostics;
using Kbus.Replay;

namespace Kbus.Native.Tests;

/// <summary>Compiles and runs C programs, each with a bus of its own.</summary>
internal static class CProgram
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(180);

    /// <summary>What a program said, and how it ended.</summary>
    public sealed record Ending(int ExitCode, string Output, string Error);

    /// <summary>Where the sources are.</summary>
    public static string Source(string name) => Path.Join(AppContext.BaseDirectory, "programs", name);

    /// <summary>Compiles a program of this project.</summary>
    /// <param name="name">Its source.</param>
    /// <param name="options">Options of the compiler beside the usual ones.</param>
    /// <returns>The program; the caller deletes it.</returns>
    public static string Compile(string name, params string[] options)
    {
        string program = Path.Join(Path.GetTempPath(), $"kbus-{Path.GetRandomFileName()}");
        CompiledLibrary.Find().Compile(Source(name), program, options);
        return program;
    }

    /// <summary>Compiles a program and runs it on a fresh bus, perhaps under another program that watches it.</summary>
    public static async Task<Ending> CompileAndRun(string name, string[]? options = null, params string[] watcher)
    {
        string program = Compile(name, options ?? []);
        try
        {
            return await Run([.. watcher, program]);
        }
        finally
        {
            File.Delete(program);
        }
    }

    /// <summary>Runs a program on a fresh bus; <c>KBUSD_PID</c> tells it whose process that is.</summary>
    public static async Task<Ending> Run(params string[] command)
    {
        using DaemonProcess daemon = DaemonProcess.Start();
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["KBUS_RUNTIME_DIR"] = daemon.Directory;
        start.Environment["KBUS_AUTOSTART"] = "0";
        start.Environment["KBUSD_PID"] = $"{daemon.Id}";
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        using var stop = new CancellationTokenSource(Limit);
        try
        {
            await process.WaitForExitAsync(stop.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            return new Ending(-1, await output, $"did not end within {Limit.TotalSeconds} s. {await error}");
        }

        return new Ending(process.ExitCode, await output, await error);
    }

    /// <summary>Fails unless the program ended well and had nothing to say about itself.</summary>
    public static void AssertWell(Ending ending) => Assert.True(ending.ExitCode == 0, $"exit code {ending.ExitCode}\n{ending.Error}\n{ending.Output}");
}
