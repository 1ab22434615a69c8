using System.Diagnostics;
using System.Globalization;
using System.Text;
using Kbus.Replay;

namespace Kbus.Device.Tests;

/// <summary>Programs in C and Python that know nothing of KBUS but its files, together and beside users of the library.</summary>
public sealed class ProgramTests
{
    [Fact]
    public Task A_C_program_is_woken_and_shares_a_Ksock_by_fork() => Devices.Run(() =>
    {
        string program = Devices.Compiled("waiting");
        using DaemonProcess daemon = Devices.Start();
        Assert.Equal((0, string.Empty), Devices.Outcome(program, Device(daemon)));
    });

    [Fact]
    public Task A_Python_program_answers_a_user_of_the_library_and_one_of_the_files() => Devices.Run(() =>
    {
        using DaemonProcess daemon = Devices.Start();
        using Process replier = Python("replier", daemon);
        Assert.Equal("ready", replier.StandardOutput.ReadLine());
        using Ksock ofLibrary = OpenByLibrary(daemon);
        using PlainKsock ofFiles = PlainKsock.Open(daemon);
        byte[] data = new byte[300_000];
        new Random(2).NextBytes(data);
        Message answer = ofLibrary.Request(new Request("$.Ask", data))!;
        Assert.True(answer.Data.Span.SequenceEqual(Enumerable.Reverse(data).ToArray()));
        Assert.Equal(Errno.None, ofFiles.Send("$.Ask", "abc"u8, PlainKsock.Request));
        Assert.Equal("cba"u8, ofFiles.WaitForNext().Data);
        replier.Kill();
    });

    [Fact]
    public Task A_user_of_the_library_answers_a_user_of_the_files() => Devices.Run(() =>
    {
        using DaemonProcess daemon = Devices.Start();
        using Ksock replier = OpenByLibrary(daemon), listener = OpenByLibrary(daemon);
        using PlainKsock asker = PlainKsock.Open(daemon);
        replier.Bind("$.Ask", replier: true);
        listener.Bind("$.*");
        Assert.Equal(1_000_000u, asker.SetMaxMessageSize(1_000_000));
        byte[] data = new byte[700_000];
        new Random(3).NextBytes(data);
        Assert.Equal(Errno.None, asker.Send("$.Ask", data, PlainKsock.Request));
        Message request = replier.WaitForMessage()!;
        Assert.True(request.Data.Span.SequenceEqual(data));
        Assert.True(listener.WaitForMessage()!.Data.Span.SequenceEqual(data));
        replier.Send(Message.ReplyTo(request, data));
        Assert.Equal(data, asker.WaitForNext().Data);
    });

    [Fact]
    public Task A_killed_program_leaves_nothing_and_its_Requests_are_answered() => Devices.Run(() =>
    {
        using DaemonProcess daemon = Devices.Start();
        using PlainKsock asker = PlainKsock.Open(daemon);
        using Process replier = Python("replier", daemon);
        Assert.Equal("ready", replier.StandardOutput.ReadLine());
        Assert.Equal(Errno.None, asker.Send("$.Ask", "keep"u8, PlainKsock.Request));
        Assert.Equal("kept", replier.StandardOutput.ReadLine());
        replier.Kill();
        replier.WaitForExit();
        TraceMessage status = asker.WaitForNext();
        Assert.Equal("$.KBUS.Replier.Ignored", Encoding.ASCII.GetString(status.Name));
        Assert.Equal(0u, asker.FindReplier("$.Ask"));
        string stats = File.ReadAllText(Path.Join(daemon.Directory, "dev", "stats"));
        Assert.Equal(1, stats.Split("    ksock ").Length - 1);
    });

    [Fact]
    public Task Every_request_is_answered_once_though_its_replier_is_killed() => Devices.Run(() =>
    {
        const int rounds = 8, requests = 40;
        var random = new Random(4);
        using DaemonProcess daemon = Devices.Start();
        using PlainKsock asker = PlainKsock.Open(daemon);
        for (int round = 0; round < rounds; round++)
        {
            using Process replier = Python("replier", daemon);
            Assert.Equal("ready", replier.StandardOutput.ReadLine());
            for (int i = 0; i < requests; i++)
            {
                Assert.Equal(Errno.None, asker.Send("$.Ask", "abc"u8, PlainKsock.Request));
            }

            var answered = new HashSet<MessageId>();
            int until = random.Next(requests);
            while (answered.Count < requests)
            {
                if (answered.Count == until)
                {
                    replier.Kill();
                    until = -1;
                }

                Assert.True(answered.Add(asker.WaitForNext().InReplyTo), "a Request was answered twice");
            }

            replier.WaitForExit();
            Assert.Null(asker.Next());
            Assert.Equal(0u, asker.FindReplier("$.Ask"));
        }
    });

