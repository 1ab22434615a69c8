using System.Text;

namespace Kbus.Core.Tests;

/// <summary>Names and data as they are shown to people.</summary>
public sealed class PrintableTextTests
{
    [Theory]
    [InlineData("$.Actor.Speak", "$.Actor.Speak")]
    [InlineData("gr\u00fc\u00dfe \u65e5", "gr\u00fc\u00dfe \u65e5")]
    [InlineData("\u001b[2J", "\\x1b[2J")]
    [InlineData("\u009b31m", "\\xc2\\x9b31m")]
    [InlineData("a\u0085b\u007f", "a\\xc2\\x85b\\x7f")]
    [InlineData("\u202eabc\u200b", "\\xe2\\x80\\xaeabc\\xe2\\x80\\x8b")]
    [InlineData("line\nand\u2028line", "line\\x0aand\\xe2\\x80\\xa8line")]
    public void What_a_terminal_would_obey_or_hide_is_shown_as_bytes(string text, string shown)
    {
        Assert.Equal(shown, PrintableText.Of(text));
        Assert.Equal(shown, PrintableText.Of(Encoding.UTF8.GetBytes(text)));
    }

    [Fact]
    public void Bytes_that_are_no_text_are_shown_as_bytes() => Assert.Equal("\\x9b\\xff\\xc3a", PrintableText.Of([0x9b, 0xff, 0xc3, (byte)'a']));

    [Fact]
    public void In_quotes_the_quote_itself_is_escaped() => Assert.Equal("'it\\'s \\\\ \\x1b'", PrintableText.Quote("it's \\ \u001b"u8));
}
