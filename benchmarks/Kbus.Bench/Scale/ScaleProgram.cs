using System.Globalization;

namespace Kbus.Bench;

/// <summary>The form <c>./bench scale</c>.</summary>
internal static class ScaleProgram
{
    private const string Usage = """
        Measures how costs grow with what is on a bus.

        usage: ./bench scale [NAME ...] [--svg FILE]

        With no NAME everything is measured. --svg draws the picture beside the numbers into a file.

        NAME is one of:
        """;

    /// <summary>Measures and prints.</summary>
    /// <returns>0, or 2 if the arguments make no sense.</returns>
    public static int Run(ReadOnlySpan<string> args)
    {
        var names = new List<string>();
        string? picture = null;
        for (int i = 0; i < args.Length; i++)
        {
            string arg = args[i];
            if (arg is "-h" or "--help")
            {
                Console.WriteLine($"{Usage} {string.Join(", ", ScaleMeasurements.All.Select(m => m.Name))}");
                return 0;
            }

            if (arg == "--svg" && i + 1 < args.Length)
            {
                picture = args[++i];
            }
            else if (ScaleMeasurements.All.Any(m => m.Name == arg))
            {
                names.Add(arg);
            }
            else
            {
                Console.Error.WriteLine($"bench scale does not know '{arg}'; --help says what it knows.");
                return 2;
            }
        }

        var all = new List<ScaleSeries>();
        foreach ((string name, Func<ScaleSeries> measure) in ScaleMeasurements.All)
        {
            if (names.Count == 0 || names.Contains(name))
            {
                all.Add(measure());
                Print(all[^1]);
            }
        }

        if (picture is not null)
        {
            File.WriteAllText(picture, Picture.Draw([.. all.Select(s => new Chart(s.Title, s.Across, s.Up, [new ChartLine(s.Title, [.. s.Points.Select(p => ((double)p.X, p.Y))])]))]));
        }

        return 0;
    }

    private static void Print(ScaleSeries series)
    {
        Console.WriteLine($"{series.Title}: {series.Up}");
        double first = series.Points[0].Y;
        foreach ((int x, double y) in series.Points)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {x,10:N0} {series.Across,-10} {y,12:F3}   {y / first,8:F2} times the first"));
        }

        Console.WriteLine();
    }
}
