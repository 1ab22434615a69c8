namespace Kbus.Cli.Tests;

/// <summary>How the command ends when it is told to from outside.</summary>
public sealed class EndingTests
{
    [Theory]
    [InlineData("INT", 130)]
    [InlineData("TERM", 143)]
    [InlineData("HUP", 129)]
    public Task A_signal_ends_a_listener_cleanly(string signal, int code) => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        using Program listener = bus.StartBound("listen", "$.A");
        listener.Signal(signal);
        Assert.Equal(new Ended(code, "", ""), listener.End());
        Assert.Equal("bus 0: 0 Ksocks, 0 bindings, messages up to 409600 bytes", bus.Run("status").Lines[^1]);
    });

    [Fact]
    public Task A_signal_ends_a_call_that_waits() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        using Ksock silent = bus.Open();
        silent.Bind("$.A", replier: true);
        using Program caller = bus.Start("call", "$.A");
        silent.WaitForMessage();
        caller.Signal("INT");
        Assert.Equal(new Ended(130, "", ""), caller.End());
    });

    [Fact]
    public Task A_request_that_was_being_answered_when_a_signal_came_gets_its_status() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        string begun = bus.MakeFifo("begun");
        using Program replier = bus.StartBound("reply", "$.A", "--exec", $"echo half; echo >{begun}; exec tail -f /dev/null");
        using Program caller = bus.Start("call", "$.A");
        File.ReadAllText(begun);
        replier.Signal("TERM");
        Assert.Equal(143, replier.End().Code);
        Ended answered = caller.End();
        Assert.Equal(5, answered.Code);
        Assert.StartsWith("<Status '$.KBUS.Replier.Ignored'", answered.Output, StringComparison.Ordinal);
    });

    [Fact]
    public Task A_reader_that_has_gone_ends_it_without_a_word() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        using Program listener = bus.StartBound("listen", "$.A");
        bus.Run("send", "$.A");
        Assert.NotNull(listener.Line());
        listener.StopReading();
        bus.Run("send", "$.A");
        Assert.Equal(new Ended(141, "", ""), listener.End());
    });

    [Fact]
    public Task Output_of_two_commands_into_one_file_stands_one_after_the_other() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        string file = Path.Join(bus.Directory, "out");
        using Program shell = Program.Start("/bin/sh", bus.Environment, "-c", $"('{Program.Kbus}' send '$.A' one; '{Program.Kbus}' send '$.A' two) >'{file}'");
        Assert.Equal(0, shell.End().Code);
        Assert.Equal(["'one'", "'two'"], File.ReadAllLines(file).Select(l => l.Split("data=")[1].TrimEnd('>')));
    });

    [Fact]
    public Task A_daemon_that_dies_is_told_with_an_exit_code_of_its_own() => Limited.Run(() =>
    {
        var bus = new PrivateBus();
        using Program listener = bus.StartBound("listen", "$.A");
        bus.Dispose();
        Ended ended = listener.End();
        Assert.Equal((4, ""), (ended.Code, ended.Output));
        Assert.StartsWith("kbus: ENODEV: ", ended.Errors, StringComparison.Ordinal);
    });

    [Fact]
    public Task A_script_can_wait_until_a_listener_is_bound() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        const string script = """
            cd "$KBUS_RUNTIME_DIR"
            mkfifo ready
            "$0" listen '$.Actor.*' -n 1 --ready-fd 3 --quiet 3>ready &
            read -r id <ready
            "$0" send '$.Actor.Speak' "to $id" >/dev/null
            wait
            """;
        using Program shell = Program.Start("/bin/sh", bus.Environment, "-c", script, Program.Kbus);
        Assert.Equal(new Ended(0, "<Announcement '$.Actor.Speak', id=[0:1], from=2, data='to 1'>\n", ""), shell.End());
    });

    [Theory]
    [InlineData("--version", "kbus ")]
    [InlineData("--help", "kbus: messages between processes: send, listen, reply\n")]
    [InlineData("help", "kbus: messages between processes: send, listen, reply\n")]
    public Task Help_and_version_are_printed(string option, string beginning) => Limited.Run(() =>
    {
        using Program program = Program.Start(Program.Kbus, new Dictionary<string, string?>(), option);
        Ended ended = program.End();
        Assert.Equal((0, ""), (ended.Code, ended.Errors));
        Assert.StartsWith(beginning, ended.Output, StringComparison.Ordinal);
    });

    [Fact]
    public void What_is_closed_by_a_signal_is_closed_once_and_newest_first()
    {
        using var ending = new Ending();
        Assert.False(ending.Begin(15));
        List<string> closed = [];
        ending.Add(() => closed.Add("first"));
        ending.Add(() => closed.Add("second"));
        Action removed = () => closed.Add("removed");
        ending.Add(removed);
        ending.Remove(removed);
        Assert.Null(ending.ExitCode);
        Assert.True(ending.Begin(15));
        Assert.False(ending.Begin(2));
        ending.Add(() => closed.Add("late"));
        Assert.Equal(["second", "first", "late"], closed);
        Assert.Equal(143, ending.ExitCode);
    }
}
