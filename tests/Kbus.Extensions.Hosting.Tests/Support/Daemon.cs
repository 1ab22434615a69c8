using System.Diagnostics;

namespace Kbus.Hosting.Tests;

/// <summary>A kbusd of its own program, in a directory of its own, which can be killed and started again there.</summary>
internal sealed class Daemon : IDisposable
{
    private Process _process;

    public Daemon() => _process = Start();

    /// <summary>Where its sockets are.</summary>
    public string RuntimeDirectory { get; } = System.IO.Directory.CreateTempSubdirectory("kbus-").FullName;

    /// <summary>Opens a Ksock, apart from any host.</summary>
    public Ksock Open(uint device = 0) =>
        Ksock.Open(device, KsockMode.ReadWrite, new KsockOptions { RuntimeDirectory = RuntimeDirectory, StartDaemon = false, OpenTimeout = Host.Patience });

    /// <summary>Kills it without a word.</summary>
    public void Kill()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }
    }

    /// <summary>Makes it stand still: SIGSTOP.</summary>
    public void StandStill()
    {
        using Process stop = Process.Start("kill", ["-STOP", $"{_process.Id}"]);
        stop.WaitForExit();
    }

    /// <summary>Starts it again in the same directory.</summary>
    public void StartAgain() => _process = Start();

    public void Dispose()
    {
        Kill();
        System.IO.Directory.Delete(RuntimeDirectory, recursive: true);
    }

    private Process Start()
    {
        var start = new ProcessStartInfo(Path.Join(AppContext.BaseDirectory, "kbusd"), ["--runtime-dir", RuntimeDirectory, "--buses", "2"])
        {
            RedirectStandardError = true,
        };
        Process process = Process.Start(start)!;
        string? first = process.StandardError.ReadLine();
        Assert.Contains(" in ", first, StringComparison.Ordinal);
        _ = process.StandardError.ReadToEndAsync();
        return process;
    }
}
