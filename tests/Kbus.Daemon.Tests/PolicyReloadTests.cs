using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Kbus.Daemon.Tests;

/// <summary>SIGHUP reads the policy again, and what may not be any more ends as it always does.</summary>
public sealed class PolicyReloadTests
{
    private const uint Stranger = 54321, Friend = 54322;
    private const string All = """{ "allow": "root", "everything": true }""";
    private const string Everybody = """{ "allow": "everybody", "everything": true }""";
    private const string Opens = """{ "allow": "everybody", "open": ["read", "write"] }""";

    [Fact]
    public Task Bindings_that_may_not_be_any_more_end_with_the_usual_events() => Limited.Run(() =>
    {
        using var daemon = new PolicyDaemon([Everybody]);
        using Ksock watcher = daemon.Open();
        watcher.Bind("$.KBUS.ReplierBindEvent");
        watcher.ReportReplierBinds();
        using Ksock stranger = daemon.OpenAs(Stranger);
        stranger.Bind("$.Mine", replier: true);
        stranger.Bind("$.Theirs", replier: true);
        stranger.Bind("$.News.*");
        stranger.Bind("$.Else");
        stranger.Bind("$.Else");
        Assert.Equal([(true, "$.Mine"), (true, "$.Theirs")], Events(watcher, 2));
        using Ksock asker = daemon.Open();
        MessageId toTheirs = asker.Send(new Request("$.Theirs")), toMine = asker.Send(new Request("$.Mine"));
        asker.Send(new Announcement("$.News.Old"));

        string said = daemon.Reload(All, Opens, """{ "allow": "54321", "reply": "$.Mine" }""");
        Assert.Equal($"kbusd: policy {daemon.PolicyPath} has been read again and is in force: 4 bindings ended, 0 Ksocks closed.", said);
        Assert.Equal([(false, "$.Theirs")], Events(watcher, 1));
        Message unbound = asker.WaitForMessage()!;
        Assert.Equal(("$.KBUS.Replier.Unbound", toTheirs), (unbound.Name, unbound.InReplyTo));

        // What came by the binding that ended has gone with it; the rest is there, and its Reply passes.
        Message request = stranger.WaitForMessage()!;
        Assert.Equal(toMine, request.Id);
        Assert.Equal(0u, stranger.NumMessages);
        stranger.Send(Message.ReplyTo(request, "yes"));
        Assert.Equal("yes", asker.WaitForMessage()!.DataAsText);
        Assert.Equal(Errno.EADDRNOTAVAIL, Assert.Throws<KbusException>(() => asker.Send(new Request("$.Theirs"))).Errno);
        Assert.Equal(Errno.EPERM, Assert.Throws<KbusException>(() => stranger.Bind("$.Theirs", replier: true)).Errno);
        Assert.Equal(Errno.EINVAL, Assert.Throws<KbusException>(() => stranger.Unbind("$.Else")).Errno);
        stranger.Unbind("$.Mine", replier: true);
    });

    [Fact]
    public Task A_request_that_was_read_before_can_still_be_answered_after_its_binding_was_revoked() => Limited.Run(() =>
    {
        using var daemon = new PolicyDaemon([Everybody]);
        using Ksock stranger = daemon.OpenAs(Stranger), asker = daemon.Open();
        stranger.Bind("$.Theirs", replier: true);
        asker.Send(new Request("$.Theirs"));
        Message request = stranger.WaitForMessage()!;
        daemon.Reload(All, Opens);
        stranger.Send(Message.ReplyTo(request, "late, but owed"));
        Assert.Equal("late, but owed", asker.WaitForMessage()!.DataAsText);
    });

    [Fact]
    public Task Ksocks_that_may_not_be_open_any_more_are_closed_and_the_log_says_why() => Limited.Run(() =>
    {
        using var daemon = new PolicyDaemon([Everybody], "--buses", "2");
        using Ksock stranger = daemon.OpenAs(Stranger), reader = daemon.OpenAs(Stranger, mode: KsockMode.Read), elsewhere = daemon.OpenAs(Stranger, 1);
        stranger.Bind("$.Theirs", replier: true);
        using Ksock asker = daemon.Open();
        asker.Send(new Request("$.Theirs"));
        string said = daemon.Reload(All, """{ "allow": "everybody", "open": "read" }""", """{ "allow": "everybody", "buses": 1, "everything": true }""");
        Assert.EndsWith(" is in force: 0 bindings ended, 1 Ksock closed.", said, StringComparison.Ordinal);
        Assert.EndsWith(
            "(user 54321) was closed, because the policy of the bus has changed and does not let its user have it open any more.", daemon.Lines[^2],
            StringComparison.Ordinal);
        Assert.Equal("$.KBUS.Replier.GoneAway", asker.WaitForMessage()!.Name);
        Assert.Equal(Errno.ENODEV, Assert.Throws<KbusException>(() => stranger.Send(new Announcement("$.A"))).Errno);
        Assert.Equal(0u, reader.NumMessages);
        elsewhere.Send(new Announcement("$.A"));
        Assert.Equal(Errno.EPERM, Assert.Throws<KbusException>(() => daemon.OpenAs(Stranger)).Errno);
    });

