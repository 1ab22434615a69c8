using System.Text.Json;

namespace Kbus.Cli.Tests;

/// <summary><c>kbus status</c>, and <c>kbus</c> alone.</summary>
public sealed class StatusTests
{
    [Fact]
    public Task Who_holds_how_much_is_told_for_all_users_for_each_user_and_for_each_process() => Limited.Run(() =>
    {
        using var bus = new PrivateBus("--max-bindings", "4000");
        using Program listener = bus.StartBound("listen", "$.X", "$.Y");
        string[] lines = bus.Run("status", "--charges", "--bus", "0").Output.Split('\n');
        Assert.Equal("bus 0", lines[3]);
        string[][] rows = [.. lines[4..8].Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries))];
        Assert.Equal(["USER", "PID", "PROGRAM", "BINDINGS", "NAME", "BYTES", "REQUESTS", "MESSAGE", "BYTES"], rows[0]);
        Assert.Equal(["all", "2/4000", "6/67108864", "0/65536"], rows[1][..4]);
        Assert.Equal(["2/2000", "6/33554432", "0/32768"], rows[2][1..4]);
        Assert.Equal(["2/1000", "6/16777216", "0/16384"], rows[3][3..6]);
        Assert.Equal(listener.Id.ToString(System.Globalization.CultureInfo.InvariantCulture), rows[3][1]);
        Assert.Contains("\"processes_in_all\":1", bus.Run("status", "--charges", "--json").Output, StringComparison.Ordinal);
        Assert.Contains("all buses together", bus.Run("status", "--charges").Output, StringComparison.Ordinal);
    });

    [Fact]
    public void On_a_narrow_terminal_no_line_of_the_charges_is_broken_by_the_terminal()
    {
        const string held = "{ \"bindings\": 12, \"name_bytes\": 345, \"requests\": 6, \"message_bytes\": 78901 }";
        const string most = "{ \"bindings\": 1000000, \"name_bytes\": 67108864, \"requests\": 65536, \"message_bytes\": 268435456 }";
        using var report = JsonDocument.Parse($$"""
            { "version": "0.1.0", "runtime_dir": "/run/user/1000/kbus", "pid": 28614, "missing": [5], "buses": [ { "bus": 0, "held": {{held}}, "limits": {{most}},
              "users_in_all": 7, "users": [ { "uid": 0, "held": {{held}}, "share": {{most}} } ],
              "processes_in_all": 1, "processes": [ { "uid": 0, "pid": 28604, "program": "thermometer", "held": {{held}}, "share": {{most}} } ] } ] }
            """);
        string[] lines = [.. new ChargesText(null, 60).Lines(report.RootElement)];
        Assert.Empty(lines.Where(l => l.Length > 60));
        Assert.Equal(
            [
                "bus 0",
                "  all", "    bindings 12/1000000, name bytes 345/67108864, requests", "      6/65536, message bytes 78901/268435456",
                "  root", "    bindings 12/1000000, name bytes 345/67108864, requests", "      6/65536, message bytes 78901/268435456",
                "  6 more users",
                "  root, process 28604 (thermometer)", "    bindings 12/1000000, name bytes 345/67108864, requests", "      6/65536, message bytes 78901/268435456",
                "bus 5 did not answer in time: it is very busy",
            ],
            lines.SkipWhile(l => l != "bus 0"));
        Assert.Contains("MESSAGE BYTES", string.Concat(new ChargesText(null, 120).Lines(report.RootElement)), StringComparison.Ordinal);
    }

    [Fact]
    public Task It_shows_ksocks_bindings_queues_and_who_owes_whom_a_reply() => Limited.Run(() =>
    {
        using var bus = new PrivateBus("--buses", "2");
        using Ksock replier = bus.Open();
        replier.Bind("$.Actor.Ask", replier: true);
        replier.Bind("$.Actor.*");
        using Ksock sender = bus.Open();
        sender.SetMaxMessages(7);
        sender.Send(new Request("$.Actor.Ask", "hello"));
        replier.ReadNextMessage();
        sender.Send(new Request("$.Actor.Ask", "hello again"));
        string[] lines = bus.Run("status").Lines;
        Assert.Matches($@"^kbusd [0-9.]+ in {bus.Directory}: process [0-9]+, [0-9]+ MiB$", lines[0]);
        Assert.Equal("bus 0: 2 Ksocks, 2 bindings, messages up to 409600 bytes", lines[2]);
        Assert.Equal(["KSOCK", "PID", "USER", "PROGRAM", "MODE", "QUEUE", "MISSED", "BOUND", "TO"], Words(lines[3]));
        string[] first = Words(lines[4]);
        Assert.Equal(("1", $"{System.Environment.ProcessId}", "read/write", "3/100", "0", "$.Actor.*"), (first[0], first[1], first[^4], first[^3], first[^2], first[^1]));
        Assert.Equal(["$.Actor.Ask", "(replier)"], Words(lines[5]));
        string[] second = Words(lines[6]);
        Assert.Equal(("2", "0/7", "-"), (second[0], second[^3], second[^1]));
        Assert.Equal("  Ksock 1 owes Ksock 2 the reply to [0:1], which it has read", lines[7]);
        Assert.Equal("  Ksock 1 owes Ksock 2 the reply to [0:2], not read yet", lines[8]);
        Assert.Equal(["", "bus 1: 0 Ksocks, 0 bindings, messages up to 409600 bytes"], lines[9..]);
    });

    [Fact]
    public Task It_uses_up_no_id() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        bus.Run("status");
        bus.Run("status", "--json");
        using Ksock first = bus.Open();
        Assert.Equal(1u, first.Id);
    });

    [Fact]
    public Task Messages_that_a_full_queue_kept_out_are_counted() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        using Ksock full = bus.Open();
        full.SetMaxMessages(1);
        full.Bind("$.A");
        bus.Run("send", "$.A", "-n", "4");
        Assert.Equal(("1/1", "3", "$.A"), Words(bus.Run("status").Lines[4]) is [.., var queue, var missed, var name] ? (queue, missed, name) : default);
    });

    [Fact]
    public Task Traffic_is_shown_for_the_bus_for_Ksocks_and_for_names() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        using Ksock replier = bus.Open();
        replier.Bind("$.Ask", replier: true);
        replier.Bind("$.Tick");
        using Ksock sender = bus.Open();
        MessageId asked = sender.Send(new Request("$.Ask", "hello"));
        _ = replier.ReadNextMessage();
        _ = replier.Send(new Reply("$.Ask", asked) { To = sender.Id });
        _ = sender.Send(new Announcement("$.Tick"));
        _ = Assert.Throws<KbusException>(() => sender.Send(new Request("$.Nobody")));
        string[] lines = bus.Run("status", "--traffic").Lines;
        Assert.Matches(@"MiB, up [0-9.]+ s, processor time [0-9.]+ s$", lines[0]);
        Assert.Matches(
            @"^bus 0: 3 messages sent \([0-9]+ B\), 3 copies delivered \([0-9]+ B\), 0 missed, 1 refused \(1 EADDRNOTAVAIL\); 1 Requests, 1 Replies, 0 Statuses, woken [0-9]+ times$",
            lines[2]);
        string[] ofReplier = Words(lines[4]);
        Assert.Equal(("1", "1", "2", "0", "0", "0", "1", "0"), (ofReplier[0], ofReplier[^11], ofReplier[^8], ofReplier[^5], ofReplier[^4], ofReplier[^3], ofReplier[^2], ofReplier[^1]));
        string[] ofSender = Words(lines[5]);
        Assert.Equal(("2", "2", "1", "0", "1", "1", "0", "0"), (ofSender[0], ofSender[^11], ofSender[^8], ofSender[^5], ofSender[^4], ofSender[^3], ofSender[^2], ofSender[^1]));
        Assert.Equal(["NAME", "SENT"], Words(lines[6])[..2]);
        Assert.Equal(("$.Ask", "2", "1", "1"), Words(lines[7]) is [var name, var sent, .., var requests, var replies, _] ? (name, sent, requests, replies) : default);
        Assert.Equal(["$.Nobody", "0"], Words(lines[8])[..2]);
        Assert.Equal(["$.Tick", "1"], Words(lines[9])[..2]);
        lines = bus.Run("status", "--traffic", "--name", "$.T.*").Lines;
        Assert.Equal(3, lines.Length);
        lines = bus.Run("status", "--traffic", "--name", "$.Tick").Lines;
        Assert.Equal(["$.Tick", "1"], Words(Assert.Single(lines, l => l.Contains("$.", StringComparison.Ordinal)))[..2]);
        using JsonDocument document = JsonDocument.Parse(bus.Run("status", "--json").Output);
        JsonElement one = document.RootElement.GetProperty("buses")[0];
        Assert.Equal(1, one.GetProperty("traffic").GetProperty("refused").GetProperty("EADDRNOTAVAIL").GetInt32());
        Assert.Equal(["$.Ask", "$.Tick", "$.Nobody"], one.GetProperty("names").EnumerateArray().Select(n => n.GetProperty("name").GetString()));
        Assert.Equal(2, one.GetProperty("ksocks")[1].GetProperty("traffic").GetProperty("sent").GetInt32());
    });

    [Fact]
    public Task On_a_narrow_terminal_no_line_of_the_traffic_is_broken_by_the_terminal()
    {
        const string counts = "\"sent\": 123456, \"sent_bytes\": 12345678, \"delivered\": 5, \"delivered_bytes\": 6, \"missed\": 7, \"requests\": 8, \"replies\": 9, \"refused\": {\"EBUSY\": 3}";
        var status = DaemonStatus.Read(System.Text.Encoding.UTF8.GetBytes($$"""
            { "version": "0.1.0", "runtime_dir": "/run/user/1000/kbus", "pid": 28614, "uptime_seconds": 90061.5, "processor_seconds": 61, "buses": [
              { "bus": 0, "traffic": { {{counts}} }, "ksocks": [ { "id": 1, "pid": 5, "program": "thermometer", "traffic": { {{counts}} } } ],
                "names": [ { "name": "$.A", {{counts}} } ], "traffic_of_other_names": { {{counts}} } } ] }
            """));
        string[] lines = [.. new TrafficText(new KsockFilter(null, null, null), 60).Lines(status)];
        Assert.Empty(lines.Where(l => l.Length > 60));
        Assert.Contains(lines, l => l.Contains("1 d 1:01:01", StringComparison.Ordinal));
        Assert.Contains("  Ksock 1: thermometer (process 5)", lines);
        Assert.Contains("  all other names", lines);
        Assert.Contains("REPLIES", string.Concat(new TrafficText(new KsockFilter(null, null, null), 200).Lines(status)), StringComparison.Ordinal);
        return Task.CompletedTask;
    }

    [Fact]
    public Task It_can_be_shown_again_and_again() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        string[] lines = bus.Run("status", "--watch", "--interval", "0.01", "-n", "3").Output.Split('\n');
        Assert.Equal(3, lines.Count(l => l.StartsWith("kbusd ", StringComparison.Ordinal)));
        Assert.Equal(3, bus.Run("status", "--json", "--watch", "--interval", "0.01", "-n", "3").Lines.Length);
        Assert.Equal(3, bus.Run("status", "--watch", "--interval", "100", "--for", "0.01").Code);
    });

    [Fact]
    public Task Json_is_the_daemon_s_document_and_one_bus_can_be_asked_for() => Limited.Run(() =>
    {
        using var bus = new PrivateBus("--buses", "3");
        using JsonDocument all = JsonDocument.Parse(Assert.Single(bus.Run("status", "--json").Lines));
        Assert.Equal([0, 1, 2], Numbers(all));
        Assert.Equal(bus.Directory, all.RootElement.GetProperty("runtime_dir").GetString());
        using JsonDocument one = JsonDocument.Parse(Assert.Single(bus.Run("status", "--json", "--bus", "1").Lines));
        Assert.Equal([1], Numbers(one));
        Assert.Equal(
            all.RootElement.EnumerateObject().Select(p => p.Name),
            one.RootElement.EnumerateObject().Select(p => p.Name));
        Assert.StartsWith("bus 2: ", bus.Run("status", "--bus", "2").Lines[2], StringComparison.Ordinal);
        Assert.Equal(
            new Ended(4, "", $"kbus: there is no bus 3 in {bus.Directory}. There is: 0, 1, 2.\n"),
            bus.Run("status", "--bus", "3"));
    });

    [Fact]
    public Task Without_a_daemon_it_says_where_it_looked() => Limited.Run(() =>
    {
        string nowhere = Path.Join(Path.GetTempPath(), "kbus-no-such-directory");
        using Program status = Program.Start(Program.Kbus, PrivateBus.EnvironmentOf(nowhere), "status");
        Ended ended = status.End();
        Assert.Equal((4, ""), (ended.Code, ended.Output));
        Assert.StartsWith($"kbus: no kbusd answers in {nowhere}.", ended.Errors, StringComparison.Ordinal);
        using Program send = Program.Start(Program.Kbus, PrivateBus.EnvironmentOf(nowhere), "send", "$.A");
        Assert.Equal(4, send.End().Code);
    });

    [Fact]
    public Task The_command_alone_shows_how_to_begin_and_the_status() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        Ended alone = bus.Run();
        Assert.Equal((0, ""), (alone.Code, alone.Errors));
        Assert.Contains("kbus listen '$.Actor.*'", alone.Output, StringComparison.Ordinal);
        Assert.Equal("bus 0: 0 Ksocks, 0 bindings, messages up to 409600 bytes", alone.Lines[^1]);
        using Program lost = Program.Start(Program.Kbus, PrivateBus.EnvironmentOf("/no/such/directory"));
        Ended ended = lost.End();
        Assert.Equal(0, ended.Code);
        Assert.StartsWith("At present no kbusd answers in /no/such/directory.", ended.Lines[^1], StringComparison.Ordinal);
    });

    [Theory]
    [InlineData(null, null, null, null, "/run/kbus")]
    [InlineData(null, null, "/run/user/7", "/home/tom", "/run/kbus", "/run/user/7/kbus")]
    [InlineData(null, null, null, "/home/tom", "/run/kbus", "/home/tom/.cache/kbus")]
    [InlineData(null, "/named", "/run/user/7", "/home/tom", "/named")]
    [InlineData("/option", "/named", "/run/user/7", "/home/tom", "/option")]
    [InlineData("", "", "", "", "/run/kbus")]
    public void A_daemon_is_looked_for_where_ksocks_are_opened(string? option, string? named, string? runtime, string? home, params string[] places)
    {
        var environment = new Dictionary<string, string?> { ["KBUS_RUNTIME_DIR"] = named, ["XDG_RUNTIME_DIR"] = runtime, ["HOME"] = home };
        Assert.Equal(places, DaemonPlaces.Find(option, name => environment[name]));
    }

    [Fact]
    public void What_a_process_calls_itself_cannot_disturb_a_terminal()
    {
        var ksock = new KsockStatus(1, 2, 0, "\e[2Jevil", "read", 7, 0, 100, 0, false, [], []);
        var status = new DaemonStatus("1", 1, "/d", 0, [new BusStatus(0, 100, true, true, 1, [ksock])], [5]);
        string[] lines = [.. Shown(status)];
        Assert.Contains(@"\x1b[2Jevil", lines[4], StringComparison.Ordinal);
        Assert.Equal("bus 0: 1 Ksock, 0 bindings, messages up to 100 bytes, reports binds, verbose, 1 event set aside", lines[2]);
        Assert.Contains("  Ksock 1 is a Limpet's, with network id 7", lines);
        Assert.Equal("bus 5 did not answer in time: it is very busy", lines[^1]);
    }

    [Fact]
    public void On_a_narrow_terminal_no_line_is_broken_by_the_terminal()
    {
        var ksock = new KsockStatus(1, 28604, 0, "kbus", "read/write", 7, 3, 100, 4, true, [new("$.Clock.Tick", false), new("$.Actor.Ask", true)], [new(new MessageId(0, 2), 1, true)]);
        var status = new DaemonStatus("0.1.0", 28614, "/run/user/1000/kbus", 0, [new BusStatus(0, 409600, true, true, 1, [ksock])], [5]);
        string[] lines = [.. Shown(status, 40)];
        Assert.Empty(lines.Where(l => l.Length > 40));
        Assert.Equal(
            [
                "  Ksock 1: kbus (process 28604, root),", "    read/write, queue 3/100, 4 missed", "      $.Clock.Tick", "      $.Actor.Ask (replier)",
                "  Ksock 1 owes Ksock 1 the reply to", "    [0:2], which it has read",
            ],
            lines.SkipWhile(l => !l.Contains("kbus (", StringComparison.Ordinal)).Take(6));
        Assert.Contains("KSOCK", string.Concat(Shown(status, 120)), StringComparison.Ordinal);
    }

    [Fact]
    public Task Of_many_ksocks_it_shows_those_that_one_asks_for() => Limited.Run(() =>
    {
        using var bus = new PrivateBus("--buses", "2");
        using Ksock one = bus.Open();
        one.Bind("$.Actor.*");
        using Ksock other = bus.Open();
        other.Bind("$.Clock.Tick");
        using Program listener = bus.StartBound("listen", "$.Actor.Speak.Softly", "$.Clock.%");
        Assert.Equal(["1"], Ids(bus, "--name", "$.Actor.Speak"));
        Assert.Equal(["2", "3"], Ids(bus, "--name", "$.Clock.Tick"));
        Assert.Equal(["1"], Ids(bus, "--name", "$.Actor.*"));
        Assert.Equal(["1", "2"], Ids(bus, "--program", "Cli.Tests", "--bus", "0"));
        using JsonDocument whole = JsonDocument.Parse(bus.Run("status", "--json").Output);
        long user = whole.RootElement.GetProperty("buses")[0].GetProperty("ksocks")[0].GetProperty("uid").GetInt64();
        Assert.Equal(["1", "2", "3"], Ids(bus, "--user", $"{user}"));
        Assert.Equal(["1", "2", "3"], Ids(bus, "--user", UserNames.Of(user)));
        Assert.Empty(Ids(bus, "--user", "nobody-of-that-name"));
        Assert.Equal("bus 0: 3 Ksocks, 4 bindings, messages up to 409600 bytes; 1 shown", bus.Run("status", "--name", "$.Actor.Speak").Lines[2]);
        using JsonDocument json = JsonDocument.Parse(Assert.Single(bus.Run("status", "--json", "--name", "$.Clock.Tick").Lines));
        JsonElement[] buses = [.. json.RootElement.GetProperty("buses").EnumerateArray()];
        Assert.Equal([2, 3], buses[0].GetProperty("ksocks").EnumerateArray().Select(k => k.GetProperty("id").GetInt32()));
        Assert.Empty(buses[1].GetProperty("ksocks").EnumerateArray());
    });

    [Theory]
    [InlineData("$.A.B", "$.A.B", true)]
    [InlineData("$.A.*", "$.A.B", true)]
    [InlineData("$.A.*", "$.A.B.C", true)]
    [InlineData("$.A.%", "$.A.B", true)]
    [InlineData("$.A.%", "$.A.B.C", false)]
    [InlineData("$.A.*", "$.A", false)]
    [InlineData("$.*", "$.A", true)]
    [InlineData("$.A.*", "$.A.*", true)]
    [InlineData("$.*", "$.A.*", false)]
    [InlineData("$.A", "$.AB", false)]
    public void A_binding_takes_what_its_wildcard_takes(string binding, string name, bool takes) => Assert.Equal(takes, KsockFilter.Takes(binding, name));

    [Fact]
    public Task A_stopped_daemon_is_not_told_to_be_none() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        using JsonDocument status = JsonDocument.Parse(bus.Run("status", "--json").Output);
        int daemon = status.RootElement.GetProperty("pid").GetInt32();
        Assert.Equal(0, bus.RunLine($"kill -STOP {daemon}").Code);
        try
        {
            CommandException silent = Assert.Throws<CommandException>(() => DaemonQuestion.Status([bus.Directory], TimeSpan.FromMilliseconds(50)));
            Assert.Equal(
                $"the kbusd in {bus.Directory}, process {daemon}, takes connections but does not answer: it is stopped (SIGSTOP, a debugger) or very busy. Let it go on (kill -CONT), or end it.",
                silent.Message);
            Assert.Equal(ExitCode.NoBus, silent.ExitCode);
        }
        finally
        {
            bus.RunLine($"kill -CONT {daemon}");
        }
    });

    [Fact]
    public Task Where_ksocks_may_start_no_daemon_it_does_not_say_that_they_do() => Limited.Run(() =>
    {
        using Program status = Program.Start(Program.Kbus, PrivateBus.EnvironmentOf("/no/such/directory"), "status");
        Assert.Equal(
            "kbus: no kbusd answers in /no/such/directory. Start one with 'kbusd'; Ksocks do not start it, because of KBUS_AUTOSTART=0. Name another place with --runtime-dir DIR.\n",
            status.End().Errors);
        string deep = "/" + new string('d', 120);
        using Program deeper = Program.Start(Program.Kbus, PrivateBus.EnvironmentOf(deep), "status");
        Assert.Equal($"kbus: no kbusd can be in {deep}: the path is too long for a socket. Name a shorter one.\n", deeper.End().Errors);
    });

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("{\"buses\":7}")]
    [InlineData("{\"pid\":\"x\"}")]
    public void What_is_no_status_document_is_told_to_be_none(string document) =>
        Assert.Equal(ExitCode.NoBus, Assert.Throws<CommandException>(() => DaemonStatus.Read(System.Text.Encoding.UTF8.GetBytes(document))).ExitCode);

    private static IEnumerable<string> Shown(DaemonStatus status, int? width = null) => new StatusText(new KsockFilter(null, null, null), width).Lines(status);

    /// <summary>The Ksocks in a status.</summary>
    private static string[] Ids(PrivateBus bus, params string[] filter) =>
        [.. bus.Run(["status", .. filter]).Lines.Select(Words).Where(w => w.Length > 4 && int.TryParse(w[0], out _)).Select(w => w[0])];

    private static string[] Words(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static IEnumerable<int> Numbers(JsonDocument document) =>
        document.RootElement.GetProperty("buses").EnumerateArray().Select(b => b.GetProperty("bus").GetInt32());
}
