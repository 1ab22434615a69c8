using System.Globalization;
using System.Text;

namespace Kbus.Cli;

/// <summary>A sequence diagram in the language of Mermaid, as documents in Markdown take it.</summary>
internal static class MermaidDiagram
{
    private const string Safe = " .,_/()=-[]:'";

    /// <summary>The lines of a diagram.</summary>
    public static IEnumerable<string> Lines(SequenceDiagram diagram)
    {
        yield return "sequenceDiagram";
        for (int i = 0; i < diagram.Lifelines.Count; i++)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"    participant k{i} as {Escape(diagram.Lifelines[i])}");
        }

        foreach (DiagramRow row in diagram.Rows)
        {
            if (row.Arrows.Count == 0)
            {
                yield return string.Create(CultureInfo.InvariantCulture, $"    Note over k{row.From}: {Escape(row.Text)}");
            }

            foreach ((int to, ArrowKind kind) in row.Arrows)
            {
                yield return string.Create(CultureInfo.InvariantCulture, $"    k{row.From}{Arrow(kind)}k{to}: {Escape(row.Text)}");
            }
        }
    }

    /// <summary>A text that means nothing to Mermaid but itself: what could is written by its number.</summary>
    public static string Escape(string text)
    {
        var escaped = new StringBuilder(text.Length + 16);
        string shown = TerminalText.Of(text);
        for (int i = 0; i < shown.Length; i++)
        {
            char c = shown[i];

            // Two dollar signs would begin a formula.
            bool isSafe = char.IsAsciiLetterOrDigit(c) || Safe.Contains(c) || (c == '$' && i + 1 < shown.Length && shown[i + 1] == '.');
            if (isSafe)
            {
                escaped.Append(c);
            }
            else
            {
                bool isPair = char.IsHighSurrogate(c) && i + 1 < shown.Length;
                escaped.Append(CultureInfo.InvariantCulture, $"#{(isPair ? char.ConvertToUtf32(c, shown[++i]) : c)};");
            }
        }

        return escaped.ToString();
    }

    private static string Arrow(ArrowKind kind) => kind switch
    {
        ArrowKind.Request => "->>",
        ArrowKind.Reply or ArrowKind.Status => "-->>",
        ArrowKind.Missed => "-x",
        _ => "-)",
    };
}
