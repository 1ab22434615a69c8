using System.Text.Json;

namespace Kbus.Daemon.Tests;

/// <summary>What a policy comes to for members of another user, over links and at the control socket.</summary>
public sealed class PolicyTests
{
    private const uint Stranger = 54321, Friend = 54322, Club = 54400;
    private const string All = """{ "allow": "root", "everything": true }""";
    private const string Opens = """{ "allow": "everybody", "buses": 0, "open": ["read", "write"] }""";

    [Fact]
    public Task Who_may_not_open_a_bus_is_told_the_file_and_the_line() => Limited.Run(() =>
    {
        using var daemon = new PolicyDaemon([All, """{ "deny": "54321", "everything": true }""", """{ "allow": "everybody", "open": "read" }"""], "--buses", "2");
        KbusException refusal = Assert.Throws<KbusException>(() => daemon.OpenAs(Stranger));
        Assert.Equal(Errno.EPERM, refusal.Errno);
        Assert.Contains($"On bus 0 this user may not open a Ksock for reading: policy {daemon.PolicyPath} line 3.", refusal.Message, StringComparison.Ordinal);
        refusal = Assert.Throws<KbusException>(() => daemon.OpenAs(Friend, 1));
        Assert.Contains($"On bus 1 this user may not open a Ksock for writing: no rule of the policy {daemon.PolicyPath} allows it.", refusal.Message, StringComparison.Ordinal);
        using Ksock reader = daemon.OpenAs(Friend, mode: KsockMode.Read);

        // Who was turned away has used up no id.
        Assert.Equal(1u, reader.Id);
    });

    [Fact]
    public Task Supplementary_groups_count() => Limited.Run(() =>
    {
        using var daemon = new PolicyDaemon([All, """{ "deny": "@54401", "open": ["read", "write"] }""", """{ "allow": "@54400", "open": ["read", "write"] }"""]);
        Assert.Equal(Errno.EPERM, Assert.Throws<KbusException>(() => daemon.OpenAs(Stranger)).Errno);
        using Ksock member = daemon.OpenAs(Stranger, groups: Club);
        using Ksock ofMany = daemon.OpenAs(Stranger, groups: [.. Enumerable.Range(60_000, 300).Select(g => (uint)g), Club]);
        Assert.Equal(Errno.EPERM, Assert.Throws<KbusException>(() => daemon.OpenAs(Stranger, groups: [Club, Club + 1])).Errno);
    });

    [Fact]
    public Task A_name_can_be_reserved_for_a_user_and_nobody_else_can_squat_on_it() => Limited.Run(() =>
    {
        using var daemon = new PolicyDaemon([
            """{ "allow": "54322", "reply": "$.Clock.*" }""",
            """{ "deny": "everybody", "reply": "$.Clock.*" }""",
            Opens,
            """{ "allow": "everybody", "reply": "$.*", "listen": "$.*", "send": "$.*" }"""]);
        using Ksock stranger = daemon.OpenAs(Stranger);
        using Ksock clock = daemon.OpenAs(Friend);
        foreach (string name in (string[])["$.Clock.Read", "$.Clock.*", "$.Clock.%", "$.Clock.Deep.*", "$.*"])
        {
            KbusException refusal = Assert.Throws<KbusException>(() => stranger.Bind(name, replier: true));
            Assert.Equal(Errno.EPERM, refusal.Errno);
            Assert.Contains($"does not let Ksock 1 of bus 0 bind to {name} as replier: line 3 of the policy file says so.", refusal.Message, StringComparison.Ordinal);
        }

        stranger.Bind("$.%", replier: true);
        stranger.Bind("$.Clocks.*", replier: true);
        stranger.Bind("$.Clock.*");
        clock.Bind("$.Clock.*", replier: true);
        Task<Message?> answer = Task.Run(() => stranger.Request(new Request("$.Clock.Read", "?")));
        Message request = clock.WaitForMessage()!;
        Assert.Equal("?", request.DataAsText);
        clock.Send(Message.ReplyTo(request, "noon"));
        Assert.Equal("noon", answer.GetAwaiter().GetResult()!.DataAsText);
        Assert.Contains("may not bind to $.Clock.Read as replier: policy ", daemon.SaidUntil("may not"), StringComparison.Ordinal);
    });

