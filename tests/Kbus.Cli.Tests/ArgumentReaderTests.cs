namespace Kbus.Cli.Tests;

/// <summary>How a command line is taken apart.</summary>
public sealed class ArgumentReaderTests
{
    [Theory]
    [InlineData("listen", "$.A", "--bus", "3")]
    [InlineData("listen", "--bus=3", "$.A")]
    [InlineData("--bus", "3", "listen", "$.A")]
    [InlineData("-bus", "3", "listen", "$.A")]
    [InlineData("listen", "-b", "3", "$.A")]
    [InlineData("listen", "-b3", "$.A")]
    [InlineData("listen", "-b", "0x3", "$.A")]
    [InlineData("listen", "--bus", "1", "--bus", "3", "--", "$.A")]
    public void Options_may_stand_anywhere_and_in_every_usual_form(params string[] args)
    {
        ParsedArguments arguments = ArgumentReader.Read(args);
        Assert.Equal("listen", arguments.Verb!.Name);
        Assert.Equal(3u, arguments.Number(Options.Bus));
        Assert.Equal(["$.A"], arguments.Operands);
    }

    [Fact]
    public void What_follows_two_dashes_is_no_option()
    {
        ParsedArguments arguments = ArgumentReader.Read(["send", "--", "$.A", "--json"]);
        Assert.Equal(["$.A", "--json"], arguments.Operands);
        Assert.False(arguments.Has(Options.Json));
    }

    [Fact]
    public void A_dash_alone_and_a_negative_number_are_operands()
    {
        Assert.Equal(["$.A", "-"], ArgumentReader.Read(["send", "$.A", "-"]).Operands);
        Assert.Equal(["-32"], ArgumentReader.Read(["errno", "-32"]).Operands);
    }

    [Fact]
    public void Words_for_the_hidden_verb_are_left_as_they_are() =>
        Assert.Equal(["--bus", "--", "-x", ""], ArgumentReader.Read(["__complete", "--bus", "--", "-x", ""]).Operands);

    [Theory]
    [InlineData("'lisen' is not a verb. Did you mean listen? See kbus --help.", "lisen", "$.A")]
    [InlineData("'frobnicate' is not a verb. See kbus --help.", "frobnicate")]
    [InlineData("--jsno is not an option of kbus listen. Did you mean --json? See kbus listen --help.", "listen", "$.A", "--jsno")]
    [InlineData("--echo is not an option of kbus listen. See kbus listen --help.", "listen", "$.A", "--echo")]
    [InlineData("--bus needs a value: --bus N. See kbus listen --help.", "listen", "$.A", "--bus")]
    [InlineData("--json takes no value. See kbus listen --help.", "listen", "$.A", "--json=yes")]
    [InlineData("listen needs NAME.... See kbus listen --help.", "listen")]
    [InlineData("'c' is one argument too many. An argument with spaces needs quotes. See kbus send --help.", "send", "$.A", "b", "c")]
    [InlineData("Which verb? See kbus --help.", "--json")]
    [InlineData("--file: the name is empty: --file FILE. See kbus send --help.", "send", "$.A", "--file", "")]
    [InlineData("--runtime-dir: the name is empty: --runtime-dir DIR. See kbus status --help.", "status", "--runtime-dir=")]
    [InlineData("the name of a file is empty: policy check FILE | explain. See kbus policy --help.", "policy", "check", "")]
    public void What_makes_no_sense_is_told_in_one_line(string message, params string[] args)
    {
        CommandException refused = Assert.Throws<CommandException>(() => ArgumentReader.Read(args));
        Assert.Equal(message, refused.Message);
        Assert.Equal(ExitCode.Usage, refused.ExitCode);
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("4294967296")]
    [InlineData("one")]
    [InlineData("0")]
    [InlineData("")]
    public void A_number_out_of_its_range_is_refused(string text)
    {
        ParsedArguments arguments = ArgumentReader.Read(["listen", "$.A", "--count=" + text]);
        Assert.Equal(
            $"--count: '{text}' is not a whole number from 1 to 4294967295. See kbus listen --help.",
            Assert.Throws<CommandException>(() => arguments.Number(Options.Count, least: 1)).Message);
    }

    [Theory]
    [InlineData("0.25", 0.25)]
    [InlineData("60", 60)]
    [InlineData("0", 0)]
    public void A_time_may_have_a_fraction(string text, double seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), ArgumentReader.Read(["listen", "$.A", "--for", text]).Seconds(Options.For));

    [Theory]
    [InlineData("1m")]
    [InlineData("-1")]
    [InlineData("1e9")]
    [InlineData("999999999")]
    [InlineData("NaN")]
    [InlineData("Infinity")]
    [InlineData("-Infinity")]
    public void A_time_that_is_none_is_refused(string text)
    {
        ParsedArguments arguments = ArgumentReader.Read(["listen", "$.A", "--for", text]);
        Assert.Contains("is not a time in seconds", Assert.Throws<CommandException>(() => arguments.Seconds(Options.For)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "", 0)]
    [InlineData("listen", "lisen", 1)]
    [InlineData("listen", "litsen", 1)]
    [InlineData("send", "call", 4)]
    [InlineData("abc", "", 3)]
    public void Words_are_as_far_apart_as_one_has_to_type(string one, string other, int distance)
    {
        Assert.Equal(distance, Spelling.Distance(one, other));
        Assert.Equal(distance, Spelling.Distance(other, one));
    }
}
