using System.Buffers;
using System.Globalization;
using System.Text;

namespace Kbus.Core;

/// <summary>Names and data as text for people. Nothing that a stranger puts into them can control a terminal or a log.</summary>
/// <remarks>
/// Control characters (C0, DEL and C1), characters that hide or turn text, line separators and bytes that are no UTF-8 are shown as
/// <c>\xNN</c>, byte by byte. Everything that echoes a name or data goes through here.
/// </remarks>
internal static class PrintableText
{
    /// <summary>Shows bytes: as text as far as they are printable text.</summary>
    public static string Of(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length);
        Append(text, bytes, quote: '\0');
        return text.ToString();
    }

    /// <summary>Shows a string in the same way.</summary>
    public static string Of(string text) => Of(Encoding.UTF8.GetBytes(text));

    /// <summary>Shows bytes in single quotes.</summary>
    public static string Quote(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length + 2).Append('\'');
        Append(text, bytes, '\'');
        return text.Append('\'').ToString();
    }

    private static void Append(StringBuilder text, ReadOnlySpan<byte> bytes, char quote)
    {
        while (!bytes.IsEmpty)
        {
            bool isText = Rune.DecodeFromUtf8(bytes, out Rune rune, out int length) == OperationStatus.Done && IsPrintable(rune);
            if (isText && quote != '\0' && (rune.Value == quote || rune.Value == '\\'))
            {
                text.Append('\\');
            }

            if (isText)
            {
                text.Append(rune);
            }
            else
            {
                foreach (byte b in bytes[..length])
                {
                    text.Append("\\x").Append(b.ToString("x2", CultureInfo.InvariantCulture));
                }
            }

            bytes = bytes[length..];
        }
    }

    private static bool IsPrintable(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse => false,
        UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator => false,
        UnicodeCategory.SpaceSeparator => rune.Value == ' ',
        _ => true,
    };
}
