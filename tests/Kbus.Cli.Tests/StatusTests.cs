using System.Text.Json;

namespace Kbus.Cli.Tests;

/// <summary><c>kbus status</c>, and <c>kbus</c> alone.</summary>
public sealed class StatusTests
{
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
        string[] lines = [.. StatusText.Lines(status)];
        Assert.Contains("?[2Jevil", lines[4], StringComparison.Ordinal);
        Assert.Equal("bus 0: 1 Ksock, 0 bindings, messages up to 100 bytes, reports binds, verbose, 1 event set aside", lines[2]);
        Assert.Contains("  Ksock 1 is a Limpet's, with network id 7", lines);
        Assert.Equal("bus 5 did not answer in time: it is very busy", lines[^1]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("{\"buses\":7}")]
    [InlineData("{\"pid\":\"x\"}")]
    public void What_is_no_status_document_is_told_to_be_none(string document) =>
        Assert.Equal(ExitCode.NoBus, Assert.Throws<CommandException>(() => DaemonStatus.Read(System.Text.Encoding.UTF8.GetBytes(document))).ExitCode);

    private static string[] Words(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static IEnumerable<int> Numbers(JsonDocument document) =>
        document.RootElement.GetProperty("buses").EnumerateArray().Select(b => b.GetProperty("bus").GetInt32());
}
