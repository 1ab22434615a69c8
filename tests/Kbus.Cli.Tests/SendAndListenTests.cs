using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Kbus.Cli.Tests;

/// <summary><c>kbus send</c> and <c>kbus listen</c>, as processes on a bus of the test's own.</summary>
public sealed class SendAndListenTests
{
    [Fact]
    public Task What_is_sent_is_heard_and_both_print_it_as_the_paper_does() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        using Program listener = bus.StartBound("listen", "$.Actor.*", "-n", "1");
        const string line = "<Announcement '$.Actor.Speak', id=[0:1], from=2, data='Ahem'>\n";
        Assert.Equal(new Ended(0, line, ""), bus.Run("send", "$.Actor.Speak", "Ahem"));
        Assert.Equal(new Ended(0, line, ""), listener.End());
    });

    [Fact]
    public Task A_message_is_one_line_of_json_with_every_field() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        using Program listener = bus.StartBound("listen", "$.Actor.Speak", "-n", "1", "--json");
        DateTimeOffset before = DateTimeOffset.UtcNow;
        bus.Run("send", "$.Actor.Speak", "Ahem", "--urgent", "--flags", "0x10000");
        string line = Assert.Single(listener.End().Lines);
        using JsonDocument json = JsonDocument.Parse(line);
        string time = json.RootElement.GetProperty("time").GetString()!;
        Assert.InRange(DateTimeOffset.Parse(time, CultureInfo.InvariantCulture), before, DateTimeOffset.UtcNow);
        Assert.EndsWith("Z", time, StringComparison.Ordinal);
        Assert.Equal(
            """
            {"kind":"announcement","time":"TIME","id":[0,1],"in_reply_to":[0,0],"to":0,"from":2,"orig_from":[0,0],"final_to":[0,0],"extra":0,"flags":65544,"name":"$.Actor.Speak","data":"4168656d"}
            """,
            line.Replace(time, "TIME", StringComparison.Ordinal));
    });

    [Fact]
    public Task A_listener_to_two_names_hears_both_and_twice_what_matches_both() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        using Program listener = bus.StartBound("listen", "$.A.B", "$.A.*", "$.C", "-n", "4");
        bus.Run("send", "$.A.B", "one");
        bus.Run("send", "$.C", "two");
        bus.Run("send", "$.A.X", "three");
        Assert.Equal(
            ["one", "one", "two", "three"],
            listener.End().Lines.Select(l => l.Split('\'')[3]));
    });

    [Fact]
    public Task Raw_is_the_data_and_nothing_else() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        using Program listener = bus.StartBound("listen", "$.A", "-n", "2", "--raw");
        bus.Run("send", "$.A", "--hex", "00 ff 0a");
        bus.Run("send", "$.A", "x");
        Assert.Equal("\u0000\u00ff\nx", listener.End().Output);
    });

    [Fact]
    public Task Data_comes_from_an_argument_a_file_or_standard_input_as_it_is_or_as_hex() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        string file = Path.Join(bus.Directory, "data");
        File.WriteAllText(file, "41 68\n65 6d\n");
        using Ksock audience = bus.Open();
        audience.Bind("$.A");
        Assert.Equal(0, bus.Run("send", "$.A").Code);
        Assert.Equal(0, bus.Run("send", "$.A", "é").Code);
        Assert.Equal(0, bus.Run("send", "$.A", "--file", file).Code);
        Assert.Equal(0, bus.Run("send", "$.A", "--file", file, "--hex").Code);
        Assert.Equal(0, bus.RunWithInput("from a pipe", "send", "$.A", "--file", "-").Code);
        Assert.Equal(["", "é", "41 68\n65 6d\n", "Ahem", "from a pipe"], audience.ReadAvailable().Select(m => m.DataAsText));
    });

    [Fact]
    public Task Long_data_is_cut_with_a_note_between_characters_and_full_undoes_it() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        string text = string.Concat(Enumerable.Repeat("né€", 100));
        string cut = bus.Run("send", "$.A", text).Output;
        Assert.Equal($"<Announcement '$.A', id=[0:1], from=1, data='{string.Concat(Enumerable.Repeat("né€", 21))}n' and 473 bytes more>\n", Utf8(cut));
        Assert.Contains($"data='{text}'>", Utf8(bus.Run("send", "$.A", text, "--full").Output), StringComparison.Ordinal);
    });

    [Fact]
    public Task Cutting_spoils_no_data_that_is_not_text()
    {
        byte[] data = [.. Enumerable.Repeat((byte)0x80, 200)];
        Assert.Equal(
            $"<Announcement '$.A', data='{string.Concat(Enumerable.Repeat(@"\x80", 128))}' and 72 bytes more>",
            MessageLine.Of(new Announcement("$.A", data), full: false));
        return Task.CompletedTask;
    }

    [Fact]
    public Task A_message_is_sent_as_often_as_one_wants() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        Ended sent = bus.Run("send", "$.A", "x", "-n", "3");
        Assert.Equal(["[0:1]", "[0:2]", "[0:3]"], sent.Lines.Select(l => l.Split("id=")[1].Split(',')[0]));
    });

    [Fact]
    public Task The_time_running_out_has_an_exit_code_of_its_own() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        Ended ended = bus.Run("listen", "$.A", "--for", "0.01", "--quiet");
        Assert.Equal(new Ended(3, "", ""), ended);
        Assert.Equal(new Ended(3, "", "kbus: the time (--for) ran out after 0 of 2 messages.\n"), bus.Run("listen", "$.A", "--for", "0.01", "-n", "2", "-q"));
    });

    [Fact]
    public Task A_full_queue_makes_an_all_or_fail_message_fail_and_nobody_gets_it() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        using Ksock full = bus.Open();
        full.SetMaxMessages(1);
        full.Bind("$.A");
        using Ksock other = bus.Open();
        other.Bind("$.A");
        Assert.Equal(0, bus.Run("send", "$.A", "first").Code);
        Ended refused = bus.Run("send", "$.A", "second", "--all-or-fail");
        Assert.Equal((1, ""), (refused.Code, refused.Output));
        Assert.StartsWith("kbus: EBUSY: ", refused.Errors, StringComparison.Ordinal);
        Assert.Equal(["first"], other.ReadAvailable().Select(m => m.DataAsText));
    });

    [Fact]
    public Task An_all_or_wait_message_waits_for_room_as_long_as_one_wants() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        using Ksock full = bus.Open();
        full.SetMaxMessages(1);
        full.Bind("$.A");
        bus.Run("send", "$.A", "first");
        Assert.Equal(3, bus.Run("send", "$.A", "given up", "--all-or-wait", "--for", "0.05").Code);
        using Program waiting = bus.Start("send", "$.A", "second", "--all-or-wait");
        while (!bus.Run("status").Output.Contains("waits until all", StringComparison.Ordinal))
        {
            // The status is the round trip that shows when it waits.
        }

        Assert.Equal("first", full.ReadNextMessage()!.DataAsText);
        Assert.Equal("second", full.WaitForMessage()!.DataAsText);
        Assert.Equal(0, waiting.End().Code);
        Assert.Null(full.ReadNextMessage());
    });

    [Theory]
    [InlineData(2, "kbus: Message name \"Fred\" does not start \"$.\". A name looks like $.Actor.Speak; put it in single quotes. See kbus send --help.\n", "send", "Fred")]
    [InlineData(2, "kbus: --all-or-fail and --all-or-wait contradict each other. See kbus send --help.\n", "send", "$.A", "--all-or-fail", "--all-or-wait")]
    [InlineData(2, "kbus: The data is either DATA or what --file names, not both. See kbus send --help.\n", "send", "$.A", "x", "--file", "-")]
    [InlineData(2, "kbus: --hex: the data should be pairs of hex digits, but there are 3, an odd number. See kbus send --help.\n", "send", "$.A", "--hex", "123")]
    [InlineData(2, "kbus: --hex: the data should be pairs of hex digits, but 'g' is none. See kbus send --help.\n", "send", "$.A", "--hex", "0g")]
    [InlineData(2, "kbus: --flags: bit 0 would make it a request: use kbus call. See kbus send --help.\n", "send", "$.A", "--flags", "1")]
    [InlineData(2, "kbus: --json and --raw contradict each other. See kbus listen --help.\n", "listen", "$.A", "--json", "--raw")]
    [InlineData(1, "kbus: /no/such/file cannot be read: ENOENT (No such file or directory).\n", "send", "$.A", "--file", "/no/such/file")]
    [InlineData(1, "kbus: / cannot be read: EISDIR (Is a directory).\n", "send", "$.A", "--file", "/")]
    public Task What_cannot_be_done_is_told_in_one_line(int code, string message, params string[] args) => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        Assert.Equal(new Ended(code, "", message), bus.Run(args));
    });

    [Theory]
    [InlineData("EBADMSG", "send", "$.A..B")]
    [InlineData("EBADMSG", "send", "$.A.*")]
    [InlineData("EBADMSG", "listen", "Fred")]
    public Task What_the_bus_refuses_is_told_with_its_errno(string errno, params string[] args) => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        Ended refused = bus.Run(args);
        Assert.Equal((1, ""), (refused.Code, refused.Output));
        Assert.StartsWith($"kbus: {errno}: ", refused.Errors, StringComparison.Ordinal);
        Assert.Equal('\n', Assert.Single(refused.Errors, c => c == '\n'));
    });

    [Fact]
    public Task A_bus_that_is_not_there_has_an_exit_code_of_its_own() => Limited.Run(() =>
    {
        using var bus = new PrivateBus("--buses", "2");
        Assert.Equal(0, bus.Run("send", "$.A", "--bus", "1").Code);
        Ended refused = bus.Run("send", "$.A", "--bus", "2");
        Assert.Equal(4, refused.Code);
        Assert.Contains("There is no bus 2 in", refused.Errors, StringComparison.Ordinal);
    });

    [Fact]
    public Task A_directory_may_be_named_instead_of_the_one_in_the_environment() => Limited.Run(() =>
    {
        using var here = new PrivateBus();
        using var there = new PrivateBus();
        using Ksock audience = there.Open();
        audience.Bind("$.A");
        Assert.Equal(0, here.Run("send", "$.A", "x", "--runtime-dir", there.Directory).Code);
        Assert.Equal("x", audience.ReadNextMessage()!.DataAsText);
    });

    private static string Utf8(string latin1) => Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(latin1));
}
