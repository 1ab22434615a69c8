using System.Globalization;
using System.Net.Sockets;

namespace Kbus.Cli.Tests;

/// <summary>The daemon that the first Ksock of a user starts, and what the user hears when it cannot be.</summary>
public sealed class AutostartTests : IDisposable
{
    private const string InStartersGroup = "kbusd: started by a program's first Ksock, in that program's control group ";

    // It records what it was asked for, and starts the program as a service manager does: elsewhere, and back when that is ready.
    private const string Manager = """
        #!/bin/sh
        printf '%s\n' "$@" >"$KBUS_RUNTIME_DIR.asked"
        while [ "$1" != -- ]; do shift; done
        shift
        NOTIFY_SOCKET=/nowhere setsid "$@" </dev/null >/dev/null 2>&1 &
        until [ -S "$KBUS_RUNTIME_DIR/control" ]; do kill -0 $! || exit 1; done
        """;

    private readonly string _directory = Directory.CreateTempSubdirectory("kbus-").FullName;

    private string Place => Path.Join(_directory, "run");

    private string[] Log => File.ReadAllLines(Path.Join(Place, "kbusd.log"));

    public void Dispose()
    {
        if (File.Exists(Path.Join(Place, "kbusd.log")))
        {
            int end = Log[0].LastIndexOf(' ');
            using Program kill = Program.Start("/bin/sh", Environment(), "-c", $"kill -TERM {Log[0][end..].TrimEnd('.')}");
            kill.End();
            SpinWait.SpinUntil(() => !File.Exists(Path.Join(Place, "bus0")), TimeSpan.FromSeconds(60));
        }

        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public Task Where_a_user_manager_runs_the_daemon_is_a_unit_of_it_and_not_in_the_control_group_of_the_first_program() => Limited.Run(() =>
    {
        Assert.Equal((0, string.Empty), Send(WithManager(Manager)));
        string[] asked = File.ReadAllLines(Place + ".asked");
        Assert.Equal(
            [
                "--user", "--quiet", "--collect", "--service-type=notify", "--description=KBUS: messages between processes of this user",
                "--property=WorkingDirectory=/", "--property=UMask=0022", "--", Program.Kbusd, "--runtime-dir", Place, "--exit-when-idle", "30", "--detached",
            ],
            asked.Where(a => !a.StartsWith("--setenv=", StringComparison.Ordinal)));
        Assert.DoesNotContain(Log, l => l.StartsWith(InStartersGroup, StringComparison.Ordinal));
    });

    [Theory]
    [InlineData("#!/bin/sh\necho 'Failed to connect to bus: No medium found' >&2\nexit 1\n")]
    [InlineData("#!/bin/sh\nexec sleep 1000\n")]
    [InlineData("#!/bin/sh\nexit 0\n")]
    [InlineData("no program at all")]
    public Task Where_the_user_manager_does_not_start_it_the_daemon_is_started_without_and_says_so(string manager) => Limited.Run(() =>
    {
        Assert.Equal((0, string.Empty), Send(WithManager(manager)));
        Assert.StartsWith(InStartersGroup, Log[1], StringComparison.Ordinal);
    });

    [Fact]
    public Task Without_a_user_manager_the_log_says_in_whose_control_group_the_daemon_is() => Limited.Run(() =>
    {
        Dictionary<string, string?> environment = Environment();
        environment["XDG_RUNTIME_DIR"] = null;
        Assert.Equal((0, string.Empty), Send(environment));
        Assert.StartsWith($"kbusd {Log[0].Split(' ')[1]} bus 0 in {Place}, process ", Log[0], StringComparison.Ordinal);
        Assert.StartsWith(InStartersGroup, Log[1], StringComparison.Ordinal);
    });

    [Fact]
    public Task Who_starts_a_daemon_that_cannot_serve_hears_what_it_said() => Limited.Run(() =>
    {
        Dictionary<string, string?> environment = Environment();
        environment["KBUS_RUNTIME_DIR"] = "/proc/none/kbus";
        AssertRefused("No kbusd answers in /proc/none/kbus, and the one that was started said: /proc/none/kbus cannot be made: ENOENT", environment);

        Directory.CreateDirectory(Place);
        Directory.CreateSymbolicLink(Place + ".link", Place);
        environment["KBUS_RUNTIME_DIR"] = Place + ".link";
        AssertRefused($"and the one that was started said: {Place}.link is a symbolic link.", environment);

        File.CreateSymbolicLink(Path.Join(Place, "lock"), "/dev/null");
        environment["KBUS_RUNTIME_DIR"] = Place;
        AssertRefused($"and the one that was started said: {Place}/lock is a symbolic link, and kbusd follows none there.", environment);
    });

    [Fact]
    public Task Who_starts_a_daemon_that_is_no_program_hears_that() => Limited.Run(() =>
    {
        string program = Path.Join(_directory, "kbusd");
        Dictionary<string, string?> environment = Environment();
        environment["KBUS_DAEMON"] = program;
        File.WriteAllText(program, "#!/bin/sh\nexit 0\n");
        AssertRefused($"{program} could not be started: setsid: ", environment);

        // The headers of programs for 64-bit ARM and x86; neither is one on both machines.
        byte[] header = new byte[64];
        "\u007FELF\u0002\u0001\u0001"u8.CopyTo(header);
        header[18] = (byte)(System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.X64 ? 183 : 62);
        File.WriteAllBytes(program, header);
        File.SetUnixFileMode(program, (UnixFileMode)0x1ED);
        AssertRefused("It is a program for another kind of processor.", environment);

        File.WriteAllText(program, "#!/bin/sh\necho 'no \u001b[31mlibrary\u0007 here' >&2\nexit 3\n");
        AssertRefused($"{program} could not be started: no [31mlibrary here.", environment);
    });

    private Dictionary<string, string?> Environment() => new(PrivateBus.EnvironmentOf(Place)) { ["KBUS_AUTOSTART"] = "1", ["XDG_RUNTIME_DIR"] = _directory };

    /// <summary>An environment in which a user manager seems to run, and a program that asks it.</summary>
    private Dictionary<string, string?> WithManager(string program)
    {
        string programs = Directory.CreateDirectory(Path.Join(_directory, "programs")).FullName;
        string path = Path.Join(programs, "systemd-run");
        File.WriteAllText(path, program);
        File.SetUnixFileMode(path, (UnixFileMode)0x1ED);
        Directory.CreateDirectory(Path.Join(_directory, "systemd"));
        using (var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            socket.Bind(new UnixDomainSocketEndPoint(Path.Join(_directory, "systemd", "private")));
            File.Move(Path.Join(_directory, "systemd", "private"), Path.Join(_directory, "systemd", "kept"));
        }

        File.Move(Path.Join(_directory, "systemd", "kept"), Path.Join(_directory, "systemd", "private"));
        Dictionary<string, string?> environment = Environment();
        environment["PATH"] = string.Create(CultureInfo.InvariantCulture, $"{programs}:{System.Environment.GetEnvironmentVariable("PATH")}");
        return environment;
    }

    private static (int Code, string Errors) Send(Dictionary<string, string?> environment)
    {
        using Program program = Program.Start(Program.Kbus, environment, "send", "$.First");
        Ended ended = program.End();
        return (ended.Code, ended.Errors);
    }

    private static void AssertRefused(string why, Dictionary<string, string?> environment)
    {
        (int code, string errors) = Send(environment);
        Assert.Equal(4, code);
        Assert.Contains(why, errors, StringComparison.Ordinal);
    }
}
