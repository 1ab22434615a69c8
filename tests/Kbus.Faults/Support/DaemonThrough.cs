using System.Diagnostics;
using System.Globalization;

namespace Kbus.Faults;

/// <summary>A <c>kbusd</c> that is started through another program, which may leave it as its child.</summary>
internal sealed class DaemonThrough : IDisposable
{
    private readonly Process _process;

    /// <summary>Starts it and waits until it serves.</summary>
    /// <param name="through">The program and its arguments.</param>
    /// <param name="options">kbusd's options but for the directory.</param>
    public DaemonThrough(IReadOnlyList<string> through, params string[] options)
    {
        string kbusd = Environment.GetEnvironmentVariable("KBUS_DAEMON") is { Length: > 0 } named ? named : Path.Join(AppContext.BaseDirectory, "kbusd");
        string[] command = [.. through, kbusd, "--runtime-dir", Runtime, .. options];
        File.SetUnixFileMode(Directory, (UnixFileMode)0x1FF);
        System.IO.Directory.CreateDirectory(Runtime, (UnixFileMode)0x1FF);
        File.SetUnixFileMode(Runtime, (UnixFileMode)0x1FF);
        _process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true })!;
        string? said = _process.StandardError.ReadLine();
        Assert.Contains(" in ", said, StringComparison.Ordinal);

        // Read at once, so that it can never be kept waiting for somebody to read it.
        Said = _process.StandardError.ReadToEndAsync();
    }

    /// <summary>A directory that goes with it, and everybody may write.</summary>
    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("kbus-").FullName;

    /// <summary>Where its sockets are.</summary>
    public string Runtime => Path.Join(Directory, "run");

    /// <summary>What it says until it ends.</summary>
    public Task<string> Said { get; }

    /// <summary>Waits until it ends by itself.</summary>
    public void WaitForEnd() => _process.WaitForExit();

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            string inside = Children(_process.Id) is { Length: > 0 } child ? child : _process.Id.ToString(CultureInfo.InvariantCulture);
            using Process stopping = Process.Start("kill", ["-TERM", inside]);
            _process.WaitForExit();
        }

        _process.Dispose();
        System.IO.Directory.Delete(Directory, recursive: true);
    }

    private static string Children(int process)
    {
        try
        {
            return File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/task/{process}/children")).Trim();
        }
        catch (IOException)
        {
            return string.Empty;
        }
    }
}
