using System.Globalization;
using System.Text;

namespace Kbus.Cli;

/// <summary>A sequence diagram as an SVG that stands alone: no script, no font and no file from elsewhere.</summary>
/// <param name="diagram">The diagram.</param>
/// <param name="title">What it is of.</param>
internal sealed class SvgDiagram(SequenceDiagram diagram, string title)
{
    private const int Left = 100;
    private const int Top = 56;
    private const int RowHeight = 34;
    private const int CharacterWidth = 8;
    private const int LeastColumn = 150;
    private const int Margin = 20;

    // Colours for light and for dark, as the reader's system wishes.
    private const string Style = """
        svg { background: #ffffff; font: 12px ui-monospace, monospace; }
        text { fill: #1f2328; paint-order: stroke; stroke: #ffffff; stroke-width: 3px; }
        .time { fill: #6e7781; }
        .head { fill: #eef1f4; stroke: #6e7781; }
        .life { stroke: #c4cbd2; stroke-dasharray: 3 4; }
        .Heard { stroke: #57606a; } .Request { stroke: #0969da; } .Reply { stroke: #1a7f37; stroke-dasharray: 6 3; }
        .Status { stroke: #9a6700; stroke-dasharray: 6 3; } .Missed { stroke: #cf222e; }
        .bad text { fill: #cf222e; }
        path { fill: none; stroke-width: 1.5px; }
        circle { fill: #57606a; }
        @media (prefers-color-scheme: dark) {
          svg { background: #0d1117; }
          text { fill: #e6edf3; stroke: #0d1117; }
          .time { fill: #8d96a0; }
          .head { fill: #161b22; stroke: #8d96a0; }
          .life { stroke: #30363d; }
          .Heard { stroke: #8d96a0; } .Request { stroke: #4493f8; } .Reply { stroke: #3fb950; }
          .Status { stroke: #d29922; } .Missed, .bad text { stroke: #f85149; }
          .bad text { fill: #f85149; stroke: #0d1117; }
          circle { fill: #8d96a0; }
        }
        """;

    private readonly int _column = diagram.Lifelines.Select(l => (Shown(l).Length + 3) * CharacterWidth).Append(LeastColumn).Max();

    /// <summary>Its lines.</summary>
    public IEnumerable<string> Lines()
    {
        int bottom = Top + ((diagram.Rows.Count + 1) * RowHeight);
        int columns = X(diagram.Lifelines.Count - 1) + (_column / 2);
        int width = diagram.Rows.Select(r => TextStart(r) + (Shown(r.Text).Length * CharacterWidth)).Append(columns).Max() + Margin;
        (string w, string h) = (Number(width), Number(bottom + Margin));
        yield return $"""<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{w}" height="{h}" viewBox="0 0 {w} {h}">""";
        yield return $"<title>{Escape(title)}</title>";
        yield return $"<style>{Style}</style>";
        for (int i = 0; i < diagram.Lifelines.Count; i++)
        {
            string name = diagram.Lifelines[i];
            int half = ((Shown(name).Length + 2) * CharacterWidth) / 2;
            yield return $"""<path class="life" d="M{Number(X(i))} {Number(Top - 16)}V{Number(bottom)}"/>""";
            yield return $"""<rect class="head" x="{Number(X(i) - half)}" y="16" width="{Number(2 * half)}" height="24" rx="4"/>""";
            yield return $"""<text x="{Number(X(i))}" y="32" text-anchor="middle">{Escape(name)}</text>""";
        }

        for (int i = 0; i < diagram.Rows.Count; i++)
        {
            yield return Row(diagram.Rows[i], Top + ((i + 1) * RowHeight));
        }

        yield return "</svg>";
    }

    /// <summary>A text as it can stand anywhere in an SVG, between tags and in quotes.</summary>
    public static string Escape(string text)
    {
        var escaped = new StringBuilder(text.Length + 16);
        foreach (char c in Shown(text))
        {
            _ = c switch
            {
                '&' => escaped.Append("&amp;"),
                '<' => escaped.Append("&lt;"),
                '>' => escaped.Append("&gt;"),
                '"' => escaped.Append("&quot;"),
                '\'' => escaped.Append("&#39;"),
                _ => escaped.Append(c),
            };
        }

        return escaped.ToString();
    }

    /// <summary>A text without what no XML may have.</summary>
    private static string Shown(string text) =>
        TerminalText.Of(text).Replace("\uFFFE", "\\ufffe", StringComparison.Ordinal).Replace("\uFFFF", "\\uffff", StringComparison.Ordinal);

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private int X(int place) => Left + (_column / 2) + (place * _column);

    /// <summary>Where the text of a row begins: at its leftmost lifeline.</summary>
    private int TextStart(DiagramRow row) => X(row.Arrows.Select(a => a.To).Append(row.From).Min()) + CharacterWidth;

    private string Row(DiagramRow row, int y)
    {
        var text = new StringBuilder(row.IsBad ? "<g class=\"bad\">" : "<g>");
        if (row.Time is { } time)
        {
            string seconds = time.TotalSeconds.ToString("0.000000", CultureInfo.InvariantCulture);
            text.Append($"""<text class="time" x="8" y="{Number(y)}">{seconds}</text>""");
        }

        if (row.Arrows.Count == 0)
        {
            text.Append($"""<circle cx="{Number(X(row.From))}" cy="{Number(y - 4)}" r="3"/>""");
        }

        foreach ((int to, ArrowKind kind) in row.Arrows.Distinct())
        {
            text.Append($"""<path class="{kind}" d="{(to == row.From ? ToItself(X(to), y) : Line(X(row.From), X(to), y, kind))}"/>""");
        }

        return text.Append($"""<text x="{Number(TextStart(row))}" y="{Number(y - 5)}">{Escape(row.Text)}</text></g>""").ToString();
    }

    /// <summary>A line with its head: closed for whoever is meant, open for whoever listens, a cross for what did not arrive.</summary>
    private static string Line(int from, int to, int y, ArrowKind kind)
    {
        int back = Math.Sign(from - to) * 8;
        string line = $"M{Number(from)} {Number(y)}H{Number(to)}";
        return kind switch
        {
            ArrowKind.Missed => $"{line}m{Number(back / 2)} -4l{Number(back)} 8m0 -8l{Number(-back)} 8",
            ArrowKind.Heard => $"{line}m{Number(back)} -4l{Number(-back)} 4l{Number(back)} 4",
            _ => $"{line}M{Number(to)} {Number(y)}l{Number(back)} -4v8z",
        };
    }

    private static string ToItself(int x, int y) => $"M{Number(x)} {Number(y)}h28v8h-22m6 -4l-6 4l6 4";
}
