using System.Text.Json;

namespace Kbus.Cli.Tests;

/// <summary><c>kbus call</c> and <c>kbus reply</c>, as processes on a bus of the test's own.</summary>
public sealed class CallAndReplyTests
{
    private const string Ask = "$.Actor.Ask.Guildenstern";

    [Fact]
    public Task A_request_is_answered_with_the_replier_s_data() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        using Program replier = bus.StartBound("reply", Ask, "Yes, yes I was", "-n", "1");
        const string reply = $"<Reply '{Ask}', id=[0:2], to=2, from=1, in_reply_to=[0:1], data='Yes, yes I was'>\n";
        Assert.Equal(new Ended(0, reply, ""), bus.Run("call", Ask, "Were you speaking to me?"));
        Assert.Equal(
            new Ended(0, $"<Request '{Ask}', id=[0:1], from=2, flags=0x3 (REQ,YOU), data='Were you speaking to me?'>\n{reply}", ""),
            replier.End());
    });

    [Fact]
    public Task A_request_is_answered_with_its_own_data_under_any_name_of_a_wildcard() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        using Program replier = bus.StartBound("reply", "$.Echo.*", "--echo", "-n", "2");
        Assert.Equal("one", bus.Run("call", "$.Echo.A", "one", "--raw").Output);
        Assert.Equal("two", bus.Run("call", "$.Echo.B.C", "two", "--raw").Output);
        Assert.Equal(4, replier.End().Lines.Length);
    });

    [Fact]
    public Task A_request_is_answered_with_what_a_command_prints() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        using Program replier = bus.StartBound("reply", "$.Shout", "--exec", "tr a-z A-Z; echo \" $KBUS_NAME $KBUS_FROM $KBUS_ID $KBUS_TO\"");
        Assert.Equal("HELLO $.Shout 2 0:1 0\n", bus.Run("call", "$.Shout", "hello", "--raw").Output);
    });

    [Fact]
    public Task A_command_that_reads_nothing_or_prints_much_answers_all_the_same() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        using Program replier = bus.StartBound("reply", "$.Zeros", "--exec", "head -c 200000 /dev/zero");
        string file = Path.Join(bus.Directory, "much");
        File.WriteAllBytes(file, new byte[300_000]);
        Assert.Equal(200_000, bus.Run("call", "$.Zeros", "--file", file, "--raw").Output.Length);
    });

    [Fact]
    public Task A_command_that_fails_answers_with_what_it_printed_and_a_note_says_so() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        using Program replier = bus.StartBound("reply", "$.A", "--exec", "echo half; exit 7");
        Assert.Equal("half\n", bus.Run("call", "$.A", "--raw").Output);
        Assert.Equal("kbus: 'echo half; exit 7' ended with exit code 7; [0:1] is answered with the 5 bytes that it printed.", replier.Note());
    });

    [Fact]
    public Task Without_a_replier_nothing_is_sent() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        Ended refused = bus.Run("call", Ask, "hello");
        Assert.Equal((1, ""), (refused.Code, refused.Output));
        Assert.StartsWith($"kbus: EADDRNOTAVAIL: Nobody is bound as replier to {Ask}", refused.Errors, StringComparison.Ordinal);
    });

    [Fact]
    public Task A_second_replier_is_refused() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        using Program replier = bus.StartBound("reply", Ask);
        Ended refused = bus.Run("reply", Ask);
        Assert.Equal(1, refused.Code);
        Assert.StartsWith($"kbus: EADDRINUSE: Ksock 1 is already bound as replier to {Ask}", refused.Errors, StringComparison.Ordinal);
    });

    [Fact]
    public Task An_answer_that_does_not_come_in_time_has_an_exit_code_of_its_own() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        using Ksock silent = bus.Open();
        silent.Bind(Ask, replier: true);
        Ended late = bus.Run("call", Ask, "--timeout", "0.05");
        Assert.Equal((3, ""), (late.Code, late.Output));
        Assert.StartsWith($"kbus: no answer in time: Ksock 1, bound as replier to {Ask}, has the Request [0:1] and has not read it yet. Wait longer", late.Errors, StringComparison.Ordinal);
        Assert.Equal(3, bus.Run("call", Ask, "--for", "0.05").Code);
    });

    [Fact]
    public Task A_request_that_waited_for_room_all_the_time_is_not_told_to_be_with_the_replier() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        using Ksock silent = bus.Open();
        silent.Bind(Ask, replier: true);
        using Ksock full = bus.Open();
        full.SetMaxMessages(1);
        full.Bind(Ask);
        Assert.Equal(3, bus.Run("call", Ask, "--timeout", "0.05").Code);
        Assert.Equal(
            new Ended(3, "", "kbus: no answer in time: somebody whom the Request is for had no room for it all the time, so it was not sent. See 'kbus status'.\n"),
            bus.Run("call", Ask, "--timeout", "0.05", "--all-or-wait"));
    });

    [Fact]
    public Task An_answer_by_a_status_has_an_exit_code_of_its_own_and_is_explained() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        Ksock leaving = bus.Open();
        leaving.Bind(Ask, replier: true);
        using Program caller = bus.Start("call", Ask, "--json");
        Assert.NotNull(leaving.WaitForMessage());
        leaving.Dispose();
        Ended answered = caller.End();
        Assert.Equal(5, answered.Code);
        Assert.StartsWith("kbus: the replier read the Request and closed its Ksock without an answer.", answered.Errors, StringComparison.Ordinal);
        using JsonDocument json = JsonDocument.Parse(Assert.Single(answered.Lines));
        Assert.Equal("status", json.RootElement.GetProperty("kind").GetString());
        Assert.Equal("$.KBUS.Replier.Ignored", json.RootElement.GetProperty("name").GetString());
    });

    [Fact]
    public Task A_stateful_request_is_for_one_ksock_alone() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        using Program replier = bus.StartBound("reply", Ask, "--echo");
        Assert.Equal("x", bus.Run("call", Ask, "x", "--to", "1", "--raw").Output);
        Ended refused = bus.Run("call", Ask, "x", "--to", "7");
        Assert.Equal(1, refused.Code);
        Assert.StartsWith($"kbus: EPIPE: Ksock 7 no longer replies to {Ask}.", refused.Errors, StringComparison.Ordinal);
    });

    [Fact]
    public Task Requests_are_called_as_often_as_one_wants_and_print_json_lines() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        using Program replier = bus.StartBound("reply", Ask, "--echo", "--json", "-n", "3");
        Ended called = bus.Run("call", Ask, "x", "-n", "3", "--json");
        Assert.Equal(0, called.Code);
        Assert.Equal(["reply", "reply", "reply"], called.Lines.Select(Kind));
        Assert.Equal(["request", "reply", "request", "reply", "request", "reply"], replier.End().Lines.Select(Kind));
    });

    [Fact]
    public Task A_requester_that_has_gone_does_not_end_a_replier() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        string gate = bus.MakeFifo("gate");
        using Program replier = bus.StartBound("reply", Ask, "--exec", $"read go <'{gate}'", "-n", "2");
        using (Ksock hasty = bus.Open())
        {
            hasty.Send(new Request(Ask));
        }

        File.WriteAllText(gate, "go\n");
        Assert.StartsWith("kbus: no reply to [0:1]: EADDRNOTAVAIL: ", replier.Note(), StringComparison.Ordinal);
        using Program patient = bus.Start("call", Ask);
        File.WriteAllText(gate, "go\n");
        Assert.Equal(0, patient.End().Code);
        Assert.Equal(0, replier.End().Code);
    });

    [Theory]
    [InlineData("reply", "$.A", "x", "--echo")]
    [InlineData("reply", "$.A", "--echo", "--exec", "date")]
    [InlineData("reply", "$.A", "--file", "-", "--echo")]
    public Task A_replier_has_one_way_to_answer(params string[] args) => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        Assert.Equal(new Ended(2, "", "kbus: The answer is one of DATA, --file, --echo and --exec. See kbus reply --help.\n"), bus.Run(args));
    });

    private static string? Kind(string line)
    {
        using JsonDocument json = JsonDocument.Parse(line);
        return json.RootElement.GetProperty("kind").GetString();
    }
}