    [Fact]
    public Task Listeners_hear_two_programs_in_one_order() => Devices.Run(() =>
    {
        using DaemonProcess daemon = Devices.Start("--default-max-messages", "5000");
        using PlainKsock first = PlainKsock.Open(daemon), second = PlainKsock.Open(daemon);
        using Ksock third = OpenByLibrary(daemon);
        Assert.Equal((Errno.None, Errno.None), (first.Bind("$.*"), second.Bind("$.*")));
        third.Bind("$.*");
        using (Process one = Python("announcer", daemon, "$.One", "500"), two = Python("announcer", daemon, "$.Two", "500"))
        {
            one.WaitForExit();
            two.WaitForExit();
            Assert.Equal((0, 0), (one.ExitCode, two.ExitCode));
        }

        for (uint serial = 1; serial <= 1000; serial++)
        {
            Assert.Equal(serial, first.Next()!.Id.SerialNumber);
            Assert.Equal(serial, second.Next()!.Id.SerialNumber);
            Assert.Equal(serial, third.ReadNextMessage()!.Id.SerialNumber);
        }
    });

    [Fact]
    public Task A_send_that_is_refused_reaches_nobody_and_a_full_listener_holds_up_nobody() => Devices.Run(() =>
    {
        using DaemonProcess daemon = Devices.Start();
        using PlainKsock sender = PlainKsock.Open(daemon), full = PlainKsock.Open(daemon), listener = PlainKsock.Open(daemon);
        Assert.Equal(1u, full.SetMaxMessages(1));
        Assert.Equal((Errno.None, Errno.None), (full.Bind("$.A"), listener.Bind("$.A")));
        Assert.Equal(Errno.None, sender.Send("$.A"));
        Assert.Equal(Errno.EBUSY, sender.Send("$.A", flags: PlainKsock.AllOrFail));
        Assert.Equal(Errno.EADDRNOTAVAIL, sender.Send("$.A", flags: PlainKsock.Request));
        Assert.Equal((1u, 1u), (full.Waiting, listener.Waiting));
        Assert.Equal(Errno.None, sender.Send("$.A"));
        Assert.Equal((1u, 2u), (full.Waiting, listener.Waiting));
    });

