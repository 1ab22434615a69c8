using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Kbus.Daemon.Tests;

/// <summary>The daemon in bad surroundings: nothing there ends it, or changes it in silence.</summary>
public sealed class SurroundingTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("kbus-").FullName;

    private string Runtime => Path.Join(_directory, "run");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("2>/dev/full")]
    [InlineData("2>&-")]
    public Task Nonsense_from_a_stranger_ends_nothing_where_the_log_cannot_be_written(string redirection) => Limited.Run(() =>
    {
        using Process daemon = Start($"exec \"$0\" --runtime-dir \"$1\" {redirection}");
        for (int i = 0; i < 3; i++)
        {
            using Socket stranger = Connect("bus0");
            stranger.Send(Encoding.ASCII.GetBytes(new string('x', 64)));
            while (stranger.Receive(new byte[2048]) > 0)
            {
            }
        }

        using (Ksock ksock = Open())
        {
            Assert.Equal(new MessageId(0, 1), ksock.Send(new Announcement("$.After")));
        }

        Stop(daemon);
    });

    [Fact]
    public Task A_log_that_nobody_reads_keeps_the_daemon_from_nothing_not_even_from_ending() => Limited.Run(() =>
    {
        // Its standard error is a pipe that is full already.
        using Process daemon = Start(
            "mkfifo \"$1.log\"; exec 3<>\"$1.log\"; head -c 65536 /dev/zero >&3; exec \"$0\" --runtime-dir \"$1\" 2>&3 3>&-");
        for (int i = 0; i < 100; i++)
        {
            using Socket stranger = Connect("bus0");
            stranger.Send(Encoding.ASCII.GetBytes(new string('x', 64)));
            _ = stranger.Receive(new byte[2048]);
        }

        using (Ksock ksock = Open())
        {
            Assert.Equal(1u, ksock.Id);
        }

        Stop(daemon);
    });

    [Fact]
    public Task Signals_that_mean_nothing_end_nothing() => Limited.Run(() =>
    {
        using Process daemon = Start("exec \"$0\" --runtime-dir \"$1\"");
        string[] signals = ["USR1", "USR2", "ALRM", "STKFLT", "XCPU", "XFSZ", "TTOU", "VTALRM", "PROF", "IO", "PWR", "RTMIN+1", "RTMAX", "PIPE", "WINCH", "URG"];
        foreach (string signal in signals)
        {
            Assert.Equal(0, Kbusd.Run("/bin/bash", "-c", $"kill -{signal} {daemon.Id}").Code);
        }

        using Ksock ksock = Open();
        Assert.Equal(1u, ksock.Id);
        Stop(daemon);
    });

    [Fact]
    public Task A_terminal_of_another_job_stops_nothing_though_it_forbids_background_output() => Limited.Run(() =>
    {
        Assert.SkipUnless(File.Exists("/usr/bin/python3"), "there is no Python to make a terminal");
        const string script = """
            import os, pty, signal, socket, sys, termios, time
            kbusd, directory = sys.argv[1:]
            told, tell = os.pipe()
            shell, terminal = pty.fork()
            if shell == 0:
                modes = termios.tcgetattr(0); modes[3] |= termios.TOSTOP; termios.tcsetattr(0, termios.TCSANOW, modes)
                daemon = os.fork()
                if daemon == 0:
                    os.setpgid(0, 0); os.execv(kbusd, [kbusd, "--runtime-dir", directory])
                os.write(tell, str(daemon).encode()); os.waitpid(daemon, 0); os._exit(0)
            daemon = int(os.read(told, 20))
            while not os.path.exists(directory + "/control"): time.sleep(0.01)
            while open("/proc/%d/stat" % daemon).read().split()[2] != "T":
                question = socket.socket(socket.AF_UNIX); question.settimeout(20)
                try:
                    question.connect(directory + "/control"); question.sendall(b"status\n")
                    if question.recv(1): break
                except (ConnectionRefusedError, socket.timeout):
                    time.sleep(0.01)
            print("stopped" if open("/proc/%d/stat" % daemon).read().split()[2] == "T" else "serves", flush=True)
            os.kill(daemon, signal.SIGKILL)
            """;
        (_, string said, _) = Kbusd.Run("/usr/bin/python3", "-c", script, Kbusd.Path, Runtime);
        Assert.Equal("serves\n", said);
    });

    [Fact]
    public Task Where_no_file_may_grow_an_opening_is_refused_and_the_daemon_lives() => Limited.Run(() =>
    {
        using Process daemon = Start("ulimit -f 0; exec \"$0\" --runtime-dir \"$1\"");
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(Errno.EFBIG, Assert.Throws<KbusException>(Open).Errno);
        }

        Assert.Equal(daemon.Id, ProcessTests.Status(Runtime).GetProperty("pid").GetInt32());
        Stop(daemon);
    });

    [Fact]
    public Task Where_a_file_may_grow_a_little_only_big_messages_are_refused() => Limited.Run(() =>
    {
        // In blocks of 1024 bytes: enough for a link, and too little for an area of big payloads.
        using Process daemon = Start("ulimit -f 4000; exec \"$0\" --runtime-dir \"$1\"");
        using Ksock sender = Open();
        using Ksock listener = Open();
        listener.Bind("$.*");
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(Errno.ENOMEM, Assert.Throws<KbusException>(() => sender.Send(new Announcement("$.Big", new byte[200_000]))).Errno);
        }

        sender.Send(new Announcement("$.Small", "x"));
        Assert.Equal("$.Small", listener.WaitForMessage()!.Name);
        Stop(daemon);
    });

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    [InlineData("HUP")]
    public Task Where_there_can_be_no_further_thread_there_is_no_further_bus_and_nothing_else_happens(string signal) => Limited.Run(() =>
    {
        Assert.SkipUnless(Environment.UserName == "root", "only root can become a user whose processes are counted");
        Directory.CreateDirectory(Runtime, (UnixFileMode)511);
        File.SetUnixFileMode(_directory, (UnixFileMode)511);
        File.SetUnixFileMode(Runtime, (UnixFileMode)511);
        using Process daemon = Start(
            "exec setpriv --reuid 61234 --regid 61234 --clear-groups bash -c 'ulimit -u 40; exec \"$0\" --runtime-dir \"$1\"' \"$0\" \"$1\"", isSupervised: false);
        using Ksock ksock = Open();
        Errno refused = Errno.None;
        while (refused == Errno.None)
        {
            try
            {
                Assert.InRange(ksock.NewDevice(), 1u, 100u);
            }
            catch (KbusException e)
            {
                refused = e.Errno;
            }
        }

        Assert.Equal(Errno.ENOMEM, refused);
        Assert.Equal(Errno.ENOMEM, Assert.Throws<KbusException>(() => ksock.NewDevice()).Errno);
        ksock.Bind("$.A");
        ksock.Send(new Announcement("$.A"));
        Assert.Equal("$.A", ksock.WaitForMessage()!.Name);

        // None of these needs a thread of its own.
        Stop(daemon, signal);
        Assert.Equal(["lock"], Directory.GetFileSystemEntries(Runtime).Select(f => Path.GetFileName(f)));
        Assert.Equal(Errno.ENODEV, Assert.Throws<KbusException>(() => ksock.WaitForMessage()).Errno);
    });

    [Fact]
    public Task A_policy_is_read_again_where_there_can_be_no_further_thread() => Limited.Run(() =>
    {
        Assert.SkipUnless(Environment.UserName == "root", "only root can become a user whose processes are counted");
        File.SetUnixFileMode(_directory, (UnixFileMode)511);
        Directory.CreateDirectory(Runtime);
        File.SetUnixFileMode(Runtime, (UnixFileMode)511);
        string policy = Path.Join(_directory, "policy");
        File.WriteAllText(policy, """{ "rules": [ { "allow": "everybody", "everything": true } ] }""");
        File.SetUnixFileMode(policy, (UnixFileMode)0x1A4);
        using Process daemon = Start(
            "exec setpriv --reuid 61236 --regid 61236 --clear-groups bash -c 'ulimit -u 40; exec \"$0\" --runtime-dir \"$1\" --policy \"$1/../policy\"' \"$0\" \"$1\"");
        using (Ksock ksock = Open())
        {
            while (TryMakeBus(ksock))
            {
            }

            File.WriteAllText(policy, """{ "rules": [] }""");
            Signal(daemon, "HUP");
            Assert.Equal(Errno.ENODEV, Assert.Throws<KbusException>(() => ksock.WaitForMessage()).Errno);
        }

        Stop(daemon);
    });

    [Fact]
    public Task Processor_time_beyond_the_soft_limit_ends_nothing() => Limited.Run(() =>
    {
        using Process daemon = Start("ulimit -S -t 1; exec \"$0\" --runtime-dir \"$1\"");
        using Ksock sender = Open();
        using Ksock listener = Open();
        listener.Bind("$.A");
        while (daemon.TotalProcessorTime < TimeSpan.FromSeconds(2.5))
        {
            for (int i = 0; i < 1000; i++)
            {
                sender.Send(new Announcement("$.A"));
                Assert.NotNull(listener.WaitForMessage());
            }

            daemon.Refresh();
        }

        Stop(daemon);
    });

    [Theory]
    [InlineData("128")]
    [InlineData("unlimited")]
    public Task Threads_have_a_stack_of_their_own_size_whatever_the_limit_is(string limit) => Limited.Run(() =>
    {
        using Process daemon = Start($"ulimit -S -s {limit}; exec \"$0\" --runtime-dir \"$1\" --buses 3");
        using Ksock ksock = Open();
        ksock.Bind("$.A");
        ksock.Send(new Announcement("$.A", new byte[200_000]));
        Assert.Equal(200_000, ksock.WaitForMessage()!.Data.Length);
        Assert.Equal(daemon.Id, ProcessTests.Status(Runtime).GetProperty("pid").GetInt32());
        Stop(daemon);
    });

    [Fact]
    public Task Without_a_descriptor_left_connections_are_told_so_at_once_and_served_again_later() => Limited.Run(() =>
    {
        using Process daemon = Start("ulimit -n 200; exec \"$0\" --runtime-dir \"$1\"");
        List<Ksock> open = [];
        KbusException? refusal = null;
        while (refusal is null)
        {
            try
            {
                open.Add(Open());
            }
            catch (KbusException e)
            {
                refusal = e;
            }
        }

        // One process may have a share of them. What is left are descriptors for connections that say nothing.
        Assert.Equal(Errno.EDQUOT, refusal.Errno);
        List<Socket> silent = [];
        string told = "";
        while (told.Length == 0)
        {
            // A descriptor may become free at any time, because kbusd lets go of what it needed only to open a Ksock: then it is taken, and the next one tried.
            silent.Add(Connect("bus0"));
            told += Heard(silent[^1]);
        }

        Assert.Contains("kbusd has no descriptor left for another Ksock.", told, StringComparison.Ordinal);

        // Some are kept for those who ask why.
        Assert.Equal(open.Count, ProcessTests.Status(Runtime).GetProperty("buses")[0].GetProperty("ksocks").GetArrayLength());
        silent.ForEach(s => s.Dispose());
        open.ForEach(k => k.Dispose());
        using Ksock again = Open();
        Assert.Equal(daemon.Id, ProcessTests.Status(Runtime).GetProperty("pid").GetInt32());
        Stop(daemon);
    });

    [Theory]
    [InlineData("lock")]
    [InlineData("bus0")]
    [InlineData("bus128")]
    [InlineData("bus255")]
    [InlineData("control")]
    public Task A_SIGTERM_during_the_start_leaves_no_sockets(string isThere) => Limited.Run(() =>
    {
        for (int i = 0; i < 3; i++)
        {
            using Process daemon = Kbusd.Start(Kbusd.Path, "--runtime-dir", Runtime, "--buses", "256");
            while (!File.Exists(Path.Join(Runtime, isThere)))
            {
                Thread.Yield();
            }

            Stop(daemon);
            Assert.Equal(["lock"], Directory.GetFileSystemEntries(Runtime).Select(f => Path.GetFileName(f)));
            File.Delete(Path.Join(Runtime, "lock"));
        }
    });

    [Fact]
    public Task A_SIGTERM_before_the_start_ends_it_by_the_signal_or_in_order() => Limited.Run(() =>
    {
        for (int i = 0; i < 20; i++)
        {
            using Process daemon = Kbusd.Start(Kbusd.Path, "--runtime-dir", Runtime);
            for (int moment = 0; moment < i * i * 10; moment++)
            {
                Thread.Yield();
            }

            Signal(daemon, "TERM");
            daemon.WaitForExit();
            Assert.Contains(daemon.ExitCode, (int[])[0, 128 + 15]);
            Assert.DoesNotContain(Directory.Exists(Runtime) ? Directory.GetFileSystemEntries(Runtime) : [], f => Path.GetFileName(f) != "lock");
        }
    });

    [Fact]
    public Task A_socket_whose_process_has_ended_opens_no_Ksock() => Limited.Run(() =>
    {
        Assert.SkipUnless(File.Exists("/usr/bin/python3"), "there is no Python to leave a socket to its child");
        using Process daemon = Start("exec \"$0\" --runtime-dir \"$1\"");
        byte[] hello = new byte[Link.ClientHello.Size];
        new Link.ClientHello(KsockMode.ReadWrite, 1, 0, 0, 0, 0).Encode(hello);
        const string script = """
            import os, select, socket, sys
            s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])
            # A process that ends closes its descriptors some time before it has ended.
            connected = os.pidfd_open(os.getpid())
            if os.fork(): os._exit(0)
            select.select([connected], [], [])
            s.sendall(bytes.fromhex(sys.argv[2])); sys.stdout.buffer.write(s.recv(2000)); sys.stdout.flush()
            """;
        (_, string said, _) = Kbusd.Run("/usr/bin/python3", "-c", script, Path.Join(Runtime, "bus0"), Convert.ToHexString(hello));
        Assert.Contains("A link cannot be made: ", said, StringComparison.Ordinal);
        using Ksock first = Open();
        Assert.Equal(1u, first.Id);
        Stop(daemon);
    });

    /// <summary>Runs a script that starts kbusd (<c>$0</c>) on a directory (<c>$1</c>), and waits until it serves.</summary>
    private Process Start(string script, bool isSupervised = true)
    {
        string ready = Path.Join(_directory, "ready");
        using var supervisor = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 50_000 };
        supervisor.Bind(new UnixDomainSocketEndPoint(ready));
        File.SetUnixFileMode(ready, (UnixFileMode)511);
        var start = new ProcessStartInfo("/bin/bash", ["-c", script, Kbusd.Path, Runtime])
        {
            // The managed program maps its own code by way of a file, which some of these limits forbid.
            Environment = { ["NOTIFY_SOCKET"] = ready, ["DOTNET_EnableWriteXorExecute"] = "0" },
        };
        if (isSupervised)
        {
            Process supervised = Process.Start(start)!;
            Assert.Equal(7, supervisor.Receive(new byte[100]));
            return supervised;
        }

        start.Environment.Remove("NOTIFY_SOCKET");
        start.RedirectStandardError = true;
        Process process = Process.Start(start)!;
        Assert.Contains(" in ", process.StandardError.ReadLine(), StringComparison.Ordinal);
        return process;
    }

    private static void Stop(Process daemon, string signal = "TERM")
    {
        Signal(daemon, signal);
        daemon.WaitForExit();
        Assert.Equal(0, daemon.ExitCode);
    }

    private static void Signal(Process daemon, string signal) =>
        Assert.Equal(0, Kbusd.Run("/bin/kill", $"-{signal}", daemon.Id.ToString(CultureInfo.InvariantCulture)).Code);

    private static bool TryMakeBus(Ksock ksock)
    {
        try
        {
            return ksock.NewDevice() > 0;
        }
        catch (KbusException e)
        {
            Assert.Equal(Errno.ENOMEM, e.Errno);
            return false;
        }
    }

    /// <summary>What kbusd has said to a connection that says nothing.</summary>
    private static string Heard(Socket connection)
    {
        byte[] said = new byte[2048];
        return connection.Poll(TimeSpan.FromMilliseconds(1), SelectMode.SelectRead) ? Encoding.UTF8.GetString(said, 0, connection.Receive(said)) : "";
    }

    private Ksock Open() => Ksock.Open(0, KsockMode.ReadWrite, new KsockOptions { RuntimeDirectory = Runtime, StartDaemon = false, OpenTimeout = TimeSpan.FromMinutes(3) });

    private Socket Connect(string name)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { ReceiveTimeout = 30_000 };
        socket.Connect(new UnixDomainSocketEndPoint(Path.Join(Runtime, name)));
        return socket;
    }
}
