using System.Diagnostics;

namespace Kbus.TestKit;

/// <summary>A <c>kbusd</c> process in a directory of its own, which goes with it.</summary>
public sealed class DaemonProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(180);
    private readonly Process _process;

    private DaemonProcess(Process process, string directory)
    {
        _process = process;
        Directory = directory;

        // Read at once, so that it can never be kept waiting for somebody to read it.
        SaidAfterStart = process.StandardError.ReadToEndAsync();
    }

    /// <summary>Where its sockets are.</summary>
    public string Directory { get; }

    /// <summary>Its process id.</summary>
    public int Id => _process.Id;

    /// <summary>What it says between starting and its end.</summary>
    public Task<string> SaidAfterStart { get; }

    /// <summary>Starts a daemon and waits until Ksocks can be opened.</summary>
    /// <param name="options">Its options, but for the directory.</param>
    public static DaemonProcess Start(params string[] options) => Start(isSequenced: false, options);

    /// <summary>The same; each of its buses can be a replica that is fed by a log in memory.</summary>
    /// <param name="isSequenced">Whether they are.</param>
    /// <param name="options">Its options, but for the directory.</param>
    public static DaemonProcess Start(bool isSequenced, params string[] options)
    {
        string directory = System.IO.Directory.CreateTempSubdirectory("kbus-").FullName;
        var start = new ProcessStartInfo(Program(), ["--runtime-dir", directory, .. options]) { RedirectStandardError = true };
        if (isSequenced)
        {
            start.Environment["KBUS_TEST_SEQUENCED"] = "1";
        }

        Process process = Process.Start(start) ?? throw new InvalidOperationException("kbusd could not be started.");
        string? first = process.StandardError.ReadLine();
        if (first is null || !first.Contains(" in ", StringComparison.Ordinal))
        {
            process.WaitForExit(Patience);
            throw new InvalidOperationException($"kbusd did not start: {first}");
        }

        return new DaemonProcess(process, directory);
    }

    /// <summary>Kills the daemon without a word, as kill -9 does.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    /// <summary>Ends the daemon as a supervisor does and removes its directory.</summary>
    public void Dispose()
    {
        if (!_process.HasExited)
        {
            using Process term = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
            term.WaitForExit();
            if (!_process.WaitForExit(Patience))
            {
                _process.Kill();
            }
        }

        _process.Dispose();
        System.IO.Directory.Delete(Directory, recursive: true);
    }

    /// <summary>The daemon that was built with this program, or the one that the environment names.</summary>
    private static string Program()
    {
        if (Environment.GetEnvironmentVariable("KBUS_DAEMON") is { Length: > 0 } named)
        {
            return named;
        }

        string beside = Path.Join(AppContext.BaseDirectory, "kbusd");
        return File.Exists(beside) ? beside : throw new FileNotFoundException("There is no kbusd beside the tests.", beside);
    }
}
