using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Kbus.Daemon.Tests;

/// <summary>The daemon as a process: starting, stopping, being supervised.</summary>
public sealed class ProcessTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("kbus-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public Task It_tells_its_version_and_its_options() => Limited.Run(() =>
    {
        Assert.Equal((0, $"kbusd {DaemonVersion.Text}\n", string.Empty), Kbusd.Run(Kbusd.Path, "--version"));
        Assert.StartsWith("kbusd: carries KBUS buses", Kbusd.Run(Kbusd.Path, "--help").Output, StringComparison.Ordinal);
    });

    [Fact]
    public Task Wrong_options_end_it_with_exit_code_2_and_a_sentence() => Limited.Run(() =>
        Assert.Equal((2, string.Empty, "kbusd: --colour is not an option. See kbusd --help.\n"), Kbusd.Run(Kbusd.Path, "--colour", "red")));

    [Fact]
    public Task A_second_daemon_on_the_same_directory_ends_with_exit_code_2_and_a_sentence() => Limited.Run(() =>
    {
        using DaemonProcess daemon = DaemonProcess.Start();
        (int code, _, string errors) = Kbusd.Run(Kbusd.Path, "--runtime-dir", daemon.Directory);
        Assert.Equal((2, $"kbusd: A kbusd is running on {daemon.Directory} already. Stop it first, or choose another --runtime-dir.\n"), (code, errors));
        using Ksock ksock = Open(daemon.Directory);
    });

    [Fact]
    public Task A_directory_that_cannot_be_is_refused_with_a_sentence() => Limited.Run(() =>
    {
        (int code, _, string errors) = Kbusd.Run(Kbusd.Path, "--runtime-dir", "/" + new string('x', 110));
        Assert.Equal(2, code);
        Assert.Contains("is too long for the sockets in it: ", errors, StringComparison.Ordinal);
        (code, _, errors) = Kbusd.Run(Kbusd.Path, "--runtime-dir", "/proc/no/such");
        Assert.Equal(2, code);
        Assert.StartsWith("kbusd: /proc/no/such cannot be made: ", errors, StringComparison.Ordinal);
    });

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    [InlineData("HUP")]
    public Task A_signal_stops_it_and_leaves_nothing_but_the_lock_file(string signal) => Limited.Run(() =>
    {
        using Process daemon = Started("--buses", "3");
        Assert.Equal(["bus0", "bus1", "bus2", "control", "lock"], Files());
        using Ksock ksock = Open(_directory);
        Assert.Equal(0, Kbusd.Run("/bin/kill", $"-{signal}", daemon.Id.ToString(CultureInfo.InvariantCulture)).Code);
        Assert.Equal($"kbusd: stopping (SIG{signal}); 1 open Ksock will see the bus die.\nkbusd: stopped.\n", daemon.StandardError.ReadToEnd());
        daemon.WaitForExit();
        Assert.Equal(0, daemon.ExitCode);
        Assert.Equal(["lock"], Files());
        Assert.Equal(Errno.ENODEV, Assert.Throws<KbusException>(() => ksock.WaitForMessage()).Errno);
    });

    [Fact]
    public Task A_start_after_kill_9_cleans_up() => Limited.Run(() =>
    {
        using (Process first = Started("--buses", "3"))
        {
            first.Kill();
            first.WaitForExit();
        }

        Assert.Equal(["bus0", "bus1", "bus2", "control", "lock"], Files());
        using Process second = Started();
        Assert.Equal(["bus0", "control", "lock"], Files());
        using (Ksock ksock = Open(_directory))
        {
            Assert.Equal(1u, ksock.Id);
        }

        second.Kill();
        second.WaitForExit();
    });

    [Fact]
    public Task It_tells_its_supervisor_when_it_is_ready_and_when_it_stops() => Limited.Run(() =>
    {
        string path = Path.Join(_directory, "notify");
        using var supervisor = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 30_000 };
        supervisor.Bind(new UnixDomainSocketEndPoint(path));
        using Process daemon = Kbusd.Start("/usr/bin/env", $"NOTIFY_SOCKET={path}", Kbusd.Path, "--runtime-dir", _directory);
        Assert.Equal("READY=1", Hear());
        using (Ksock ksock = Open(_directory))
        {
            Assert.Equal(1u, ksock.Id);
        }

        Assert.Equal(0, Kbusd.Run("/bin/kill", "-TERM", daemon.Id.ToString(CultureInfo.InvariantCulture)).Code);
        Assert.Equal("STOPPING=1", Hear());
        daemon.WaitForExit();

        string Hear()
        {
            byte[] bytes = new byte[100];
            return Encoding.UTF8.GetString(bytes, 0, supervisor.Receive(bytes));
        }
    });

    [Fact]
    public Task It_ends_by_itself_when_no_Ksock_has_been_open_for_a_while() => Limited.Run(() =>
    {
        using Process daemon = Started("--exit-when-idle", "1");
        try
        {
            Open(_directory).Dispose();
        }
        catch (KbusException e) when (e.Errno is Errno.ENOENT or Errno.ECONNRESET)
        {
            // On a slow machine the while was over before a Ksock could be opened.
        }

        Assert.Equal("kbusd: stopping (no Ksock has been open for a while).\nkbusd: stopped.\n", daemon.StandardError.ReadToEnd());
        daemon.WaitForExit();
        Assert.Equal((0, 1), (daemon.ExitCode, Files().Length));
    });

    [Fact]
    public Task Asking_for_the_status_uses_up_no_ids() => Limited.Run(() =>
    {
        using DaemonProcess daemon = DaemonProcess.Start();
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(daemon.Id, Status(daemon.Directory).GetProperty("pid").GetInt32());
        }

        using Ksock ksock = Open(daemon.Directory);
        Assert.Equal(1u, ksock.Id);
        Assert.Equal(new MessageId(0, 1), ksock.Send(new Announcement("$.First")));
        JsonElement told = Status(daemon.Directory).GetProperty("buses")[0].GetProperty("ksocks")[0];
        Assert.Equal((1u, Environment.ProcessId), (told.GetProperty("id").GetUInt32(), told.GetProperty("pid").GetInt32()));
    });

    [Fact]
    public Task There_can_be_256_buses_and_no_more() => Limited.Run(() =>
    {
        using DaemonProcess daemon = DaemonProcess.Start("--buses", "254");
        using Ksock ksock = Open(daemon.Directory);
        Assert.Equal((254u, 255u), (ksock.NewDevice(), ksock.NewDevice()));
        Assert.Equal(Errno.EINVAL, Assert.Throws<KbusException>(() => ksock.NewDevice()).Errno);
        using Ksock last = Open(daemon.Directory, 255);
        Assert.Equal(1u, last.Id);
        Assert.Equal(Errno.ENOENT, Assert.Throws<KbusException>(() => Open(daemon.Directory, 256)).Errno);
    });

    private static Ksock Open(string directory, uint device = 0) =>
        Ksock.Open(device, KsockMode.ReadWrite, new KsockOptions { RuntimeDirectory = directory, StartDaemon = false, OpenTimeout = TimeSpan.FromMinutes(3) });

    internal static JsonElement Status(string directory) => Answer(directory, "status\n"u8);

    /// <summary>What the control socket says to a question.</summary>
    internal static JsonElement Answer(string directory, ReadOnlySpan<byte> question)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { ReceiveTimeout = 30_000 };
        socket.Connect(new UnixDomainSocketEndPoint(Path.Join(directory, "control")));
        socket.Send(question);
        using var stream = new NetworkStream(socket);
        using var document = JsonDocument.Parse(stream);
        return document.RootElement.Clone();
    }

    private Process Started(params string[] options)
    {
        Process daemon = Kbusd.Start(Kbusd.Path, ["--runtime-dir", _directory, .. options]);
        Assert.Contains($" in {_directory}, process {daemon.Id}.", daemon.StandardError.ReadLine(), StringComparison.Ordinal);
        return daemon;
    }

    private string[] Files() => [.. Directory.GetFileSystemEntries(_directory).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)];
}
