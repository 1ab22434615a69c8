using System.Text;
using System.Text.Json;

namespace Kbus.Policy;

/// <summary>Where something is in a text, as errors name it: <c>line 3, column 14</c>. Both count from 1, columns in characters.</summary>
internal static class TextPlace
{
    /// <summary>The number of the line that has a byte.</summary>
    public static int LineOf(ReadOnlySpan<byte> text, int place) => 1 + text[..Math.Min(place, text.Length)].Count((byte)'\n');

    /// <summary>The place of a byte.</summary>
    /// <param name="text">The whole text, which is UTF-8.</param>
    /// <param name="place">The byte's number, from 0. One behind the end stands for the end.</param>
    public static string Of(ReadOnlySpan<byte> text, int place)
    {
        int before = LineOf(text, place) - 1;
        int start = LineStart(text, before);
        return Words(text, before, start, place - start);
    }

    /// <summary>The place where a text stops being JSON.</summary>
    /// <param name="text">The whole text, which is UTF-8.</param>
    /// <param name="error">What its reader said.</param>
    public static string Of(ReadOnlySpan<byte> text, JsonException error)
    {
        int before = (int)(error.LineNumber ?? 0);
        return Words(text, before, LineStart(text, before), (int)(error.BytePositionInLine ?? 0));
    }

    private static string Words(ReadOnlySpan<byte> text, int before, int lineStart, int offset)
    {
        int end = Math.Min(text.Length, lineStart + Math.Max(0, offset));
        int column = 1 + Encoding.UTF8.GetCharCount(text[Math.Min(lineStart, end)..end]);
        return $"line {before + 1}, column {column}";
    }

    /// <summary>Where the line begins that has so many lines before it.</summary>
    private static int LineStart(ReadOnlySpan<byte> text, int before)
    {
        int start = 0;
        for (; before > 0; before--)
        {
            int end = text[start..].IndexOf((byte)'\n');
            if (end < 0)
            {
                return text.Length;
            }

            start += end + 1;
        }

        return start;
    }
}
