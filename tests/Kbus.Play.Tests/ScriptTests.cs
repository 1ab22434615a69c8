namespace Kbus.Play.Tests;

/// <summary>The script, and how it is played and printed, without processes.</summary>
public sealed class ScriptTests
{
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

    [Fact]
    public void A_play_that_is_as_the_paper_has_it_says_how_many_lines_it_had()
    {
        List<string> told = [];
        List<string> complained = [];
        Line[] all = [.. Script.Scenes.SelectMany(s => s.Lines)];
        int played = 0;
        Assert.True(Performance.Play(Script.Scenes, (_, _) => all[played++].Expected, new Transcript(told.Add, isColored: false), complained.Add, () => { }));
        Assert.Empty(complained);
        Assert.Equal($"\nAll {all.Length} lines were as the paper has them, played by 4 processes.", told[^1]);
    }

    [Fact]
    public void A_line_that_differs_ends_it_and_is_shown_with_what_was_expected()
    {
        List<string> told = [];
        List<string> complained = [];
        int played = 0;
        int waited = 0;
        string Perform(Role role, Deed deed) => ++played == 3 ? "Ksock device 0, id 7, mode read/write" : Script.Scenes[0].Lines[played - 1].Expected;
        Assert.False(Performance.Play(Script.Scenes, Perform, new Transcript(told.Add, isColored: false), complained.Add, () => waited++));
        Assert.Equal((3, 2), (played, waited));
        Assert.Equal(
            [
                "kbus: line 3 was not as the paper has it: Audience opens a Ksock",
                "  expected: Ksock device 0, id 2, mode read/write",
                "  got:      Ksock device 0, id 7, mode read/write",
            ],
            complained);
        Assert.Equal("  Audience      opens a Ksock: Ksock device 0, id 7, mode read/write", told[^1]);
    }

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
}
