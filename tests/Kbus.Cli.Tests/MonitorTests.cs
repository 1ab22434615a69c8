using System.Text.Json;
using System.Text.RegularExpressions;

namespace Kbus.Cli.Tests;

/// <summary><c>kbus monitor</c>, as a process that watches others.</summary>
public sealed class MonitorTests
{
    [Fact]
    public Task It_shows_everything_in_the_order_of_the_bus_and_matches_answers_with_their_Requests() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        using Program monitor = Watching(bus);
        using Program replier = bus.StartBound("reply", "$.Ask", "yes", "-n", "1");
        Assert.Equal(0, bus.Run("call", "$.Ask", "hello").Code);
        Assert.Equal(0, replier.End().Code);
        Assert.NotEqual(0, bus.Run("call", "$.Nobody").Code);
        using Ksock last = bus.Open();
        monitor.Signal("TERM");
        Ended ended = monitor.End();
        Assert.Equal(143, ended.Code);
        string[] lines = [.. ended.Lines.Select(l => Regex.Replace(l, @"^\d\d:\d\d:\d\d\.\d{6} ", ""))];
        Assert.Contains(lines, l => Regex.IsMatch(l, @"^Kbus\.Cli\[1\] binds to \$\.Ask as replier$"));
        Assert.Contains(lines, l => Regex.IsMatch(l, @"^Kbus\.Cli\[2\] asks \$\.Ask \[0:1\] 5 B to Kbus\.Cli\[1\]$"));
        Assert.Contains(lines, l => Regex.IsMatch(l, @"^Kbus\.Cli\[1\] answers \$\.Ask \[0:2\] to \[0:1\] 3 B after [0-9.]+ (µs|Âµs|ms|s) to Kbus\.Cli\[2\]$"));
        Assert.Contains(lines, l => Regex.IsMatch(l, @"^Kbus\.Cli\[3\] asks \$\.Nobody \[0:3\] 0 B: refused, EADDRNOTAVAIL$"));
        Assert.Contains(lines, l => Regex.IsMatch(l, @"^Kbus\.Cli\[3\] closes$"));
        Assert.True(Array.FindIndex(lines, l => l.Contains("[1] binds", StringComparison.Ordinal)) < Array.FindIndex(lines, l => l.Contains("[2] asks", StringComparison.Ordinal)));
    });

    [Fact]
    public Task A_killed_program_dies_and_the_bus_answers_for_it() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        using Program replier = bus.StartBound("listen", "$.X");
        using Ksock owner = bus.Open();
        owner.Bind("$.Slow", replier: true);
        using Program monitor = Watching(bus, "--errors-only", "-n", "1");
        replier.Signal("KILL");
        Assert.Matches(@" Kbus\.Cli\[1\] dies: its process ended or hung up$", Assert.Single(monitor.End().Lines));
        using Program second = Watching(bus, "--errors-only", "-n", "1");
        using Ksock asker = bus.Open();
        asker.Send(new Request("$.Slow"));
        owner.Dispose();
        Assert.Matches(@" bus answers \$\.KBUS\.Replier\.GoneAway \[0:2\] to \[0:1\] 0 B \$\.Slow after [0-9.]+ .?.s to .*\[3\]$", Assert.Single(second.End().Lines));
    });

    [Fact]
    public Task Json_lines_have_numbers_recipients_and_latencies() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        using Program monitor = Watching(bus, "--json", "--data", "text", "--kind", "request,reply", "--kind", "bind", "-n", "3");
        using Ksock replier = bus.Open();
        replier.Bind("$.Ask", replier: true);
        using Ksock asker = bus.Open();
        MessageId id = asker.Send(new Request("$.Ask", "hello"));
        _ = replier.ReadNextMessage();
        replier.Send(new Reply("$.Ask", id, "yes"u8.ToArray()) { To = asker.Id });
        Ended ended = monitor.End();
        Assert.Equal(0, ended.Code);
        JsonElement[] events = [.. ended.Lines.Select(l => JsonDocument.Parse(l).RootElement)];
        Assert.Equal(["bind", "request", "reply"], events.Select(e => e.GetProperty("kind").GetString()));
        Assert.Equal(["$.Ask", "$.Ask", "$.Ask"], events.Select(e => e.GetProperty("name").GetString()));
        Assert.Equal(("hello", "yes"), (events[1].GetProperty("data").GetString(), events[2].GetProperty("data").GetString()));
        Assert.Equal("""[{"ksock":1,"fate":"replier"}]""", events[1].GetProperty("recipients").GetRawText());
        Assert.Equal("""[{"ksock":2,"fate":"requester"}]""", events[2].GetProperty("recipients").GetRawText());
        Assert.Equal("$.Ask", events[2].GetProperty("answers").GetString());
        Assert.True(events[2].GetProperty("latency_ns").GetInt64() > 0);
        Assert.True(events[0].GetProperty("number").GetUInt64() < events[1].GetProperty("number").GetUInt64());
    });

    [Fact]
    public Task Names_Ksocks_and_programs_can_be_chosen() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        using Ksock first = bus.Open();
        using Ksock second = bus.Open();
        using Program byName = Watching(bus, "$.A.*", "-n", "2", "--time", "relative");
        using Program byKsock = Watching(bus, "--ksock", "2", "-n", "1", "--time", "delta");
        using Program byProgram = Watching(bus, "--program", "no such program", "--for", "1000", "-n", "1");
        first.Send(new Announcement("$.B"));
        first.Send(new Announcement("$.A.One"));
        second.Send(new Announcement("$.A.Two"));
        Assert.Equal(["announces $.A.One", "announces $.A.Two"], byName.End().Lines.Select(Deed));
        Assert.Matches(@"^0\.000000 .*\[2\] announces \$\.A\.Two ", Assert.Single(byKsock.End().Lines));
        byProgram.Signal("INT");
        Assert.Equal("", byProgram.End().Output);
    });

    [Fact]
    public void A_binding_to_no_name_at_all_ended_the_monitor_of_a_name() => Assert.False(KsockFilter.Takes("", "$.A"));

    [Fact]
    public Task A_monitor_that_is_stopped_or_killed_changes_nothing_for_members() => Limited.Run(() =>
    {
        const int messages = 200_000;
        using var bus = new PrivateBus();
        using Program stopped = Watching(bus, "--with-data", "--json");
        using Program killed = Watching(bus);
        stopped.Stop();
        killed.Stop();
        using Ksock listener = bus.Open();
        listener.SetMaxMessages(messages);
        listener.Bind("$.Tick");
        using Ksock sender = bus.Open();
        var tick = new Announcement("$.Tick", new byte[100]) { Flags = MessageFlags.AllOrFail };
        for (int i = 0; i < messages; i++)
        {
            sender.Send(tick);
            if (i == messages / 2)
            {
                killed.Signal("KILL");
            }
        }

        Assert.Equal((uint)messages, listener.NumMessages);
        stopped.Signal("CONT");

        // It goes on where it stood, and says how many it has missed, at the place where they are missing.
        ulong next = 0;
        ulong lost = 0;
        while (lost == 0)
        {
            using JsonDocument line = JsonDocument.Parse(stopped.Line()!);
            ulong number = line.RootElement.GetProperty("number").GetUInt64();
            Assert.True(next == 0 || number == next, $"{number} follows {next - 1}");
            lost = line.RootElement.GetProperty("kind").GetString() == "lost" ? line.RootElement.GetProperty("count").GetUInt64() : 0;
            next = number + 1;
            if (number % 1000 == 0)
            {
                sender.Send(new Announcement("$.More"));
            }
        }

        Assert.InRange(lost, 1ul, (ulong)messages);
        stopped.Signal("TERM");
        Assert.Contains($"kbus: {lost} events were lost in all", stopped.End().Errors, StringComparison.Ordinal);
    });

    [Fact]
    public Task The_status_tells_of_watchers() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        using Program monitor = Watching(bus);
        Assert.EndsWith(", 1 watcher", bus.Run("status").Lines[2], StringComparison.Ordinal);
    });

    [Theory]
    [InlineData("'mistake' is none of announcement, request,", "--kind", "mistake")]
    [InlineData("'x' is not the id of a Ksock.", "--ksock", "x")]
    [InlineData("'x' is none of wall, relative, delta.", "--time", "x")]
    public Task Wrong_options_are_refused(string why, params string[] args) => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        Ended ended = bus.Run(["monitor", .. args]);
        Assert.Equal(2, ended.Code);
        Assert.Contains(why, ended.Errors, StringComparison.Ordinal);
    });

    [Fact]
    public Task Without_a_daemon_it_starts_none() => Limited.Run(() =>
    {
        string nowhere = Path.Join(Path.GetTempPath(), "kbus-no-such-directory");
        using Program monitor = Program.Start(Program.Kbus, PrivateBus.EnvironmentOf(nowhere), "monitor");
        Ended ended = monitor.End();
        Assert.Equal((4, ""), (ended.Code, ended.Output));
        Assert.StartsWith("kbus: ENOENT", ended.Errors, StringComparison.Ordinal);
    });

    private static string Deed(string line) => Regex.Match(line, @"announces \S+").Value;

    private static Program Watching(PrivateBus bus, params string[] args)
    {
        Program program = bus.Start(["monitor", .. args]);
        Assert.Equal("kbus: watching bus 0.", program.Note());
        return program;
    }
}
