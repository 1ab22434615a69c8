namespace Kbus.Cli;

/// <summary>Breaks text for people into lines that fit a terminal.</summary>
internal static class WrappedText
{
    private const int Least = 20;

    /// <summary>The lines of a text; its own ends of line count as spaces.</summary>
    /// <param name="text">The text.</param>
    /// <param name="width">The number of characters on a line; a longer word has its own line, unbroken.</param>
    /// <param name="first">The beginning of the first line.</param>
    /// <param name="indent">The number of spaces at the beginning of the other lines.</param>
    public static IEnumerable<string> Lines(string text, int width, string first = "", int indent = 0)
    {
        int most = Math.Max(width, indent + Least);
        string margin = new(' ', indent);
        string line = first;
        bool isEmpty = true;
        foreach (string word in text.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries))
        {
            if (!isEmpty && line.Length + 1 + word.Length > most)
            {
                yield return line;
                line = margin;
                isEmpty = true;
            }

            line += isEmpty ? word : " " + word;
            isEmpty = false;
        }

        yield return line.TrimEnd();
    }
}
