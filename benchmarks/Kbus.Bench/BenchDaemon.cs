using System.Diagnostics;

namespace Kbus.Bench;

/// <summary>A kbusd process of a measurement's own.</summary>
internal sealed class BenchDaemon : IDisposable
{
    private readonly Process _process;

    private BenchDaemon(Process process, string directory)
    {
        _process = process;
        Directory = directory;
    }

    /// <summary>Where its sockets are.</summary>
    public string Directory { get; }

    /// <summary>How to open a Ksock on it.</summary>
    public KsockOptions Options => new() { RuntimeDirectory = Directory, StartDaemon = false };

    /// <summary>Opens a Ksock on it.</summary>
    public Ksock Open() => Ksock.Open(0, options: Options);

    /// <summary>Starts one and waits until Ksocks can be opened.</summary>
    /// <param name="options">Options of kbusd.</param>
    public static BenchDaemon Start(params string[] options)
    {
        string program = Environment.GetEnvironmentVariable("KBUS_DAEMON") is { Length: > 0 } named
            ? named
            : Path.Join(AppContext.BaseDirectory, "kbusd");
        string directory = System.IO.Directory.CreateTempSubdirectory("kbus-bench-").FullName;
        Process process = Process.Start(new ProcessStartInfo(program, ["--runtime-dir", directory, .. options]) { RedirectStandardError = true })!;
        return process.StandardError.ReadLine() is { } line && line.Contains(" in ", StringComparison.Ordinal)
            ? new BenchDaemon(process, directory)
            : throw new InvalidOperationException($"{program} did not start.");
    }

    /// <summary>Ends it.</summary>
    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        System.IO.Directory.Delete(Directory, recursive: true);
    }
}
