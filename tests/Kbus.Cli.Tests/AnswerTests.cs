namespace Kbus.Cli.Tests;

/// <summary>Whatever becomes of its answer, <c>kbus reply</c> leaves no caller waiting.</summary>
public sealed class AnswerTests
{
    private const string Empty = "<Reply '$.A', id=[0:2], to=2, from=1, in_reply_to=[0:1]>\n";

    [Theory]
    [InlineData("head -c 900000 /dev/zero", "printed more than the bus takes as one message; [0:1] is answered with no data.")]
    [InlineData("yes", "printed more than the bus takes as one message; [0:1] is answered with no data.")]
    [InlineData("head -c 409550 /dev/zero", "[0:1] is answered with no data: EMSGSIZE: ")]
    public Task A_request_whose_answer_is_too_long_for_the_bus_is_answered_without_data(string command, string note) => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        using Program replier = bus.StartBound("reply", "$.A", "--exec", $"{command} 2>/dev/null", "-n", "1");
        Assert.Equal(new Ended(0, Empty, ""), bus.Run("call", "$.A"));
        Ended ended = replier.End();
        Assert.Equal(0, ended.Code);
        Assert.Contains(note, ended.Errors, StringComparison.Ordinal);
    });

    [Theory]
    [InlineData("--timeout")]
    [InlineData("--for")]
    public Task A_command_that_never_ends_keeps_no_caller_waiting_for_ever(string limit) => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        using Program replier = bus.StartBound("reply", "$.A", "--exec", "echo half; exec tail -f /dev/null", "-n", "1", limit, "2");
        Assert.Equal(new Ended(0, "half\n", ""), bus.Run("call", "$.A", "--raw"));
        Ended ended = replier.End();
        Assert.Equal(0, ended.Code);
        Assert.EndsWith("did not end in time and was killed; [0:1] is answered with the 5 bytes that it printed.\n", ended.Errors, StringComparison.Ordinal);
    });

    [Fact]
    public Task A_command_does_not_inherit_the_short_time_slices_of_the_thread_that_answers() => Limited.Run(() =>
    {
        Assert.SkipUnless(
            File.Exists("/proc/self/sched") && File.ReadAllText("/proc/self/sched").Contains("se.slice", StringComparison.Ordinal), "this kernel tells no slices");
        using var bus = new PrivateBus();
        using Program replier = bus.StartBound("reply", "$.A", "--exec", "sed -n 's/^se.slice *: *//p' /proc/self/sched", "-n", "3");
        string first = bus.Run("call", "$.A", "--raw").Output;

        // By now the thread has sent a Reply.
        Assert.Equal(first, bus.Run("call", "$.A", "--raw").Output);
        Assert.Equal(first, bus.Run("call", "$.A", "--raw").Output);
        Assert.NotEqual("100000\n", first);
        Assert.Equal(0, replier.End().Code);
    });

    [Fact]
    public Task What_a_command_leaves_running_in_the_background_is_not_waited_for() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        string gate = bus.MakeFifo("gate");
        using Program replier = bus.StartBound("reply", "$.A", "--exec", $"read go <'{gate}' & echo hi", "-n", "3");
        string file = Path.Join(bus.Directory, "much");
        File.WriteAllBytes(file, new byte[300_000]);
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(new Ended(0, "hi\n", ""), bus.Run("call", "$.A", "--raw", "--file", file));
        }

        // They would keep standard error open, and so this test.
        using FileStream open = File.Open(gate, FileMode.Open, FileAccess.ReadWrite);
        open.Write("go\ngo\ngo\n"u8);
        open.Flush();
        Assert.Equal(0, replier.End().Code);
    });

    [Fact]
    public Task An_answer_that_a_listener_has_no_room_for_comes_without_data_for_who_asked() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        using Program replier = bus.StartBound("reply", "$.A", "data", "--all-or-fail", "-n", "1");
        using Ksock listener = bus.Open();
        listener.SetMaxMessages(1);
        listener.Bind("$.A");
        Ended called = bus.Run("call", "$.A");
        Assert.Equal((0, ""), (called.Code, called.Errors));
        Assert.StartsWith("<Reply '$.A'", called.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("data=", called.Output, StringComparison.Ordinal);
        Assert.StartsWith("kbus: [0:1] is answered with no data: EBUSY: ", replier.End().Errors, StringComparison.Ordinal);
    });

    [Fact]
    public Task An_answer_that_can_never_be_sent_is_refused_before_anybody_asks() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        string file = Path.Join(bus.Directory, "much");
        File.WriteAllBytes(file, new byte[900_000]);
        Assert.Equal(
            new Ended(1, "", "kbus: EMSGSIZE: with 900000 bytes of data the reply to $.A would be 900096 bytes long; bus 0 takes 409600 at most. Answer with less, or in parts.\n"),
            bus.Run("reply", "$.A", "--file", file));
        Assert.Equal(new Ended(2, "", "kbus: --timeout needs --exec: it says how long COMMAND may take. See kbus reply --help.\n"), bus.Run("reply", "$.A", "--timeout", "1"));
    });
}