    [Fact]
    public Task A_send_that_is_denied_names_the_line_in_whatever_way_it_is_sent() => Limited.Run(() =>
    {
        using var daemon = new PolicyDaemon([All, Opens, """{ "deny": "everybody", "send": "$.Secret.*" }""", """{ "allow": "everybody", "send": "$.*" }"""]);
        using Ksock replier = daemon.Open();
        replier.Bind("$.Secret.*", replier: true);
        using Ksock listener = daemon.Open();
        listener.Bind("$.*");
        using Ksock stranger = daemon.OpenAs(Stranger);
        var big = new byte[200_000];
        foreach (Func<MessageId> attempt in (Func<MessageId>[])[
            () => stranger.Send(new Announcement("$.Secret.A")),
            () => stranger.Send(new Announcement("$.Secret.A", big)),
            () => stranger.Send(new Request("$.Secret.A")),
            () => stranger.Send(new Request("$.Secret.A", default(ReadOnlyMemory<byte>), to: replier.Id)),
            () => stranger.Send("$.Secret.A"u8, default, MessageFlags.Urgent | MessageFlags.AllOrFail),
            () => stranger.SendAsync("$.Secret.A"u8, default).AsTask().GetAwaiter().GetResult(),
            () => stranger.Request(new Request("$.Secret.A"))!.Id])
        {
            KbusException refusal = Assert.Throws<KbusException>(() => attempt());
            Assert.Equal(Errno.EPERM, refusal.Errno);
            Assert.Contains("does not let Ksock 3 of bus 0 send $.Secret.A: line 4 of the policy file says so.", refusal.Message, StringComparison.Ordinal);
        }

        Assert.Equal(Errno.EPERM, stranger.TrySend("$.Secret.A"u8, big, MessageFlags.None, out _));
        var batch = new MessageBatch();
        batch.Add("$.Secret.A"u8, default);
        batch.Add("$.Open"u8, default);
        Assert.Equal(1, stranger.Send(batch));
        Assert.Equal([Errno.EPERM, Errno.None], batch.Outcomes.ToArray().Select(o => o.Error));

        // The first that anybody has received is the one that was allowed.
        Assert.Equal("$.Open", listener.WaitForMessage()!.Name);
        Assert.Equal(0u, replier.NumMessages);
    });

    [Fact]
    public Task Changing_the_bus_needs_permission_and_so_do_a_network_id_and_a_new_bus() => Limited.Run(() =>
    {
        using var daemon = new PolicyDaemon([All, Opens, """{ "allow": "54322", "settings": ["VERBOSE", "MAXMSGSIZE"], "new-bus": true, "limpet": true }"""]);
        using Ksock stranger = daemon.OpenAs(Stranger);
        foreach (Action change in (Action[])[
            () => stranger.Verbose(), () => stranger.ReportReplierBinds(), () => stranger.SetMaxMessageSize(1000), () => stranger.ActAsLimpet(9), () => _ = stranger.NewDevice()])
        {
            KbusException refusal = Assert.Throws<KbusException>(change);
            Assert.Equal(Errno.EPERM, refusal.Errno);
            Assert.Contains("The policy does not let Ksock 1 of bus 0 ", refusal.Message, StringComparison.Ordinal);
        }

        Assert.Equal((false, false, 409_600u, 0u), (stranger.IsVerbose, stranger.ReportsReplierBinds, stranger.MaxMessageSize, stranger.NetworkId));
        Assert.Equal(7u, stranger.SetMaxMessages(7));
        using Ksock friend = daemon.OpenAs(Friend);
        Assert.False(friend.Verbose());
        Assert.Equal(1000u, friend.SetMaxMessageSize(1000));
        Assert.Equal(1u, friend.NewDevice());
        friend.ActAsLimpet(9);
        Assert.Equal(Errno.EPERM, Assert.Throws<KbusException>(() => friend.ReportReplierBinds()).Errno);

        // The new bus goes by the policy, too, which lets everybody open bus 0 alone.
        Assert.Equal(Errno.EPERM, Assert.Throws<KbusException>(() => daemon.OpenAs(Friend, 1)).Errno);
        using Ksock root = daemon.Open(1);
    });