    [Fact]
    public Task A_send_that_waits_for_room_fails_when_its_name_is_denied_and_reaches_nobody() => Limited.Run(() =>
    {
        using var daemon = new PolicyDaemon([Everybody]);
        using Ksock full = daemon.Open(), stranger = daemon.OpenAs(Stranger);
        full.SetMaxMessages(1);
        full.Bind("$.A");
        full.Send(new Announcement("$.A", "first"));
        Task<MessageId> waiting = stranger.SendAsync("$.A"u8, "second"u8.ToArray(), MessageFlags.AllOrWait).AsTask();
        while (!ProcessTests.Status(daemon.Runtime).GetProperty("buses")[0].GetProperty("ksocks")[1].GetProperty("sending").GetBoolean())
        {
            Thread.Yield();
        }

        daemon.Reload(All, Opens, """{ "deny": "54321", "send": "$.A" }""");
        KbusException refusal = Assert.Throws<KbusException>(() => waiting.GetAwaiter().GetResult());
        Assert.Equal(Errno.EPERM, refusal.Errno);
        Assert.Contains("line 4 of the policy file says so", refusal.Message, StringComparison.Ordinal);
        Assert.Equal("first", full.WaitForMessage()!.DataAsText);
        full.Send(new Announcement("$.A", "last"));
        Assert.Equal("last", full.WaitForMessage()!.DataAsText);
    });

    [Fact]
    public Task Who_may_not_use_a_network_id_any_more_loses_the_Ksock_that_has_one() => Limited.Run(() =>
    {
        using var daemon = new PolicyDaemon([Everybody]);
        using Ksock limpet = daemon.OpenAs(Stranger), other = daemon.OpenAs(Stranger);
        limpet.ActAsLimpet(9);
        daemon.Reload(All, Opens);
        Assert.Equal(Errno.ENODEV, Assert.Throws<KbusException>(() => limpet.NumMessages).Errno);
        Assert.Equal(0u, other.NumMessages);
    });

    [Fact]
    public Task A_file_that_has_become_wrong_changes_nothing_and_is_named_in_the_log() => Limited.Run(() =>
    {
        using var daemon = new PolicyDaemon([Everybody]);
        using Ksock stranger = daemon.OpenAs(Stranger);
        stranger.Bind("$.A");
        daemon.Write("""{ "deny": "54321", "everythin": true }""");
        daemon.HangUp();
        Assert.StartsWith(
            $"kbusd: the policy stays as it was. {daemon.PolicyPath}, line 2, column 20: 'everythin' is not known in a rule.", daemon.Said(), StringComparison.Ordinal);
        File.Delete(daemon.PolicyPath);
        daemon.HangUp();
        Assert.Equal($"kbusd: the policy stays as it was. {daemon.PolicyPath}: it cannot be read: there is no such file.", daemon.Said());
        stranger.Send(new Announcement("$.A"));
        Assert.Equal("$.A", stranger.WaitForMessage()!.Name);
        using Ksock another = daemon.OpenAs(Friend);
    });

    [Fact]
    public Task Many_bindings_and_Ksocks_are_gone_through_while_others_use_the_bus() => Limited.Run(() =>
    {
        using var daemon = new PolicyDaemon([Everybody]);
        List<Ksock> strangers = [];
        for (int i = 0; i < 20; i++)
        {
            Ksock stranger = daemon.OpenAs(Stranger);
            strangers.Add(stranger);
            for (int j = 0; j < 200; j++)
            {
                stranger.Bind($"$.Keep.N{j}");
                stranger.Bind($"$.Lose.N{j % 50}");
            }
        }

        using Ksock asker = daemon.Open(), replier = daemon.Open();
        replier.Bind("$.Echo", replier: true);
        using var end = new CancellationTokenSource();
        Task echo = Task.Run(() =>
        {
            while (!end.IsCancellationRequested)
            {
                MessageId sent = asker.Send(new Request("$.Echo"));
                replier.Send(Message.ReplyTo(replier.WaitForMessage()!, "x"));
                Assert.Equal(sent, asker.WaitForMessage()!.InReplyTo);
            }
        });
        string said = daemon.Reload(All, Opens, """{ "allow": "everybody", "listen": ["$.Keep.*", "$.Lost"] }""");
        Assert.EndsWith(" is in force: 4000 bindings ended, 0 Ksocks closed.", said, StringComparison.Ordinal);
        end.Cancel();
        echo.GetAwaiter().GetResult();
        Assert.Equal(4001, ProcessTests.Status(daemon.Runtime).GetProperty("buses")[0].GetProperty("bindings").GetInt32());
        strangers.ForEach(s => s.Dispose());
    });

