namespace Kbus.Cli.Tests;

/// <summary><c>kbus top</c>, <c>kbus tree</c>, <c>kbus wait</c> and <c>kbus ping</c>.</summary>
public sealed class SightTests
{
    [Fact]
    public Task The_tree_has_all_names_that_are_bound_or_were_sent() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        using Ksock first = bus.Open();
        using Ksock second = bus.Open();
        first.Bind("$.Actor.Ask", replier: true);
        first.Bind("$.Actor.*");
        second.Bind("$.Actor.Ask");
        second.Bind("$.Actor.Ask");
        second.Send(new Announcement("$.Clock.Tick"));
        _ = Assert.Throws<KbusException>(() => second.Send(new Request("$.Clock.Read")));
        string program = File.ReadAllText($"/proc/{System.Environment.ProcessId}/comm").TrimEnd('\n');
        string[] lines = [.. bus.Run("tree").Lines.Select(l => System.Text.Encoding.UTF8.GetString(System.Text.Encoding.Latin1.GetBytes(l)))];
        Assert.Equal(
            [
                "$",
                "├─ Actor",
                $"│  ├─ *  listener {program}[1]",
                $"│  └─ Ask  replier {program}[1]; listener {program}[2] (2 times)",
                "└─ Clock",
                "   ├─ Read  0 sent, 1 refused",
                "   └─ Tick  1 sent",
            ],
            lines);
        Assert.Equal(4, bus.Run("tree", "--bus", "9").Code);
    });

    [Fact]
    public void The_busiest_come_first_and_the_tables_fit_eighty_columns()
    {
        static BusStatus Bus(long first, long second) => new(0, 409600, false, false, 0,
            [
                new KsockStatus(1, 5, 0, "quiet", "read/write", 0, 3, 100, 7, false, [], []) { Traffic = Traffic(first) },
                new KsockStatus(2, 6, 0, new string('p', 40), "read/write", 0, 100, 4294967295, 123456789, false, [], []) { Traffic = Traffic(second) },
            ])
        {
            Traffic = Traffic(first + second),
            Names = [new NameStatus("$.Quiet", Traffic(first)), new NameStatus("$." + new string('n', 100), Traffic(second))],
        };
        static TrafficStatus Traffic(long sent) => new(sent, sent * 100, sent, sent * 100, 0, 0, 0, 0, []);
        string[] lines = [.. new TopText("traffic", 10).Lines(Bus(10, 1000), Bus(12, 2_001_000), 2)];
        Assert.StartsWith("bus 0: 1000k messages/s, 1000k copies/s, 200 MB/s, 0 Requests/s", lines[0], StringComparison.Ordinal);
        Assert.Equal(["KSOCK", "PROGRAM", "SENT/s", "GOT/s", "BYTES/s", "QUEUE", "MISSED", "OWED"], lines[1].Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("      2  pppppppppppp…", lines[2], StringComparison.Ordinal);
        Assert.Equal(["1", "quiet", "1.0", "1.0", "200", "B", "3/100", "7", "0"], lines[3].Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("  $.nnn", lines[5], StringComparison.Ordinal);
        Assert.StartsWith("  $.Quiet", lines[6], StringComparison.Ordinal);
        Assert.Empty(lines.Skip(1).Where(l => l.Length > 80));
        Assert.StartsWith("      1  quiet", new TopText("traffic", 1).Lines(Bus(0, 0), Bus(1, 0), 1).ElementAt(2), StringComparison.Ordinal);
        Assert.StartsWith("      2  ppp", new TopText("missed", 1).Lines(Bus(0, 0), Bus(1, 0), 1).ElementAt(2), StringComparison.Ordinal);
    }

    [Fact]
    public Task Top_shows_the_Ksocks_of_a_bus_as_often_as_it_is_told() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        using Ksock ksock = bus.Open();
        Ended ended = bus.Run("top", "--interval", "0.01", "-n", "2");
        Assert.Equal(0, ended.Code);
        Assert.Equal(2, ended.Lines.Count(l => l.StartsWith("bus 0: ", StringComparison.Ordinal)));
        Assert.Equal(2, bus.Run("top", "--sort", "colour").Code);
        Assert.Equal(4, bus.Run("top", "--bus", "7").Code);
    });

    [Fact]
    public Task Waiting_ends_when_each_name_has_a_replier() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        using Ksock replier = bus.Open();
        replier.Bind("$.A.*", replier: true);
        using Program wait = bus.Start("wait", "$.A.B", "$.C");
        Assert.Equal("kbus: Ksock 1 replies to $.A.B.", wait.Note());
        replier.Bind("$.C", replier: true);
        Assert.Equal(new Ended(0, "", "kbus: Ksock 1 replies to $.C.\n"), wait.End());
        Assert.Equal(
            new Ended(3, "", "kbus: the time (--for) ran out: nobody replies to $.D.\n"),
            bus.Run("wait", "$.D", "--for", "0.05"));
    });

    [Fact]
    public Task A_ping_is_answered_by_the_bus_itself() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        Ended ended = bus.Run("ping", "-n", "3", "--interval", "0.001");
        Assert.Equal(0, ended.Code);
        Assert.Equal(4, ended.Lines.Length);
        Assert.All(ended.Lines[..3], l => Assert.StartsWith("bus 0 answered in ", l, StringComparison.Ordinal));
        Assert.StartsWith("3 answers: ", ended.Lines[3], StringComparison.Ordinal);
        Assert.Equal(3, bus.Run("ping", "-n", "2", "--interval", "100", "--for", "0.01").Code);
    });
}