    [Fact]
    public Task The_status_shows_only_buses_that_one_may_see() => Limited.Run(() =>
    {
        using var daemon = new PolicyDaemon([All, """{ "allow": "54321", "buses": 1, "status": true }"""], "--buses", "3");
        JsonElement shown = daemon.StatusAs(Stranger);
        Assert.Equal([1u], shown.GetProperty("buses").EnumerateArray().Select(b => b.GetProperty("bus").GetUInt32()));
        Assert.Equal([0u, 2u], shown.GetProperty("withheld").EnumerateArray().Select(b => b.GetUInt32()));
        JsonElement refused = daemon.StatusAs(Friend);
        Assert.False(refused.TryGetProperty("buses", out _));
        Assert.Equal(
            $"This user may not see the status: no rule of the policy {daemon.PolicyPath} allows it.", refused.GetProperty("refused").GetString());
        JsonElement all = ProcessTests.Status(daemon.Runtime);
        Assert.Equal(3, all.GetProperty("buses").GetArrayLength());
        Assert.False(all.TryGetProperty("withheld", out _));
    });

    [Fact]
    public Task The_charges_are_shown_only_of_buses_that_one_may_see() => Limited.Run(() =>
    {
        using var daemon = new PolicyDaemon([All, """{ "allow": "54321", "buses": 1, "status": true }"""], "--buses", "3");
        JsonElement shown = OtherUser.Run(Stranger, () => ProcessTests.Answer(daemon.Runtime, "charges\n"u8));
        Assert.Equal([1u], shown.GetProperty("buses").EnumerateArray().Select(b => b.GetProperty("bus").GetUInt32()));
        Assert.Equal([0u, 2u], shown.GetProperty("withheld").EnumerateArray().Select(b => b.GetUInt32()));
        JsonElement refused = OtherUser.Run(Friend, () => ProcessTests.Answer(daemon.Runtime, "charges\n"u8));
        Assert.False(refused.TryGetProperty("buses", out _) || refused.TryGetProperty("daemon", out _));
        Assert.Contains("may not see the status", refused.GetProperty("refused").GetString(), StringComparison.Ordinal);
    });

    [Fact]
    public Task A_reply_that_is_owed_is_never_refused_and_brings_nothing_past_the_policy() => Limited.Run(() =>
    {
        using var daemon = new PolicyDaemon([All, Opens, """{ "allow": "54321", "reply": "$.Mine", "send": "$.Mine" }"""]);
        using Ksock listener = daemon.Open();
        listener.Bind("$.*");
        using Ksock asker = daemon.OpenAs(Stranger), replier = daemon.OpenAs(Stranger);
        replier.Bind("$.Mine", replier: true);
        MessageId request = asker.Send(new Request("$.Mine"));
        Message given = replier.WaitForMessage()!;
        Assert.Equal(request, listener.WaitForMessage()!.Id);

        // A Reply of another name, and a Request in the clothes of a Reply.
        var forged = new Reply("$.Secret", given.Id, "x") { To = given.From, Flags = MessageFlags.WantAReply };
        Assert.Equal(Errno.EPERM, Assert.Throws<KbusException>(() => replier.Send(forged)).Errno);
        replier.Send(new Reply("$.Secret", given.Id, "x") { To = given.From });
        Assert.Equal(("$.Secret", request), (asker.WaitForMessage() is { } reply ? (reply.Name, reply.InReplyTo) : default));
        daemon.Open().Send(new Announcement("$.Last"));
        Assert.Equal("$.Last", listener.WaitForMessage()!.Name);
    });

    [Fact]
    public Task A_policy_that_is_wrong_keeps_the_daemon_from_starting() => Limited.Run(() =>
    {
        string file = Path.GetTempFileName();
        File.WriteAllText(file, "{ \"rules\": [\n  { \"alow\": \"root\" } ] }");
        (int code, _, string errors) = Kbusd.Run(Kbusd.Path, "--runtime-dir", "/nowhere/at/all", "--policy", file);
        File.Delete(file);
        Assert.Equal(2, code);
        Assert.StartsWith($"kbusd: {file}, line 2, column 5: 'alow' is not known in a rule.", errors, StringComparison.Ordinal);
        (code, _, errors) = Kbusd.Run(Kbusd.Path, "--runtime-dir", "/nowhere/at/all", "--policy", file);
        Assert.Equal((2, $"kbusd: {file}: it cannot be read: there is no such file.\n"), (code, errors));
    });
}
