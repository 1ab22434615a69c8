namespace Kbus.Cli.Tests;

/// <summary>Arguments with bytes that are not UTF-8 are sent as they are, or refused; never replaced in silence.</summary>
public sealed class ExactWordsTests
{
    [Fact]
    public Task Bytes_of_an_argument_that_are_not_text_are_sent_as_they_are() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        using Ksock audience = bus.Open();
        audience.Bind("$.A");
        using Program replier = bus.StartBound("reply", "$.B", "--echo");
        Assert.Equal(new Ended(0, "<Announcement '$.A', id=[0:1], from=3, data='a\\xffb'>\n", ""), bus.RunLine(@"kbus send '$.A' $'a\xffb'"));
        Assert.Equal((byte[])[(byte)'a', 0xff, (byte)'b'], audience.ReadNextMessage()!.Data.ToArray());
        Assert.Equal("\u00e9\u00e9\u0080", bus.RunLine(@"kbus call --raw '$.B' $'\xe9\xe9\x80'").Output);
        Assert.Equal(0, bus.RunLine(@"kbus send '$.A' -- $'-\xc3'").Code);
        Assert.Equal((byte[])[(byte)'-', 0xc3], audience.ReadNextMessage()!.Data.ToArray());
    });

    [Theory]
    [InlineData(@"send $'$.A\xff' x", @"EBADMSG: '$.A\xff' is not a legal message name: it has the byte 0xff. A name has letters, digits and dots. See kbus send --help.")]
    [InlineData(@"listen '$.A' $'$.\x80'", @"EBADMSG: '$.\x80' is not a legal message name: it has the byte 0x80. A name has letters, digits and dots. See kbus listen --help.")]
    [InlineData(@"send '$.A' --file $'x\xff'", @"--file: 'x\xff' is not text: the byte 0xff in it is not UTF-8. See kbus send --help.")]
    [InlineData(@"reply '$.A' --exec $'echo \xff'", @"--exec: 'echo \xff' is not text: the byte 0xff in it is not UTF-8. See kbus reply --help.")]
    [InlineData(@"errno $'\xff'", @"'\xff' is not text: the byte 0xff in it is not UTF-8. See kbus errno --help.")]
    [InlineData(@"$'\xff'", @"'\xff' is not a verb. See kbus --help.")]
    public Task Where_text_is_needed_bytes_that_are_not_are_refused_by_name(string arguments, string refusal) => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        Assert.Equal(new Ended(2, "", $"kbus: {refusal}\n"), bus.RunLine("kbus " + arguments));
    });

    [Theory]
    [InlineData("")]
    [InlineData("é€")]
    [InlineData("\U00010080 x")]
    public void Text_stays_what_it_is(string text)
    {
        byte[] bytes = System.Text.Encoding.UTF8.GetBytes(text);
        Assert.Equal(text, ExactWords.Decode(bytes));
        Assert.True(ExactWords.IsText(text));
        Assert.Equal(bytes, ExactWords.Bytes(text));
    }

    [Fact]
    public Task A_directory_that_is_not_text_is_not_taken_for_another() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        const string refusal = "kbus: KBUS_RUNTIME_DIR has bytes that are not UTF-8; such a directory cannot be used. Name another one.\n";
        Assert.Equal(new Ended(4, "", refusal), bus.RunLine(@"export KBUS_RUNTIME_DIR=$'/tmp/\xff'; kbus send '$.A'"));
        Assert.Equal(new Ended(4, "", refusal), bus.RunLine(@"export KBUS_RUNTIME_DIR=$'/tmp/\xff'; kbus status"));
    });

    [Fact]
    public void All_bytes_come_back()
    {
        var random = new Random(1);
        for (int i = 0; i < 1000; i++)
        {
            byte[] bytes = new byte[random.Next(12)];
            random.NextBytes(bytes);
            Assert.True(bytes.AsSpan().SequenceEqual(ExactWords.Bytes(ExactWords.Decode(bytes))), Convert.ToHexString(bytes));
        }
    }

    [Theory]
    [InlineData("plain é€", "plain é€")]
    [InlineData("\u009b31m\e[2J\n\u007f", @"\x9b31m\x1b[2J\x0a\x7f")]
    [InlineData("a\u202eb\u2028c", @"a\u202eb\u2028c")]
    public void What_would_steer_a_terminal_is_shown_by_its_number(string text, string shown) => Assert.Equal(shown, TerminalText.Of(text));

    [Fact]
    public void Half_a_character_and_a_byte_that_is_no_text_are_shown_by_their_numbers() =>
        Assert.Equal(@"\ud800 \x80 é", TerminalText.Of($"{(char)0xD800} {(char)0xDC80} é"));

    [Fact]
    public Task A_refused_name_steers_no_terminal() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        Ended refused = bus.Run("listen", "$.\u009b2J");
        Assert.Equal(1, refused.Code);
        Assert.StartsWith("kbus: EBADMSG: ", refused.Errors, StringComparison.Ordinal);
        Assert.Contains(@"$.\xc2\x9b2J", refused.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain('\u009b', refused.Errors);
    });
}
