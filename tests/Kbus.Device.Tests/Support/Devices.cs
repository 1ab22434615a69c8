using System.Diagnostics;
using System.Text;
using Kbus.Replay;

namespace Kbus.Device.Tests;

/// <summary>Daemons with device files, and programs that use them.</summary>
internal static class Devices
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);
    private static readonly Lock Compiling = new();

    /// <summary>Runs a test under an outer limit, if there can be device files here.</summary>
    public static async Task Run(Action test)
    {
        Assert.SkipUnless(DeviceSupport.WhyNot is null, $"No device files on this machine: {DeviceSupport.WhyNot}.");
        await Task.Factory.StartNew(test, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)
            .WaitAsync(Limit, CancellationToken.None);
    }

    /// <summary>Starts a daemon with device files in <c>dev</c> of its directory.</summary>
    public static DaemonProcess Start(params string[] options)
    {
        var daemon = DaemonProcess.Start(["--devices", .. options]);

        // Other users are to get to the files, too.
        File.SetUnixFileMode(daemon.Directory, (UnixFileMode)0x1ED);
        return daemon;
    }

    /// <summary>Compiles a C program beside the tests; its path.</summary>
    public static string Compiled(string name)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/gcc"), "there is no gcc");
        string source = Path.Join(AppContext.BaseDirectory, "Programs", name + ".c"), program = Path.ChangeExtension(source, ".out");
        lock (Compiling)
        {
            if (!File.Exists(program) || File.GetLastWriteTimeUtc(program) < File.GetLastWriteTimeUtc(source))
            {
                Assert.Equal((0, string.Empty), Outcome("/usr/bin/gcc", "-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", source, "-o", program));
            }
        }

        return program;
    }

    /// <summary>The path of a Python program beside the tests.</summary>
    public static string Script(string name)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/python3"), "there is no python3");
        return Path.Join(AppContext.BaseDirectory, "Programs", name + ".py");
    }

    /// <summary>Runs a program to its end: its exit code, and all that it said.</summary>
    public static (int Code, string Said) Outcome(string program, params string[] arguments)
    {
        using Process process = Started(program, arguments);
        var said = new StringBuilder();
        process.ErrorDataReceived += (_, e) => said.Append(e.Data is null ? null : e.Data + "\n");
        process.BeginErrorReadLine();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + said);
    }

    /// <summary>Starts a program whose input and output the test has.</summary>
    public static Process Started(string program, params string[] arguments) => Process.Start(new ProcessStartInfo(program, arguments)
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;
}
