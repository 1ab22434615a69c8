namespace Kbus.Cli.Tests;

/// <summary><c>kbus play</c>: the paper's first chapter, with real processes.</summary>
public sealed class PlayTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("kbus-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public Task The_play_is_as_the_paper_has_it_and_leaves_nothing_behind() => Limited.Run(() =>
    {
        using Program play = Start();
        Ended ended = play.End();
        Assert.Equal((0, ""), (ended.Code, ended.Errors));
        int lines = Script.Scenes.Sum(s => s.Lines.Count);
        Assert.Equal($"All {lines} lines were as the paper has them, played by 4 processes.", ended.Lines[^1]);
        Assert.Contains("  Rosencrantz   opens a Ksock: Ksock device 0, id 1, mode read/write", ended.Lines);
        Assert.Contains("  Audience      reads: <Announcement '$.Actor.Speak', id=[0:2], from=1, data='Ahem'>", ended.Lines);
        Assert.Contains("  Rosencrantz   sends it: [Errno 32] Broken pipe", ended.Lines);
        Assert.DoesNotContain('\e', ended.Output);
        Assert.Empty(_directory.EnumerateFileSystemInfos());
    });

    [Theory]
    [InlineData(2, 55, 6)]
    [InlineData(3, 61, 8)]
    [InlineData(5, 93, 14)]
    public Task Goldfish_in_several_bowls_talk_as_if_they_were_in_one(int bowls, int lines, int processes) => Limited.Run(() =>
    {
        using Program play = Start(null, "--bowls", $"{bowls}");
        Ended ended = play.End();
        Assert.Equal((0, ""), (ended.Code, ended.Errors));
        Assert.Equal($"All {lines} lines were as the paper has them, played by {processes} processes.", ended.Lines[^1]);
        Assert.Contains($"  A in bowl 0   hears: <Reply '$.Gulp', id=[0:4], to=2, from=1, orig_from=({(2 * bowls) - 2},{(bowls == 2 ? 3 : 2)}), in_reply_to=[0:3], data='Yes, I am'>", ended.Lines);
        Assert.Empty(_directory.EnumerateFileSystemInfos());
        Assert.Empty(ProcessesOf(play.Id));
    });

    [Fact]
    public Task One_can_watch_it_line_by_line() => Limited.Run(() =>
    {
        using Program play = Start(null, "--step");
        Assert.Equal("kbus: press Enter for each next line, Ctrl-C to end.", play.Note());
        Assert.Equal("Senders and Listeners", play.Line());
        Assert.StartsWith("  Rosencrantz   opens a Ksock", play.Line(), StringComparison.Ordinal);
        play.Type("\n");
        Assert.StartsWith("  Rosencrantz   sends <Announcement", play.Line(), StringComparison.Ordinal);
        play.Signal("INT");
        Assert.Equal(new Ended(130, "", ""), play.End());
        Assert.Empty(ProcessesOf(play.Id));

        using Program unwatched = Start(null, "--step");
        unwatched.Feed("\n"u8);
        Assert.Equal(0, unwatched.End().Code);
        Assert.Empty(_directory.EnumerateFileSystemInfos());
    });

    [Fact]
    public void Slowly_it_waits_a_second_before_each_line_but_the_first()
    {
        using FileStream told = Create("told");
        using var ending = new Ending();
        var clock = new HastyClock();
        using var pace = new Pace(new Invocation(ArgumentReader.Read(["play", "--slow"]), OutputTo(told), OutputTo(told), () => Stream.Null, ending, clock));
        int lines = Script.Scenes.Sum(s => s.Lines.Count);
        int played = 0;
        Line[] all = [.. Script.Scenes.SelectMany(s => s.Lines)];
        Assert.Equal(0, Performance.Play(Script.Scenes, (_, _) => all[played++].Expected, new Transcript(OutputTo(told), isColored: false), OutputTo(told), pace.Wait));
        Assert.Equal(Enumerable.Repeat(TimeSpan.FromSeconds(1), lines - 1), clock.Waited);
        Assert.True(pace.Limit(TimeSpan.Zero, lines) >= TimeSpan.FromSeconds(lines));
    }

    [Theory]
    [InlineData("1")]
    [InlineData("6")]
    [InlineData("many")]
    public Task There_are_two_to_five_bowls(string bowls) => Limited.Run(() =>
    {
        using Program play = Start(null, "--bowls", bowls);
        Ended ended = play.End();
        Assert.Equal((2, ""), (ended.Code, ended.Output));
        Assert.StartsWith("kbus: --bowls: ", ended.Errors, StringComparison.Ordinal);
        Assert.Empty(_directory.EnumerateFileSystemInfos());
    });

    [Fact]
    public void Everything_that_the_paper_prints_is_in_the_script()
    {
        string[] printed =
        [
            "Ksock device 0, id 1, mode read/write",
            "MessageId(0, 1)",
            "MessageId(0, 2)",
            "<Announcement '$.Actor.Speak', id=[0:2], from=1, data='Ahem'>",
            "1",
            "None",
            "MessageId(0, 3)",
            "MessageId(0, 4)",
            "<Announcement '$.Actor.Speak', id=[0:3], from=1, data='Hello there'>",
            "<Announcement '$.Actor.Speak', id=[0:4], from=1, data='Can you hear me?'>",
            "Ksock device 0, id 3, mode read/write",
            "MessageId(0, 5)",
            "<Announcement '$.Actor.Speak', id=[0:5], from=3, data='Pssst!'>",
            "<Announcement '$.Actor.Speak', id=[0:5], from=3, data='Pssst!'>",
            "<Announcement '$.Actor.Speak', id=[0:5], from=3, data='Pssst!'>",
            "<Announcement '$.Actor.Speak', id=[0:5], from=3, data='Pssst!'>",
            "MessageId(0, 6)",
            "<Request '$.Actor.Ask.Guildenstern', id=[0:6], from=1, flags=0x1 (REQ), data='Were you speaking to me?'>",
            "<Request '$.Actor.Ask.Guildenstern', id=[0:6], from=1, flags=0x3 (REQ,YOU), data='Were you speaking to me?'>",
            "True",
            "<Request '$.Actor.Ask.Guildenstern', id=[0:6], from=1, flags=0x1 (REQ), data='Were you speaking to me?'>",
            "<Reply '$.Actor.Ask.Guildenstern', to=1, in_reply_to=[0:6], data='Yes, yes I was'>",
            "MessageId(0, 7)",
            "<Reply '$.Actor.Ask.Guildenstern', id=[0:7], to=1, from=3, in_reply_to=[0:6], data='Yes, yes I was'>",
            "<Request '$.Actor.Ask.Guildenstern', id=[0:6], from=1, flags=0x1 (REQ), data='Were you speaking to me?'>",
            "<Reply '$.Actor.Ask.Guildenstern', id=[0:7], to=1, from=3, in_reply_to=[0:6], data='Yes, yes I was'>",
            "MessageId(0, 8)",
            "MessageId(0, 9)",
            "3",
            "<Request '$.Actor.CoinToss', to=3, flags=0x1 (REQ), data='Head'>",
            "MessageId(0, 10)",
            "<Request '$.Actor.CoinToss', id=[0:10], to=3, from=1, flags=0x3 (REQ,YOU), data='Head'>",
            "A head - amazing",
            "MessageId(0, 11)",
            "So, Head count is 1",
            "MessageId(0, 12)",
            "<Request '$.Actor.CoinToss', id=[0:12], to=3, from=1, flags=0x3 (REQ,YOU), data='Head'>",
            "A head - amazing",
            "MessageId(0, 13)",
            "So, Head count is 2",
            "Falstaff! No! Ouch!",
            "[Errno 32] Broken pipe",
            "<Request '$.Actor.Ask.Guildenstern', id=[0:8], from=1, flags=0x1 (REQ), data='Will you count heads for me?'>",
            "<Reply '$.Actor.Ask.Guildenstern', id=[0:9], to=1, from=3, in_reply_to=[0:8], data='Yes, yes I shall'>",
            "<Request '$.Actor.CoinToss', id=[0:10], to=3, from=1, flags=0x1 (REQ), data='Head'>",
            "<Reply '$.Actor.CoinToss', id=[0:11], to=1, from=3, in_reply_to=[0:10], data='Head count is 1'>",
            "<Request '$.Actor.CoinToss', id=[0:12], to=3, from=1, flags=0x1 (REQ), data='Head'>",
            "<Reply '$.Actor.CoinToss', id=[0:13], to=1, from=3, in_reply_to=[0:12], data='Head count is 2'>",
        ];
        string[] expected = [.. Script.Scenes.SelectMany(s => s.Lines).Select(l => l.Expected)];
        int at = -1;
        foreach (string text in printed)
        {
            at = Array.IndexOf(expected, text, at + 1);
            Assert.True(at >= 0, $"After what came before it, the script does not have: {text}");
        }
    }

    [Theory]
    [InlineData("INT", 130, "Guildenstern")]
    [InlineData("TERM", 143, "Guildenstern")]
    [InlineData("INT", 130, "Limpet 3", "--bowls", "4")]
    [InlineData("TERM", 143, "prepares", "--bowls", "3")]
    public Task A_signal_ends_it_and_leaves_nothing_behind(string signal, int code, string at, params string[] options) => Limited.Run(() =>
    {
        using Program play = Start(null, options);
        string? line = play.Line();
        while (line?.Contains(at, StringComparison.Ordinal) == false)
        {
            line = play.Line();
        }

        play.Signal(signal);
        Ended ended = play.End();
        Assert.Equal((code, ""), (ended.Code, ended.Errors));
        Assert.Empty(_directory.EnumerateFileSystemInfos());
        Assert.Empty(ProcessesOf(play.Id));
    });

    [Fact]
    public void A_line_that_differs_ends_it_and_is_shown_with_what_was_expected()
    {
        using FileStream told = Create("told");
        using FileStream complained = Create("complained");
        int played = 0;
        int waited = 0;
        string Perform(Role role, Deed deed) => ++played == 3 ? "Ksock device 0, id 7, mode read/write" : Script.Scenes[0].Lines[played - 1].Expected;
        Assert.Equal(1, Performance.Play(Script.Scenes, Perform, new Transcript(OutputTo(told), isColored: false), OutputTo(complained), () => waited++));
        Assert.Equal((3, 2), (played, waited));
        Assert.Equal(
            """
            kbus: line 3 was not as the paper has it: Audience opens a Ksock
              expected: Ksock device 0, id 2, mode read/write
              got:      Ksock device 0, id 7, mode read/write

            """,
            Read(complained));
        Assert.EndsWith("  Audience      opens a Ksock: Ksock device 0, id 7, mode read/write\n", Read(told), StringComparison.Ordinal);
    }

    [Fact]
    public Task A_daemon_that_cannot_be_started_is_told_with_its_path() => Limited.Run(() =>
    {
        using Program play = Start("/no/such/kbusd");
        Ended ended = play.End();
        Assert.Equal(4, ended.Code);
        Assert.StartsWith("kbus: /no/such/kbusd could not be started on ", ended.Errors, StringComparison.Ordinal);
        Assert.Contains("ENOENT (No such file or directory)", ended.Errors, StringComparison.Ordinal);
        using Program other = Start("/bin/false");
        Assert.Equal(4, other.End().Code);
        Assert.Empty(_directory.EnumerateFileSystemInfos());
    });

    [Theory]
    [InlineData("")]
    [InlineData("two\nlines")]
    [InlineData(@"a \n that is none, and a \ ")]
    [InlineData("\\\n\\\\n")]
    public void A_result_of_several_lines_travels_as_one(string result)
    {
        string line = Deed.OneLine(result);
        Assert.DoesNotContain('\n', line);
        Assert.Equal(result, Deed.Lines(line));
    }

    [Theory]
    [InlineData(true, null, "xterm", true)]
    [InlineData(true, "", "xterm", true)]
    [InlineData(true, "1", "xterm", false)]
    [InlineData(true, null, "dumb", false)]
    [InlineData(true, null, null, false)]
    [InlineData(false, null, "xterm", false)]
    public void Colours_are_for_terminals_whose_user_wants_them(bool isTerminal, string? noColor, string? terminal, bool suits) =>
        Assert.Equal(suits, Transcript.SuitsColor(isTerminal, name => name == "NO_COLOR" ? noColor : terminal));

    private Program Start(string? daemon = null, params string[] options) => Program.Start(
        Program.Kbus,
        new Dictionary<string, string?> { ["TMPDIR"] = _directory.FullName, ["KBUS_DAEMON"] = daemon ?? Program.Kbusd, ["NO_COLOR"] = null },
        ["play", .. options]);

    private FileStream Create(string name) =>
        new(Path.Join(_directory.FullName, name), FileMode.Create, FileAccess.Write, FileShare.ReadWrite);

    private static LineOutput OutputTo(FileStream file) => new((int)file.SafeFileHandle.DangerousGetHandle());

    private static string Read(FileStream file)
    {
        using var reader = new StreamReader(new FileStream(file.Name, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return reader.ReadToEnd();
    }

    /// <summary>Processes that were started with this temporary directory and still run, other than one.</summary>
    private IEnumerable<string> ProcessesOf(int except) =>
        from process in Directory.EnumerateDirectories("/proc")
        where int.TryParse(Path.GetFileName(process), out int id) && id != except
        let environment = TryRead(Path.Join(process, "environ"))
        where environment.Contains(_directory.FullName, StringComparison.Ordinal) && TryRead(Path.Join(process, "cmdline")).Length > 0
        select process;

    private static string TryRead(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
