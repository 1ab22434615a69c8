using Kbus.Play;

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
        Assert.True(Performance.Play(Script.Scenes, (_, _) => all[played++].Expected, new Transcript(_ => { }, isColored: false), _ => { }, pace.Wait));
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

    private Program Start(string? daemon = null, params string[] options) => Program.Start(
        Program.Kbus,
        new Dictionary<string, string?> { ["TMPDIR"] = _directory.FullName, ["KBUS_DAEMON"] = daemon ?? Program.Kbusd, ["NO_COLOR"] = null },
        ["play", .. options]);

    private FileStream Create(string name) =>
        new(Path.Join(_directory.FullName, name), FileMode.Create, FileAccess.Write, FileShare.ReadWrite);

    private static LineOutput OutputTo(FileStream file) => new((int)file.SafeFileHandle.DangerousGetHandle());

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
