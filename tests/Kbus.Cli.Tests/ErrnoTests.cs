namespace Kbus.Cli.Tests;

/// <summary><c>kbus errno</c>. Source: spec section 13.2 and the paper.</summary>
public sealed class ErrnoTests
{
    [Theory]
    [InlineData("32")]
    [InlineData("0x20")]
    [InlineData("-32")]
    public void A_number_is_explained_as_in_the_paper(string text)
    {
        (string[] lines, bool known) = ErrnoCommand.Explain(text);
        Assert.True(known);
        Assert.Equal(
            [
                "Error 32 (0x20) is EPIPE: Broken pipe",
                "",
                "KBUS:",
                "On attempting to send 'to' a specific replier, the replier with that id",
                "is no longer bound to the given message's name.",
            ],
            lines);
    }

    [Theory]
    [InlineData("EPIPE")]
    [InlineData("epipe")]
    public void A_symbol_is_explained_the_other_way_round(string text)
    {
        (string[] lines, bool known) = ErrnoCommand.Explain(text);
        Assert.True(known);
        Assert.Equal("EPIPE is error 32 (0x20): Broken pipe", lines[0]);
        Assert.Equal("KBUS:", lines[2]);
    }

    [Fact]
    public void An_error_without_a_meaning_of_the_bus_has_one_line() =>
        Assert.Equal(["Error 33 (0x21) is EDOM: Numerical argument out of domain"], ErrnoCommand.Explain("33").Lines);

    [Theory]
    [InlineData("9999", "Unrecognised error code number 9999")]
    [InlineData("0", "Unrecognised error code number 0")]
    [InlineData("99999999999", "Unrecognised error code number 99999999999")]
    [InlineData("-9223372036854775808", "Unrecognised error code number -9223372036854775808")]
    [InlineData("EFRED", "Unrecognised error code mnemonic EFRED")]
    public void What_is_unknown_is_said_to_be(string text, string line)
    {
        (string[] lines, bool known) = ErrnoCommand.Explain(text);
        Assert.False(known);
        Assert.Equal([line], lines);
    }

    [Theory]
    [InlineData("EADDRINUSE")]
    [InlineData("EADDRNOTAVAIL")]
    [InlineData("EALREADY")]
    [InlineData("EBADMSG")]
    [InlineData("EBUSY")]
    [InlineData("ECONNREFUSED")]
    [InlineData("EINVAL")]
    [InlineData("EMSGSIZE")]
    [InlineData("ENAMETOOLONG")]
    [InlineData("ENOENT")]
    [InlineData("ENOLCK")]
    [InlineData("ENOMSG")]
    [InlineData("EPIPE")]
    [InlineData("EFAULT")]
    [InlineData("ENOMEM")]
    [InlineData("EAGAIN")]
    public void Every_error_that_the_original_explains_is_explained(string symbol) =>
        Assert.Contains("KBUS:", ErrnoCommand.Explain(symbol).Lines);

    [Fact]
    public Task The_command_prints_it_and_its_exit_code_says_whether_it_is_known() => Limited.Run(() =>
    {
        Assert.Equal(new Ended(0, string.Join('\n', ErrnoCommand.Explain("EAGAIN").Lines) + "\n", ""), Run("errno", "EAGAIN"));
        Assert.Equal(new Ended(1, "Unrecognised error code number 9999\n", ""), Run("errno", "9999"));
        Assert.StartsWith("kbus errno: explains an error\n", Run("errno").Output, StringComparison.Ordinal);
    });

    [Theory]
    [InlineData("--list")]
    [InlineData("-list")]
    public Task The_list_has_a_line_for_each(string option) => Limited.Run(() =>
    {
        Ended list = Run("errno", option);
        Assert.Equal(0, list.Code);
        Assert.Equal("  1: EPERM                Operation not permitted", list.Lines[0]);
        Assert.Contains(" 32: EPIPE                Broken pipe", list.Lines);
        Assert.Contains("110: ETIMEDOUT            Connection timed out", list.Lines);
        Assert.Equal(KbusErrors.All.Count, list.Lines.Length);
    });

    private static Ended Run(params string[] args)
    {
        using Program program = Program.Start(Program.Kbus, new Dictionary<string, string?>(), args);
        return program.End();
    }
}
