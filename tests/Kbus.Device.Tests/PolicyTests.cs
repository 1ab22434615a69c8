using System.Diagnostics;
using Kbus.Replay;

namespace Kbus.Device.Tests;

/// <summary>A policy counts for device files as it does for links.</summary>
public sealed class PolicyTests : IDisposable
{
    private const uint Stranger = 54321, Club = 54400;
    private const uint OnlyAsk = uint.MaxValue, NewDevice = 0x80086B10, Verbose = 0xC0086B0F, ReportBinds = 0xC0086B11, MaxMessageSize = 0xC0086B12, IsWaiting = 0x80086B0C;
    private const string All = """{ "allow": "root", "everything": true }""";
    private const string Opens = """{ "allow": "everybody", "open": ["read", "write"] }""";

    private readonly string _policy = Path.GetTempFileName();

    public void Dispose() => File.Delete(_policy);

    [Fact]
    public Task Opening_needs_permission_for_the_mode() => Devices.Run(() =>
    {
        using DaemonProcess daemon = Start(All, """{ "allow": "54321", "open": "read" }""");
        Assert.Equal(Errno.EPERM, OpenError(daemon, PlainKsock.ReadWrite));
        Assert.Equal(Errno.EPERM, OpenError(daemon, PlainKsock.WriteOnly));
        using PlainKsock reader = OpenAs(daemon, PlainKsock.ReadOnly);
        Assert.Equal(1u, reader.Id);
    });

    [Fact]
    public Task Supplementary_groups_of_a_caller_count() => Devices.Run(() =>
    {
        using DaemonProcess daemon = Start(All, """{ "deny": "@54401", "open": ["read", "write"] }""", """{ "allow": "@54400", "open": ["read", "write"] }""");
        Assert.Equal(Errno.EPERM, OpenError(daemon, PlainKsock.ReadWrite));
        Assert.Equal(Errno.EPERM, OpenError(daemon, PlainKsock.ReadWrite, Club, Club + 1));
        using PlainKsock member = OpenAs(daemon, PlainKsock.ReadWrite, 60_001, Club);
        Assert.Equal(Errno.EPERM, member.Bind("$.A"));
    });

    [Fact]
    public Task What_is_denied_is_EPERM_and_nothing_has_happened() => Devices.Run(() =>
    {
        using DaemonProcess daemon = Start(
            All, Opens, """{ "deny": "everybody", "send": "$.Secret.*", "reply": "$.Clock.*" }""", """{ "allow": "everybody", "send": "$.*", "reply": "$.*" }""");
        using PlainKsock listener = PlainKsock.Open(daemon), stranger = OpenAs(daemon, PlainKsock.ReadWrite);
        Assert.Equal(Errno.None, listener.Bind("$.*"));
        Assert.Equal(Errno.None, listener.Bind("$.Secret.*", replier: true));
        Assert.Equal(Errno.EPERM, stranger.Send("$.Secret.A"));
        Assert.Equal(Errno.EPERM, stranger.Send("$.Secret.A", flags: PlainKsock.Request | PlainKsock.Urgent, to: listener.Id));
        Assert.Equal(Errno.EPERM, stranger.Send("$.Secret.A", flags: PlainKsock.AllOrWait));
        Assert.Equal(Errno.EPERM, stranger.Send("$.Secret.A", flags: PlainKsock.Request, inReplyTo: new MessageId(0, 1), to: listener.Id));
        Assert.Equal(Errno.EPERM, stranger.Bind("$.Clock.Read", replier: true));
        Assert.Equal(Errno.EPERM, stranger.Bind("$.*", replier: true));
        Assert.Equal(Errno.EPERM, stranger.Bind("$.A"));
        foreach ((uint code, uint value) in ((uint, uint)[])[(NewDevice, 0), (Verbose, 1), (ReportBinds, 1), (MaxMessageSize, 1000)])
        {
            Assert.Equal((code, Errno.EPERM), (code, Call(stranger, code, value)));
        }

        Assert.Equal(Errno.None, Call(stranger, Verbose, OnlyAsk));
        Assert.Equal(Errno.None, Call(stranger, MaxMessageSize, 0));
        Assert.Equal(0u, listener.Waiting);
        Assert.Equal(Errno.None, stranger.Send("$.Open"));
        Assert.Equal(1u, listener.Waiting);
    });

    [Fact]
    public Task Reports_are_only_for_who_may_see_the_status() => Devices.Run(() =>
    {
        using DaemonProcess daemon = Start(All, """{ "allow": "54400", "buses": 0, "status": true }""");
        string bindings = Path.Join(daemon.Directory, "dev", "bindings"), stats = Path.Join(daemon.Directory, "dev", "stats");
        foreach (string report in (string[])[bindings, stats])
        {
            Assert.Equal(-(int)Errno.EPERM, OtherUser.Run(Stranger, () => PlainCalls.Open(report, PlainKsock.ReadOnly)));
            using var shown = new PlainKsock(OtherUser.Run(Club, () => PlainCalls.Open(report, PlainKsock.ReadOnly)));
            Assert.True(shown.File >= 0);
        }
    });