    [Fact]
    public Task A_program_of_another_user_is_read_as_that_user() => Devices.Run(() =>
    {
        SkipUnlessRoot();
        using DaemonProcess daemon = Devices.Start();
        using Process stranger = Devices.Started(
            "/usr/bin/setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "/usr/bin/python3", Devices.Script("plain"), "member", Device(daemon));
        Assert.Equal("understood\n", stranger.StandardOutput.ReadToEnd());
    });

    [Fact]
    public Task A_program_that_gave_up_the_rights_of_root_is_read_as_the_user_it_became() => Devices.Run(() =>
    {
        SkipUnlessRoot();
        using DaemonProcess daemon = Devices.Start();
        using Process stranger = Python("stranger", daemon, "65534", "65534");
        Assert.Equal("understood\n", stranger.StandardOutput.ReadToEnd());
    });

    [Fact]
    public Task A_program_that_its_user_could_not_read_is_not_read_and_the_log_says_so() => Devices.Run(() =>
    {
        SkipUnlessRoot();
        DaemonProcess daemon = Devices.Start();
        using (daemon)
        {
            // It was started by one user and works as another, as set-user-id programs do.
            using Process mixed = Python("stranger", daemon, "65533", "65534", "65534");
            Assert.Equal("refused EFAULT\n", mixed.StandardOutput.ReadToEnd());
            mixed.WaitForExit();
            using PlainKsock ksock = PlainKsock.Open(daemon);
            Assert.Equal(Errno.None, ksock.Bind("$.Still"));
        }

        Assert.Contains("(user 65534) pointed at could not be read: the kernel does not let its memory be read", Said(daemon), StringComparison.Ordinal);
    });

    [Fact]
    public Task The_permissions_of_the_files_are_those_that_were_asked_for() => Devices.Run(() =>
    {
        SkipUnlessRoot();
        using DaemonProcess daemon = Devices.Start("--device-owner", "65534", "--device-group", "root", "--device-mode", "600");
        Assert.Equal("65534 0 600\n", Devices.Outcome("/usr/bin/stat", "-c", "%u %g %a", Device(daemon)).Said);
        using Process owner = Python("stranger", daemon, "65534", "65534"), other = Python("stranger", daemon, "65533", "65533");
        Assert.Equal("understood\n", owner.StandardOutput.ReadToEnd());
        Assert.Contains("PermissionError", other.StandardError.ReadToEnd(), StringComparison.Ordinal);
    });

    [Fact]
    public Task A_thread_is_read_like_its_process_and_listed_as_it() => Devices.Run(() =>
    {
        using DaemonProcess daemon = Devices.Start();
        using Process program = Python("threads", daemon);
        int id = int.Parse(program.StandardOutput.ReadLine()!, CultureInfo.InvariantCulture);
        Assert.Equal(program.Id, id);
        string binding = File.ReadAllLines(Path.Join(daemon.Directory, "dev", "bindings"))[1];
        Assert.Equal($"  0:        1 {id,8}  L  $.Thread", binding);
        program.StandardInput.Close();
        program.WaitForExit();
        Assert.Equal(0, program.ExitCode);
    });

    [Fact]
    public Task Memory_that_does_not_come_holds_up_nobody_but_its_owner() => Devices.Run(() =>
    {
        SkipUnlessRoot();
        string program = Devices.Compiled("stuck");
        using DaemonProcess daemon = Devices.Start();
        using PlainKsock listener = PlainKsock.Open(daemon);
        using Ksock ofLibrary = OpenByLibrary(daemon);
        Assert.Equal(Errno.None, listener.Bind("$.*"));
        List<Process> stuck = [];
        for (int i = 0; i < 5; i++)
        {
            stuck.Add(Devices.Started(program, Device(daemon)));
            string? said = stuck[i].StandardOutput.ReadLine();
            Assert.SkipUnless(said is not null || i > 0, "memory cannot be withheld here (userfaultfd)");
            Assert.Equal(i < 4 ? "waiting" : $"sent {(int)Errno.EFAULT}", said);

            // Others go on, by entire messages and by pointers. The fifth of this user is not even tried.
            ofLibrary.Send("$.Meanwhile"u8, "library"u8);
            Assert.Equal("library"u8, listener.WaitForNext().Data);
            using Process other = Devices.Started(
                "/usr/bin/setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "/usr/bin/python3", Devices.Script("plain"), "member", Device(daemon));
            Assert.Equal("understood\n", other.StandardOutput.ReadToEnd());
            Assert.Equal(2, Drain(listener));
        }

        // Memory of theirs has come, and other memory of theirs does not: they count as before.
        foreach (Process late in stuck.Take(4))
        {
            late.StandardInput.WriteLine();
            Assert.Equal("waiting", late.StandardOutput.ReadLine());
        }

        stuck.Add(Devices.Started(program, Device(daemon)));
        Assert.Equal($"sent {(int)Errno.EFAULT}", stuck[5].StandardOutput.ReadLine());
        foreach (Process late in stuck.Take(4))
        {
            late.StandardInput.WriteLine();
            Assert.Equal("sent 0", late.StandardOutput.ReadLine());
        }

        Assert.Equal(4, Drain(listener));
        Assert.Equal(Errno.None, listener.Bind("$.Again"));
        stuck.ForEach(p => p.Dispose());
    });

    private static int Drain(PlainKsock ksock)
    {
        int count = 0;
        while (ksock.Next() is not null)
        {
            count++;
        }

        return count;
    }

    private static string Device(DaemonProcess daemon) => Path.Join(daemon.Directory, "dev", "kbus0");

    private static Process Python(string role, DaemonProcess daemon, params string[] arguments) =>
        Devices.Started("/usr/bin/python3", [Devices.Script("plain"), role, Device(daemon), .. arguments]);

    private static Ksock OpenByLibrary(DaemonProcess daemon) =>
        Ksock.Open(0, KsockMode.ReadWrite, new KsockOptions { RuntimeDirectory = daemon.Directory, StartDaemon = false, OpenTimeout = TimeSpan.FromMinutes(3) });

    private static string Said(DaemonProcess daemon) => daemon.SaidAfterStart.GetAwaiter().GetResult();

    private static void SkipUnlessRoot() => Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root can become another user");
}
