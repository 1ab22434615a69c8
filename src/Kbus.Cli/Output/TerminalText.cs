using System.Globalization;
using System.Text;

namespace Kbus.Cli;

/// <summary>Text that came from elsewhere, made fit for a terminal: what would steer the terminal is shown by its number.</summary>
/// <remarks>
/// Control characters (C0, DEL and C1), those that change the direction of writing, and ends of line become <c>\xNN</c> or <c>\uNNNN</c>.
/// So does a byte of an argument that is not UTF-8 (<see cref="ExactWords"/>).
/// </remarks>
internal static class TerminalText
{
    /// <summary>The text in one line that can be shown anywhere.</summary>
    public static string Of(string text)
    {
        if (!text.AsSpan().ContainsAnyExceptInRange(' ', '~'))
        {
            return text;
        }

        var shown = new StringBuilder(text.Length + 8);
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (i + 1 < text.Length && char.IsSurrogatePair(c, text[i + 1]))
            {
                shown.Append(c).Append(text[++i]);
                continue;
            }

            _ = CharUnicodeInfo.GetUnicodeCategory(c) switch
            {
                UnicodeCategory.Surrogate when c is >= '\uDC80' and <= '\uDCFF' => shown.Append(Numbered((char)(c - 0xDC00))),
                UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
                    or UnicodeCategory.Surrogate => shown.Append(Numbered(c)),
                _ => shown.Append(c),
            };
        }

        return shown.ToString();
    }

    private static string Numbered(char c) => c <= 0xFF ? $"\\x{(int)c:x2}" : $"\\u{(int)c:x4}";
}