    [Fact]
    public Task A_new_policy_ends_bindings_and_closes_Ksocks_whose_files_then_give_EPERM() => Devices.Run(() =>
    {
        using DaemonProcess daemon = Start(All, """{ "allow": "everybody", "everything": true }""");
        using PlainKsock watcher = PlainKsock.Open(daemon), stranger = OpenAs(daemon, PlainKsock.ReadWrite);
        Assert.Equal(Errno.None, watcher.Bind("$.KBUS.ReplierBindEvent"));
        _ = watcher.Word(ReportBinds, 1);
        Assert.Equal(Errno.None, stranger.Bind("$.Theirs", replier: true));
        Assert.Equal("$.KBUS.ReplierBindEvent", Name(watcher.WaitForNext()));
        Reload(daemon, All, Opens);
        Assert.Equal("$.KBUS.ReplierBindEvent", Name(watcher.WaitForNext()));
        Assert.Equal(Errno.EPERM, stranger.Bind("$.Theirs", replier: true));
        Assert.Equal(Errno.EPERM, stranger.Send("$.A"));

        Assert.Equal(Errno.None, watcher.Bind("$.Other", replier: true));
        Assert.Equal("$.KBUS.ReplierBindEvent", Name(watcher.WaitForNext()));
        Task<int> polled = Task.Run(() => PlainCalls.Poll(stranger.File, PlainKsock.In, 60_000));
        Reload(daemon, All);
        Assert.NotEqual(0, polled.GetAwaiter().GetResult());
        Assert.Equal(Errno.EPERM, Call(stranger, IsWaiting, 0));
        Assert.Equal(-(int)Errno.EPERM, stranger.Write([1, 2, 3]));
        Assert.Equal(Errno.EPERM, stranger.Bind("$.A"));
        Assert.Equal(Errno.EPERM, OpenError(daemon, PlainKsock.ReadOnly));
        Assert.Equal(Errno.None, watcher.Send("$.Open"));
    });

    [Fact]
    public Task A_message_that_waits_for_room_is_not_delivered_when_its_name_is_denied_meanwhile() => Devices.Run(() =>
    {
        using DaemonProcess daemon = Start(All, """{ "allow": "everybody", "everything": true }""");
        using PlainKsock full = PlainKsock.Open(daemon), stranger = OpenAs(daemon, PlainKsock.ReadWrite);
        Assert.Equal(1u, full.SetMaxMessages(1));
        Assert.Equal(Errno.None, full.Bind("$.A"));
        Assert.Equal(Errno.None, full.Send("$.A"));
        Assert.Equal(Errno.EAGAIN, stranger.Send("$.A", flags: PlainKsock.AllOrWait));
        Reload(daemon, All, Opens);
        while (Call(stranger, Verbose, 1) == Errno.None)
        {
            // Until the new policy counts for this Ksock.
            Thread.Yield();
        }

        Assert.Equal(100u, full.SetMaxMessages(100));
        Assert.Equal(Errno.EPERM, stranger.Send(out _));
        Assert.Equal(1u, full.Waiting);
    });

    [Fact]
    public Task A_file_that_was_opened_for_reading_is_no_way_to_send() => Devices.Run(() =>
    {
        using DaemonProcess daemon = Start(All, """{ "allow": "54321", "open": "read", "send": "$.*", "listen": "$.*" }""");
        using PlainKsock listener = PlainKsock.Open(daemon), reader = OpenAs(daemon, PlainKsock.ReadOnly);
        Assert.Equal(Errno.None, listener.Bind("$.*"));
        Assert.Equal(-(int)Errno.EBADF, reader.Write([1, 2, 3]));
        Assert.Equal(Errno.ENOMSG, reader.Send(out _));

        // Opened once more by way of /proc it is another Ksock, which is asked about, too.
        Assert.Equal(-(int)Errno.EPERM, OtherUser.Run(Stranger, () => PlainCalls.Open($"/proc/thread-self/fd/{reader.File}", PlainKsock.ReadWrite)));
        Assert.Equal(Errno.None, listener.Send("$.Last"));
        Assert.Equal("$.Last", Name(listener.WaitForNext()));
    });

    private static string Name(TraceMessage message) => System.Text.Encoding.ASCII.GetString(message.Name);

    private static Errno Call(PlainKsock ksock, uint code, uint value)
    {
        Span<uint> words = [value, 0];
        int result = PlainCalls.Ioctl(ksock.File, code, words);
        return result < 0 ? (Errno)(-result) : Errno.None;
    }

    private static string Device(DaemonProcess daemon) => Path.Join(daemon.Directory, "dev", "kbus0");

    private static Errno OpenError(DaemonProcess daemon, int flags, params uint[] groups) =>
        (Errno)(-OtherUser.Run(Stranger, () => PlainCalls.Open(Device(daemon), flags), groups));

    private static PlainKsock OpenAs(DaemonProcess daemon, int flags, params uint[] groups) =>
        OtherUser.Run(Stranger, () => PlainKsock.Open(Device(daemon), flags), groups);

    private DaemonProcess Start(params string[] rules)
    {
        Write(rules);
        return Devices.Start("--policy", _policy);
    }

    private void Write(string[] rules) => File.WriteAllText(_policy, $"{{ \"rules\": [\n{string.Join(",\n", rules)}\n] }}\n");

    private void Reload(DaemonProcess daemon, params string[] rules)
    {
        Write(rules);
        using Process kill = Devices.Started("/bin/kill", "-HUP", $"{daemon.Id}");
        kill.WaitForExit();
        Assert.Equal(0, kill.ExitCode);
    }
}
