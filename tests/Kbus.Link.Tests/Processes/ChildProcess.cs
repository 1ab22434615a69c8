using System.Diagnostics;
using System.Runtime.CompilerServices;
using Kbus.Linux;

namespace Kbus.Link.Tests;

/// <summary>A second process: this very test program, started again with a role instead of tests.</summary>
internal sealed class ChildProcess : IDisposable
{
    private const string RoleVariable = "KBUS_LINK_TEST_ROLE";
    private const string PathVariable = "KBUS_LINK_TEST_PATH";

    private readonly Process _process;

    private ChildProcess(Process process) => _process = process;

    public int Id => _process.Id;

    /// <summary>Starts a process that plays a role of <see cref="ChildRoles"/> at a path.</summary>
    public static ChildProcess Start(string role, string path)
    {
        string self = Environment.ProcessPath!;
        var start = new ProcessStartInfo(self) { RedirectStandardError = true, RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(self) == "dotnet")
        {
            start.ArgumentList.Add(typeof(ChildProcess).Assembly.Location);
        }

        start.Environment[RoleVariable] = role;
        start.Environment[PathVariable] = path;
        return new ChildProcess(Process.Start(start)!);
    }

    /// <summary>Kills it as no program can prevent.</summary>
    public void Kill()
    {
        const int SigKill = 9;
        Check.Ok(LibC.Kill(_process.Id, SigKill));
    }

    /// <summary>Waits until it has ended by itself and well.</summary>
    public void ExpectSuccess()
    {
        Assert.True(_process.WaitForExit(TimeSpan.FromSeconds(180)), "the other process does not end");
        Assert.True(_process.ExitCode == 0, _process.StandardError.ReadToEnd());
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    /// <summary>Plays the role, if this process was started for one, before any test can run.</summary>
    [ModuleInitializer]
    internal static void PlayRole()
    {
        if (Environment.GetEnvironmentVariable(RoleVariable) is not { } role)
        {
            return;
        }

        int exitCode = 0;
        try
        {
            ChildRoles.Play(role, Environment.GetEnvironmentVariable(PathVariable)!);
        }
        catch (Exception failure)
        {
            Console.Error.WriteLine(failure);
            exitCode = 1;
        }

        Environment.Exit(exitCode);
    }
}
