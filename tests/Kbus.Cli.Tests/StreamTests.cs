using System.Text;
using System.Text.Json;

namespace Kbus.Cli.Tests;

/// <summary>Streams of messages: lines in, lines out, data as text in JSON.</summary>
public sealed class StreamTests
{
    [Fact]
    public Task Each_line_of_an_input_is_a_message_and_each_message_a_line() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        using Program lines = bus.StartBound("listen", "$.A", "--lines", "-n", "4");
        using Program zeros = bus.StartBound("listen", "$.A", "-0", "-n", "4");
        Assert.Equal(3, bus.RunWithInput("one\n\nlast without an end", "send", "$.A", "--lines").Lines.Length);
        Assert.Equal(0, bus.RunWithInput("two\nlines\0", "send", "$.A", "-0").Code);
        Assert.Equal("one\n\nlast without an end\ntwo\nlines\n", lines.End().Output);
        Assert.Equal("one\0\0last without an end\0two\nlines\0", zeros.End().Output);
    });

    [Fact]
    public Task A_line_is_sent_as_soon_as_it_comes_and_the_count_and_the_time_end_a_stream() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        using Program sender = bus.Start("send", "$.A", "--lines", "-n", "2");
        sender.Type("one\n");
        Assert.Contains("data='one'", sender.Line(), StringComparison.Ordinal);
        sender.Type("two\nthree\n");
        Ended ended = sender.End();
        Assert.Equal((0, 1), (ended.Code, ended.Lines.Length));
        using Program waiting = bus.Start("send", "$.A", "--lines", "--for", "0.05");
        Assert.Equal(3, waiting.End().Code);
        using Program interrupted = bus.Start("send", "$.A", "--lines");
        interrupted.Type("one\n");
        Assert.NotNull(interrupted.Line());
        interrupted.Signal("TERM");
        Assert.Equal(new Ended(143, "", ""), interrupted.End());
    });

    [Fact]
    public Task A_line_that_cannot_be_sent_is_told_by_its_number() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        string file = Path.Join(bus.Directory, "lines");
        File.WriteAllText(file, $"one\n{new string('x', 500_000)}\nthree\n");
        Ended refused = bus.Run("send", "$.A", "--lines", "--file", file);
        Assert.Equal((1, 1), (refused.Code, refused.Lines.Length));
        Assert.StartsWith("kbus: message 2 of the input: EMSGSIZE: ", refused.Errors, StringComparison.Ordinal);
        Assert.Equal(new Ended(1, "", "kbus: /no/such cannot be read: ENOENT (No such file or directory).\n"), bus.Run("send", "$.A", "--lines", "--file", "/no/such"));
        Assert.Equal(
            new Ended(2, "", "kbus: With --lines the data comes from standard input or --file, not from DATA. See kbus send --help.\n"),
            bus.Run("send", "$.A", "x", "--lines"));
    });

    [Fact]
    public Task Messages_can_be_sent_and_called_at_intervals() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        using Program replier = bus.StartBound("reply", "$.B", "--echo");
        Assert.Equal(3, bus.Run("send", "$.A", "x", "-n", "3", "--interval", "0.001").Lines.Length);
        Assert.Equal(3, bus.Run("call", "$.B", "x", "-n", "3", "--interval", "0.001").Lines.Length);
        Assert.Equal(new Ended(3, "x", "kbus: the time (--for) ran out after 1 of 2 messages.\n"), bus.Run("call", "$.B", "x", "--raw", "-n", "2", "--interval", "1000", "--for", "2"));
    });

    [Fact]
    public void An_interval_is_as_long_as_it_says()
    {
        using var ending = new Ending();
        var clock = new HastyClock();
        var invocation = new Invocation(ArgumentReader.Read(["send", "$.A", "-n", "2", "--interval", "2.5"]), LineOutput.Error, LineOutput.Error, () => Stream.Null, ending, clock);
        var limit = new StreamLimit(invocation);
        limit.Step();
        Pause.BetweenMessages(invocation, limit);
        limit.Step();
        Pause.BetweenMessages(invocation, limit);
        Assert.Equal([TimeSpan.FromSeconds(2.5)], clock.Waited);
    }

    [Theory]
    [InlineData("auto", "Ahem \u00e9\n", "\"Ahem \u00e9\\n\"", "text")]
    [InlineData("auto", "\u0001", "\"01\"", "hex")]
    [InlineData("text", "\u0001", "\"\\u0001\"", "text")]
    [InlineData("hex", "Ahem", "\"4168656d\"", "hex")]
    [InlineData("base64", "Ahem", "\"QWhlbQ==\"", "base64")]
    [InlineData("json", "{ \"a\":\n [1.50, null] }", "{\"a\":[1.50,null]}", "json")]
    [InlineData("json", "Ahem", "\"Ahem\"", "text")]
    [InlineData("json", "1 2", "\"1 2\"", "text")]
    [InlineData("auto", "", "\"\"", "text")]
    public void Data_stands_in_json_in_the_form_that_was_asked_for(string form, string data, string written, string said)
    {
        var json = new MessageJson(TimeProvider.System, Enum.Parse<DataForm>(form, ignoreCase: true));
        string line = Encoding.UTF8.GetString(json.Line(new Announcement("$.A", data)));
        Assert.EndsWith($",\"name\":\"$.A\",\"data\":{written},\"data_form\":\"{said}\"}}\n", line, StringComparison.Ordinal);
        using JsonDocument parsed = JsonDocument.Parse(line);
        Assert.Equal("announcement", parsed.RootElement.GetProperty("kind").GetString());
    }

    [Theory]
    [InlineData("text")]
    [InlineData("auto")]
    [InlineData("json")]
    public void Data_that_is_no_text_stands_in_hexadecimal(string form)
    {
        var json = new MessageJson(TimeProvider.System, Enum.Parse<DataForm>(form, ignoreCase: true));
        string line = Encoding.UTF8.GetString(json.Line(new Announcement("$.A", (byte[])[0xff, (byte)'a'])));
        Assert.EndsWith("\"data\":\"ff61\",\"data_form\":\"hex\"}\n", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("kbus: --data: 'xml' is none of auto, text, hex, base64, json. See kbus listen --help.\n", "listen", "$.A", "--json", "--data", "xml")]
    [InlineData("kbus: --data needs --json: it says how data stands there. See kbus listen --help.\n", "listen", "$.A", "--data", "text")]
    [InlineData("kbus: --json and --lines contradict each other. See kbus listen --help.\n", "listen", "$.A", "--json", "--lines")]
    [InlineData("kbus: --lines and --null contradict each other. See kbus send --help.\n", "send", "$.A", "-0", "--lines")]
    [InlineData("kbus: --slow and --step contradict each other. See kbus play --help.\n", "play", "--slow", "--step")]
    public Task Options_that_make_no_sense_together_are_refused(string refusal, params string[] args) => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        Assert.Equal(new Ended(2, "", refusal), bus.Run(args));
    });
}
