using System.Diagnostics;

namespace Kbus.Daemon.Tests;

/// <summary>A daemon that a first Ksock started: where what it says can be read.</summary>
public sealed class DetachedTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("kbus-").FullName;

    private string LogPath => Path.Join(_directory, "kbusd.log");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public Task Its_log_is_a_file_of_its_own_as_soon_as_it_serves_and_nobody_is_kept_waiting() => Limited.Run(() =>
    {
        using Process daemon = Started();
        Assert.Contains($" in {_directory}, process {daemon.Id}.", File.ReadLines(LogPath).First(), StringComparison.Ordinal);
        End(daemon);
        Assert.Equal(["kbusd: stopping (SIGTERM).", "kbusd: stopped."], File.ReadAllLines(LogPath)[^2..]);
        Assert.Equal((UnixFileMode)0x180, File.GetUnixFileMode(LogPath));
    });

    [Fact]
    public Task Its_log_has_a_greatest_size_and_is_begun_anew() => Limited.Run(() =>
    {
        File.WriteAllBytes(LogPath, new byte[LogFile.MostBytes]);
        using Process daemon = Started();
        End(daemon);
        Assert.Equal(LogFile.MostBytes, new FileInfo(LogPath + ".old").Length);
        Assert.InRange(new FileInfo(LogPath).Length, 1, 1000);
    });

    [Fact]
    public Task Its_log_that_was_removed_is_begun_anew() => Limited.Run(() =>
    {
        using Process daemon = Started();
        File.Delete(LogPath);
        End(daemon);
        Assert.Equal(["kbusd: stopping (SIGTERM).", "kbusd: stopped."], File.ReadAllLines(LogPath)[^2..]);
    });

    [Fact]
    public Task A_link_where_its_log_belongs_is_not_followed_and_it_serves_without_a_log() => Limited.Run(() =>
    {
        string elsewhere = Path.Join(_directory, "elsewhere");
        File.CreateSymbolicLink(LogPath, elsewhere);
        using Process daemon = Started();
        Assert.Equal(daemon.Id, ProcessTests.Status(_directory).GetProperty("pid").GetInt32());
        End(daemon);
        Assert.False(File.Exists(elsewhere));
    });

    [Fact]
    public Task It_says_to_who_started_it_why_it_cannot_serve() => Limited.Run(() =>
        Assert.Equal(
            (2, string.Empty, "kbusd: /proc/no/such cannot be made: ENOENT (No such file or directory).\n"),
            Kbusd.Run(Kbusd.Path, "--runtime-dir", "/proc/no/such", "--detached")));

    private Process Started()
    {
        Process daemon = Kbusd.Start(Kbusd.Path, "--runtime-dir", _directory, "--detached");

        // It ends when the daemon serves, and has nothing in it.
        Assert.Equal(string.Empty, daemon.StandardError.ReadToEnd());
        while (new FileInfo(LogPath).LinkTarget is null && !Log().Contains("process", StringComparison.Ordinal))
        {
            Thread.Yield();
        }

        return daemon;
    }

    /// <summary>What the log says now; nothing while one file takes the place of another.</summary>
    private string Log()
    {
        try
        {
            return File.ReadAllText(LogPath);
        }
        catch (FileNotFoundException)
        {
            return string.Empty;
        }
    }

    private static void End(Process daemon)
    {
        Assert.Equal(0, Kbusd.Run("/bin/kill", "-TERM", $"{daemon.Id}").Code);
        daemon.WaitForExit();
        Assert.Equal(0, daemon.ExitCode);
    }
}
