using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Kbus.Link;

namespace Kbus.Daemon.Tests;

/// <summary>Daemons that others start: a supervisor that passes the sockets, or the first Ksock of a user.</summary>
public sealed partial class StartingTests : IDisposable
{
    private const int DuplicateFrom = 0;
    private readonly string _directory = Directory.CreateTempSubdirectory("kbus-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public Task Sockets_that_a_supervisor_passes_are_served_and_left_where_they_are() => Limited.Run(() =>
    {
        Assert.SkipUnless(File.Exists("/bin/bash"), "the sockets are passed by bash, which is not there");
        using Descriptor bus = Listening("bus0");
        using Descriptor control = Listening("control");
        using var passedBus = new Descriptor(Duplicate(bus.Number, DuplicateFrom, 60));
        using var passedControl = new Descriptor(Duplicate(control.Number, DuplicateFrom, 60));
        string script = $"exec 3<&{passedControl.Number} 4<&{passedBus.Number}; "
            + "LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES=control:kbusd-bus0.socket exec \"$0\" --runtime-dir \"$1\"";
        using System.Diagnostics.Process daemon = Kbusd.Start("/bin/bash", "-c", script, Kbusd.Path, _directory);
        Assert.Contains(" in ", daemon.StandardError.ReadLine(), StringComparison.Ordinal);
        using (Ksock ksock = Ksock.Open(options: new KsockOptions { RuntimeDirectory = _directory, StartDaemon = false }))
        {
            Assert.Equal(1u, ksock.Id);
            Assert.Equal(daemon.Id, ProcessTests.Status(_directory).GetProperty("pid").GetInt32());
        }

        Assert.Equal(0, Kbusd.Run("/bin/kill", "-TERM", daemon.Id.ToString(CultureInfo.InvariantCulture)).Code);
        daemon.WaitForExit();
        Assert.Equal(["bus0", "control", "lock"], Directory.GetFiles(_directory).Select(f => Path.GetFileName(f)).Order());
    });

    [Fact]
    public Task The_first_Ksocks_of_a_user_start_one_daemon_for_all() => Limited.Run(() =>
    {
        string before = Environment.GetEnvironmentVariable("KBUS_DAEMON") ?? string.Empty;
        Environment.SetEnvironmentVariable("KBUS_DAEMON", Kbusd.Path);
        try
        {
            string place = Path.Join(_directory, "runtime");
            var options = new KsockOptions { RuntimeDirectory = place, OpenTimeout = TimeSpan.FromSeconds(50) };
            Task<Ksock>[] opening = [.. Enumerable.Range(0, 3).Select(_ => Task.Run(() => Ksock.Open(options: options)))];
            Assert.True(Task.WaitAll(opening, Limited.Limit));
            Assert.Equal([1u, 2u, 3u], opening.Select(o => o.GetAwaiter().GetResult().Id).Order());
            JsonElement status = ProcessTests.Status(place);
            foreach (Task<Ksock> opened in opening)
            {
                opened.GetAwaiter().GetResult().Dispose();
            }

            string daemon = status.GetProperty("pid").GetInt32().ToString(CultureInfo.InvariantCulture);
            Assert.Equal(0, Kbusd.Run("/bin/kill", "-TERM", daemon).Code);
            while (File.Exists(Path.Join(place, "control")))
            {
                Thread.Yield();
            }
        }
        finally
        {
            Environment.SetEnvironmentVariable("KBUS_DAEMON", before);
        }
    });

    [Fact]
    public Task No_daemon_is_started_where_that_is_not_wanted() => Limited.Run(() =>
    {
        var options = new KsockOptions { RuntimeDirectory = _directory, StartDaemon = false };
        KbusException refusal = Assert.Throws<KbusException>(() => Ksock.Open(options: options));
        Assert.Equal(Errno.ENOENT, refusal.Errno);
        Assert.Equal(
            $"ENOENT: No kbusd answers in {_directory}. This Ksock is not to start one (KsockOptions.StartDaemon). Start one with 'kbusd'.", refusal.Message);
        Assert.Empty(Directory.GetFileSystemEntries(_directory));
    });

    private Descriptor Listening(string name)
    {
        Assert.True(UnixSocket.Listen(Path.Join(_directory, name), 16, 0x1B6, out Descriptor? socket) >= 0);
        return socket!;
    }

    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int Duplicate(int descriptor, int command, int atLeast);
}