    [Fact]
    public Task A_member_that_unbinds_and_binds_all_the_while_keeps_nothing_that_it_may_not_have() => Limited.Run(() =>
    {
        using var daemon = new PolicyDaemon([Everybody]);
        using Ksock stranger = daemon.OpenAs(Stranger);
        for (int i = 0; i < 1500; i++)
        {
            stranger.Bind($"$.Keep.N{i}");
            stranger.Bind($"$.Lose.N{i}");
        }

        using var end = new CancellationTokenSource();
        Task changes = Task.Run(() =>
        {
            for (int i = 0; i < 1500 || !end.IsCancellationRequested; i++)
            {
                stranger.Unbind($"$.Keep.N{i % 1500}");
                stranger.Bind($"$.Keep.N{i % 1500}");
            }
        });
        string said = daemon.Reload(All, Opens, """{ "allow": "everybody", "listen": "$.Keep.*" }""");
        end.Cancel();
        changes.GetAwaiter().GetResult();
        Assert.EndsWith(" is in force: 1500 bindings ended, 0 Ksocks closed.", said, StringComparison.Ordinal);
        Assert.Equal(1500, ProcessTests.Status(daemon.Runtime).GetProperty("buses")[0].GetProperty("bindings").GetInt32());
    });

    [Fact]
    public Task A_full_queue_of_an_event_listener_keeps_no_binding_alive() => Limited.Run(() =>
    {
        using var daemon = new PolicyDaemon([Everybody]);
        using Ksock deaf = daemon.OpenAs(Stranger);
        deaf.SetMaxMessages(1);
        deaf.Bind("$.KBUS.ReplierBindEvent");
        deaf.ReportReplierBinds();
        using Ksock stranger = daemon.OpenAs(Stranger);
        stranger.Bind("$.Theirs", replier: true);
        Assert.Equal(Errno.EAGAIN, Assert.Throws<KbusException>(() => stranger.Unbind("$.Theirs", replier: true)).Errno);
        string said = daemon.Reload(All, Opens, """{ "allow": "everybody", "listen": "$.KBUS.*" }""");
        Assert.EndsWith(" is in force: 1 binding ended, 0 Ksocks closed.", said, StringComparison.Ordinal);
        Assert.Equal([(true, "$.Theirs"), (false, "$.Theirs")], Events(deaf, 2));
    });

    [Fact]
    public Task A_service_without_a_policy_does_not_end_by_SIGHUP_and_says_so() => Limited.Run(() =>
    {
        string directory = Directory.CreateTempSubdirectory("kbus-").FullName, path = Path.Join(directory, "notify");
        using var supervisor = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 30_000 };
        supervisor.Bind(new UnixDomainSocketEndPoint(path));
        using Process daemon = Kbusd.Start("/usr/bin/env", $"NOTIFY_SOCKET={path}", Kbusd.Path, "--runtime-dir", directory);
        byte[] state = new byte[100];
        Assert.Equal("READY=1", Encoding.UTF8.GetString(state, 0, supervisor.Receive(state)));
        string id = daemon.Id.ToString(CultureInfo.InvariantCulture);
        Assert.Equal(0, Kbusd.Run("/bin/kill", "-HUP", id).Code);
        Assert.Contains(" in ", daemon.StandardError.ReadLine(), StringComparison.Ordinal);
        Assert.Equal("kbusd: SIGHUP: there is no policy to be read again, and a service does not end by it.", daemon.StandardError.ReadLine());
        Assert.Equal(daemon.Id, ProcessTests.Status(directory).GetProperty("pid").GetInt32());
        Assert.Equal(0, Kbusd.Run("/bin/kill", "-TERM", id).Code);
        daemon.WaitForExit();
        Assert.Equal(0, daemon.ExitCode);
        Directory.Delete(directory, recursive: true);
    });

    /// <summary>The next bind events: whether it was a bind, and of which name.</summary>
    private static List<(bool IsBind, string Name)> Events(Ksock watcher, int count)
    {
        List<(bool, string)> events = [];
        while (events.Count < count)
        {
            Message message = watcher.WaitForMessage()!;
            Assert.Equal("$.KBUS.ReplierBindEvent", message.Name);
            ReadOnlySpan<byte> data = message.Data.Span;
            events.Add((data[0] == 1, Encoding.ASCII.GetString(data[12..]).TrimEnd('\0')));
        }

        return events;
    }
}
