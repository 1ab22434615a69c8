using System.Globalization;
using System.Text;

namespace Kbus.Bench;

/// <summary>A chart: lines over two axes.</summary>
/// <param name="Title">What it shows.</param>
/// <param name="Across">What is varied.</param>
/// <param name="Up">What is measured, with its unit.</param>
/// <param name="Lines">The lines.</param>
internal sealed record Chart(string Title, string Across, string Up, IReadOnlyList<ChartLine> Lines);

/// <summary>One line of a chart.</summary>
/// <param name="Name">What it is of; it stands in the legend if there are several.</param>
/// <param name="Points">Its points, from left to right; all above zero.</param>
internal sealed record ChartLine(string Name, IReadOnlyList<(double X, double Y)> Points);

/// <summary>Draws small line charts in one SVG picture; both axes are logarithmic.</summary>
internal static class Picture
{
    private const int Width = 440;
    private const int Height = 300;
    private static readonly string[] Colours = ["#1f6fb2", "#d1495b", "#2e8b57", "#e08e0b", "#7b4fa3", "#17869c", "#8c564b", "#555555", "#b5a300"];
    private const int Left = 64;
    private const int Top = 44;
    private const int Right = 20;
    private const int Bottom = 48;
    private const int Columns = 2;

    /// <summary>The picture, as the text of an SVG file.</summary>
    public static string Draw(IReadOnlyList<Chart> all)
    {
        var svg = new StringBuilder();
        int rows = (all.Count + Columns - 1) / Columns;
        Line(svg, $"<svg xmlns='http://www.w3.org/2000/svg' width='{Columns * Width}' height='{rows * Height}' font-family='sans-serif' font-size='12'>");
        Line(svg, $"<rect width='100%' height='100%' fill='white'/>");
        for (int i = 0; i < all.Count; i++)
        {
            Line(svg, $"<g transform='translate({i % Columns * Width} {i / Columns * Height})'>");
            DrawOne(svg, all[i]);
            Line(svg, $"</g>");
        }

        Line(svg, $"</svg>");
        return svg.ToString();
    }

    private static void DrawOne(StringBuilder svg, Chart chart)
    {
        (double X, double Y)[] points = [.. chart.Lines.SelectMany(l => l.Points)];
        (double lowX, double highX) = Decades(points.Select(p => p.X));
        (double lowY, double highY) = Decades(points.Select(p => p.Y));
        double AtX(double x) => Left + ((Math.Log10(x) - lowX) / (highX - lowX) * (Width - Left - Right));
        double AtY(double y) => Height - Bottom - ((Math.Log10(y) - lowY) / (highY - lowY) * (Height - Top - Bottom));

        Line(svg, $"<text x='{Left}' y='18' font-weight='bold'>{chart.Title}</text>");
        Line(svg, $"<text x='{Left}' y='34' fill='#555'>{chart.Up}</text>");
        for (double x = lowX; x <= highX; x++)
        {
            double at = AtX(Math.Pow(10, x));
            Line(svg, $"<line x1='{at:F1}' y1='{Top}' x2='{at:F1}' y2='{Height - Bottom}' stroke='#ddd'/>");
            Line(svg, $"<text x='{at:F1}' y='{Height - Bottom + 16}' text-anchor='middle'>{Short(Math.Pow(10, x))}</text>");
        }

        for (double y = lowY; y <= highY; y++)
        {
            double at = AtY(Math.Pow(10, y));
            Line(svg, $"<line x1='{Left}' y1='{at:F1}' x2='{Width - Right}' y2='{at:F1}' stroke='#ddd'/>");
            Line(svg, $"<text x='{Left - 6}' y='{at + 4:F1}' text-anchor='end'>{Short(Math.Pow(10, y))}</text>");
        }

        Line(svg, $"<text x='{(Left + Width - Right) / 2}' y='{Height - 12}' text-anchor='middle'>{chart.Across}</text>");
        for (int i = 0; i < chart.Lines.Count; i++)
        {
            ChartLine line = chart.Lines[i];
            string colour = Colours[i % Colours.Length];
            string path = string.Join(' ', line.Points.Select(p => Text($"{AtX(p.X):F1},{AtY(p.Y):F1}")));
            Line(svg, $"<polyline points='{path}' fill='none' stroke='{colour}' stroke-width='2'/>");
            foreach ((double x, double y) in line.Points)
            {
                Line(svg, $"<circle cx='{AtX(x):F1}' cy='{AtY(y):F1}' r='3.5' fill='{colour}'/>");
            }

            if (chart.Lines.Count > 1)
            {
                Line(svg, $"<text x='{Left + 8}' y='{Top + 14 + (i * 14)}' fill='{colour}' font-size='11'>{line.Name}</text>");
            }
        }
    }

    /// <summary>The powers of ten around all values, at least one decade apart.</summary>
    private static (double Low, double High) Decades(IEnumerable<double> values)
    {
        double[] logarithms = [.. values.DefaultIfEmpty(1).Select(Math.Log10)];
        double low = Math.Floor(logarithms.Min());
        return (low, Math.Max(low + 1, Math.Ceiling(logarithms.Max())));
    }

    private static string Short(double value) => value switch
    {
        >= 1_000_000 => Text($"{value / 1_000_000:0.##}M"),
        >= 1_000 => Text($"{value / 1_000:0.##}k"),
        _ => Text($"{value:0.####}"),
    };

    private static void Line(StringBuilder svg, FormattableString line) => svg.Append(Text(line)).Append('\n');

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
