using System.Diagnostics;
using Kbus.Replay;

namespace Kbus.Device.Tests;

/// <summary>The directory of device files comes and goes with its daemon, however that ends.</summary>
public sealed class MountTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("kbus-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public Task Without_being_asked_the_daemon_loads_nothing_of_FUSE() => Devices.Run(() =>
    {
        using DaemonProcess daemon = DaemonProcess.Start();
        Assert.False(Directory.Exists(Path.Join(daemon.Directory, "dev")));
        Assert.DoesNotContain("libfuse", File.ReadAllText($"/proc/{daemon.Id}/maps"), StringComparison.Ordinal);
        using DaemonProcess other = Devices.Start();
        Assert.Contains("libfuse", File.ReadAllText($"/proc/{other.Id}/maps"), StringComparison.Ordinal);
    });

    [Fact]
    public Task Everything_is_unmounted_and_removed_at_the_end_also_while_files_are_open() => Devices.Run(() =>
    {
        string links = Directory.CreateDirectory(Path.Join(_directory, "links")).FullName;
        string place = Path.Join(_directory, "files");
        PlainKsock ksock;
        using (DaemonProcess daemon = DaemonProcess.Start("--devices", place, "--device-links", "--device-link-dir", links))
        {
            ksock = PlainKsock.Open(Path.Join(links, "kbus0"));
            Assert.Equal(1u, ksock.NewDevice());
            using PlainKsock other = PlainKsock.Open(Path.Join(links, "kbus1"));
            Assert.Equal(Errno.None, ksock.Bind("$.A"));
        }

        Assert.False(Path.Exists(place));
        Assert.Empty(Directory.EnumerateFileSystemEntries(links));
        Assert.DoesNotContain(place, File.ReadAllText("/proc/self/mountinfo"), StringComparison.Ordinal);
        Assert.Contains((Errno)(-PlainCalls.Ioctl(ksock.File, 0x80086B04, stackalloc uint[2])), (Errno[])[Errno.ENOTCONN, Errno.EIO]);
        ksock.Dispose();
    });

    [Fact]
    public Task A_start_after_kill_9_cleans_up() => Devices.Run(() =>
    {
        string links = Directory.CreateDirectory(Path.Join(_directory, "links")).FullName;
        string place = Path.Join(_directory, "files");
        string[] options = ["--devices", place, "--device-links", "--device-link-dir", links];
        PlainKsock orphan;
        using (DaemonProcess first = DaemonProcess.Start([.. options, "--buses", "3"]))
        {
            orphan = PlainKsock.Open(Path.Join(links, "kbus2"));
            first.Kill();
            Assert.Contains((Errno)(-orphan.Write("x"u8)), (Errno[])[Errno.ENOTCONN, Errno.EIO]);
        }

        using (DaemonProcess second = DaemonProcess.Start(options))
        {
            using PlainKsock ksock = PlainKsock.Open(Path.Join(links, "kbus0"));
            Assert.Equal(1u, ksock.Id);
            Assert.Equal([Path.Join(links, "kbus0")], Directory.EnumerateFileSystemEntries(links));
            Assert.Single(File.ReadAllLines("/proc/self/mountinfo"), l => l.Contains(place, StringComparison.Ordinal));

            // Who still holds a file of the dead daemon is told so, and can let go.
            Assert.Contains((Errno)(-orphan.Write("x"u8)), (Errno[])[Errno.ENOTCONN, Errno.EIO]);
            orphan.Dispose();
        }

        Assert.False(Path.Exists(place));
        Assert.Empty(Directory.EnumerateFileSystemEntries(links));
    });

    [Fact]
    public Task A_start_without_device_files_cleans_up_after_a_killed_one_that_had_them() => Devices.Run(() =>
    {
        string place = Path.Join(_directory, "dev");
        using (Process first = Daemon("--devices"))
        {
            Assert.Contains(place, File.ReadAllText("/proc/self/mountinfo"), StringComparison.Ordinal);
            first.Kill();
            first.WaitForExit();
        }

        using Process second = Daemon();
        Assert.DoesNotContain(place, File.ReadAllText("/proc/self/mountinfo"), StringComparison.Ordinal);
        Assert.False(Path.Exists(place));
        second.Kill();
        second.WaitForExit();
    });

    [Fact]
    public Task A_directory_that_is_not_empty_or_in_use_is_refused_with_a_sentence() => Devices.Run(() =>
    {
        string taken = Directory.CreateDirectory(Path.Join(_directory, "taken")).FullName;
        File.WriteAllText(Path.Join(taken, "something"), "important");
        Assert.Equal(
            (2, $"kbusd: {taken} is not empty; the device files would hide what is in it. Name another directory.\n"), Refused("--devices", taken));
        using DaemonProcess daemon = Devices.Start();
        string held = Path.Join(daemon.Directory, "dev");
        Assert.Equal((2, $"kbusd: {held} holds the device files of another kbusd.\n"), Refused("--devices", held));
        Assert.Equal((2, "kbusd: There is no user 'nobody at all'.\n"), Refused("--devices", "--device-owner", "nobody at all"));
        using PlainKsock ksock = PlainKsock.Open(daemon);
    });

    [Fact]
    public Task A_link_takes_no_others_place() => Devices.Run(() =>
    {
        string links = Directory.CreateDirectory(Path.Join(_directory, "links")).FullName;
        string precious = Path.Join(links, "kbus0");
        File.WriteAllText(precious, "precious");
        DaemonProcess daemon = Devices.Start("--device-links", "--device-link-dir", links);
        using (daemon)
        {
            using PlainKsock ksock = PlainKsock.Open(daemon);
        }

        Assert.Equal("precious", File.ReadAllText(precious));
        Assert.Contains($"{precious} could not be made: something else has that name", daemon.SaidAfterStart.GetAwaiter().GetResult(), StringComparison.Ordinal);
    });

    [Fact]
    public Task A_daemon_with_device_files_that_are_open_is_not_idle() => Devices.Run(() =>
    {
        using DaemonProcess daemon = Devices.Start("--exit-when-idle", "1");
        using (PlainKsock ksock = PlainKsock.Open(daemon))
        {
            Assert.Equal(0, PlainCalls.Poll(ksock.File, PlainKsock.In, 3000));
        }

        Assert.Contains("no Ksock has been open for a while", daemon.SaidAfterStart.GetAwaiter().GetResult(), StringComparison.Ordinal);
    });

    private (int Code, string Said) Refused(params string[] options) => Devices.Outcome(Program, ["--runtime-dir", _directory, .. options]);

    private Process Daemon(params string[] options)
    {
        Process process = Devices.Started(Program, ["--runtime-dir", _directory, .. options]);
        Assert.Contains(_directory, process.StandardError.ReadLine(), StringComparison.Ordinal);
        return process;
    }

    private static string Program => Environment.GetEnvironmentVariable("KBUS_DAEMON") is { Length: > 0 } named ? named : Path.Join(AppContext.BaseDirectory, "kbusd");
}
