using System.Text.Json;

namespace Kbus.Cli.Tests;

/// <summary>What <c>kbus listen</c> says when its queue was full.</summary>
public sealed class MissedTests
{
    [Fact]
    public Task A_listener_that_missed_messages_says_how_many_and_where() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        using Program listener = bus.StartBound("listen", "$.X", "--json", "--data", "text", "--max-messages", "3", "-n", "4");
        listener.Stop();
        Assert.Equal(0, bus.RunWithInput("1\n2\n3\n4\n5\n6\n7\n8\n", "send", "$.X", "--lines").Code);
        listener.Signal("CONT");
        Assert.Equal(["1", "2", "3"], Enumerable.Range(0, 3).Select(_ => Data(listener.Line())));
        Assert.Equal("""{"kind":"missed","count":5}""", listener.Line());
        Assert.Equal("kbus: 5 messages missed here: the queue was full.", listener.Note());
        bus.Run("send", "$.X", "9");
        Ended ended = listener.End();
        Assert.Equal(0, ended.Code);
        Assert.Equal("9", Data(Assert.Single(ended.Lines)));
        Assert.Equal("kbus: 5 messages were missed in all. The queue holds 3 messages (--max-messages), and as many bytes as the bus allows.\n", ended.Errors);
    });

    [Fact]
    public Task A_listener_that_falls_behind_by_twenty_thousand_messages_prints_all() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        using Program listener = bus.StartBound("listen", "$.X", "-n", "20001", "--lines");
        listener.Stop();
        Assert.Equal(0, bus.Run("send", "$.X", "a", "-n", "20000").Code);
        listener.Signal("CONT");
        Assert.Equal(0, bus.Run("send", "$.X", "b", "--all-or-fail").Code);
        Assert.Equal(new Ended(0, string.Concat(Enumerable.Repeat("a\n", 20000)) + "b\n", ""), listener.End());
    });

    [Fact]
    public Task Messages_that_are_too_big_together_are_missed_with_a_word_too() => Limited.Run(() =>
    {
        using var bus = new PrivateBus("--max-queued-bytes", "1000");
        using Program listener = bus.StartBound("listen", "$.X", "--raw");
        listener.Stop();
        for (int i = 0; i < 5; i++)
        {
            Assert.Equal(0, bus.Run("send", "$.X", new string('x', 300)).Code);
        }

        listener.Signal("CONT");
        Assert.Equal("kbus: 3 messages missed here: the queue was full.", listener.Note());
        listener.Signal("TERM");
        Ended ended = listener.End();
        Assert.Equal((143, new string('x', 600)), (ended.Code, ended.Output));
        Assert.StartsWith("kbus: 3 messages were missed in all.", ended.Errors, StringComparison.Ordinal);
    });

    [Fact]
    public Task Messages_that_had_come_before_the_bus_died_are_printed() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        using JsonDocument status = JsonDocument.Parse(bus.Run("status", "--json").Output);
        using Program listener = bus.StartBound("listen", "$.X", "--lines");
        listener.Stop();
        Assert.Equal(0, bus.RunWithInput("1\n2\n3\n", "send", "$.X", "--lines").Code);
        bus.RunLine($"kill -KILL {status.RootElement.GetProperty("pid").GetInt32()}");
        listener.Signal("CONT");
        Ended ended = listener.End();
        Assert.Equal((4, "1\n2\n3\n"), (ended.Code, ended.Output));
        Assert.StartsWith("kbus: ENODEV: ", ended.Errors, StringComparison.Ordinal);
    });

    private static string? Data(string? line)
    {
        using JsonDocument json = JsonDocument.Parse(line!);
        return json.RootElement.GetProperty("data").GetString();
    }
}
