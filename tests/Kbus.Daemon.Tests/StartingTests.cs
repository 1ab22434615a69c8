using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Kbus.Link;
using Kbus.Linux;

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
        using (Ksock ksock = Ksock.Open(options: new KsockOptions { RuntimeDirectory = _directory, StartDaemon = false, OpenTimeout = TimeSpan.FromMinutes(3) }))
        {
            Assert.Equal(1u, ksock.Id);
            Assert.Equal(daemon.Id, ProcessTests.Status(_directory).GetProperty("pid").GetInt32());
        }

        Assert.Equal(0, Kbusd.Run("/bin/kill", "-TERM", daemon.Id.ToString(CultureInfo.InvariantCulture)).Code);
        daemon.WaitForExit();
        Assert.Equal(["bus0", "control", "lock"], Directory.GetFiles(_directory).Select(f => Path.GetFileName(f)).Order());
    });

    [Theory]
    [InlineData("unset LISTEN_FDNAMES")]
    [InlineData("export LISTEN_FDNAMES=kbusd.socket")]
    [InlineData("export LISTEN_FDNAMES=unknown")]
    public Task A_passed_socket_without_a_name_of_its_own_is_known_by_its_path(string names) => Limited.Run(() =>
    {
        Assert.SkipUnless(File.Exists("/bin/bash"), "the sockets are passed by bash, which is not there");
        using Descriptor bus = Listening("bus0");

        // The other socket is the daemon's own, and was left behind by one that died.
        Listening("control").Dispose();
        using System.Diagnostics.Process daemon = Passing(bus, names);
        Assert.Contains(" in ", daemon.StandardError.ReadLine(), StringComparison.Ordinal);
        using (Ksock ksock = Ksock.Open(options: new KsockOptions { RuntimeDirectory = _directory, StartDaemon = false, OpenTimeout = TimeSpan.FromMinutes(3) }))
        {
            Assert.Equal(daemon.Id, ProcessTests.Status(_directory).GetProperty("pid").GetInt32());
        }

        Assert.Equal(0, Kbusd.Run("/bin/kill", "-TERM", daemon.Id.ToString(CultureInfo.InvariantCulture)).Code);
        daemon.WaitForExit();
        Assert.Equal(["bus0", "lock"], Directory.GetFiles(_directory).Select(f => Path.GetFileName(f)).Order());
    });

    [Fact]
    public Task A_passed_socket_that_is_none_of_a_daemon_is_told() => Limited.Run(() =>
    {
        Assert.SkipUnless(File.Exists("/bin/bash"), "the sockets are passed by bash, which is not there");
        using Descriptor other = Listening("other");
        using System.Diagnostics.Process daemon = Passing(other, "export LISTEN_FDNAMES=my.socket");
        Assert.Equal(
            $"kbusd: The supervisor passed socket 1 ('my.socket', {_directory}/other), which is neither a bus nor the control socket. "
            + "Give its unit FileDescriptorName=bus0, or the like, or have it listen at a path that ends so.\n",
            daemon.StandardError.ReadToEnd());
        daemon.WaitForExit();
        Assert.Equal(2, daemon.ExitCode);
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
        var options = new KsockOptions { RuntimeDirectory = _directory, StartDaemon = false, OpenTimeout = TimeSpan.FromMinutes(3) };
        KbusException refusal = Assert.Throws<KbusException>(() => Ksock.Open(options: options));
        Assert.Equal(Errno.ENOENT, refusal.Errno);
        Assert.Equal(
            $"ENOENT: No kbusd answers in {_directory}. This Ksock is not to start one (KsockOptions.StartDaemon). Start one with 'kbusd'.", refusal.Message);
        Assert.Empty(Directory.GetFileSystemEntries(_directory));
    });

    private System.Diagnostics.Process Passing(Descriptor socket, string names)
    {
        using var passed = new Descriptor(Duplicate(socket.Number, DuplicateFrom, 60));
        string script = $"exec 3<&{passed.Number}; {names}; LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" --runtime-dir \"$1\"";
        return Kbusd.Start("/bin/bash", "-c", script, Kbusd.Path, _directory);
    }

    private Descriptor Listening(string name)
    {
        Assert.True(UnixSocket.Listen(Path.Join(_directory, name), 16, 0x1B6, out Descriptor? socket) >= 0);
        return socket!;
    }

    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int Duplicate(int descriptor, int command, int atLeast);
}
