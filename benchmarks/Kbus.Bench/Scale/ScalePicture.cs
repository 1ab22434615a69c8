using System.Globalization;
using System.Text;

namespace Kbus.Bench;

/// <summary>Draws series as small line charts in one SVG picture; both axes are logarithmic.</summary>
internal static class ScalePicture
{
    private const int Width = 440;
    private const int Height = 300;
    private const int Left = 64;
    private const int Top = 44;
    private const int Right = 20;
    private const int Bottom = 48;
    private const int Columns = 2;

    /// <summary>The picture, as the text of an SVG file.</summary>
    public static string Draw(IReadOnlyList<ScaleSeries> all)
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

    private static void DrawOne(StringBuilder svg, ScaleSeries series)
    {
        (double lowX, double highX) = Decades(series.Points.Select(p => (double)p.X));
        (double lowY, double highY) = Decades(series.Points.Select(p => p.Y));
        double AtX(double x) => Left + ((Math.Log10(x) - lowX) / (highX - lowX) * (Width - Left - Right));
        double AtY(double y) => Height - Bottom - ((Math.Log10(y) - lowY) / (highY - lowY) * (Height - Top - Bottom));

        Line(svg, $"<text x='{Left}' y='18' font-weight='bold'>{series.Title}</text>");
        Line(svg, $"<text x='{Left}' y='34' fill='#555'>{series.Up}</text>");
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

        Line(svg, $"<text x='{(Left + Width - Right) / 2}' y='{Height - 12}' text-anchor='middle'>{series.Across}</text>");
        string path = string.Join(' ', series.Points.Select(p => Text($"{AtX(p.X):F1},{AtY(p.Y):F1}")));
        Line(svg, $"<polyline points='{path}' fill='none' stroke='#1f6fb2' stroke-width='2'/>");
        foreach ((int x, double y) in series.Points)
        {
            Line(svg, $"<circle cx='{AtX(x):F1}' cy='{AtY(y):F1}' r='3.5' fill='#1f6fb2'/>");
        }
    }

    /// <summary>The powers of ten around all values, at least one decade apart.</summary>
    private static (double Low, double High) Decades(IEnumerable<double> values)
    {
        double[] logarithms = [.. values.Select(Math.Log10)];
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
