using System.Globalization;
using System.Text.RegularExpressions;

namespace Kbus.Cli.Tests;

/// <summary>What Prometheus reads.</summary>
internal static class PrometheusText
{
    /// <summary>The text form, version 0.0.4: each family once, with its help and type before its samples, and no sample twice.</summary>
    public static void AssertIs(IReadOnlyList<string> lines)
    {
        const string Name = "[a-zA-Z_:][a-zA-Z0-9_:]*";
        string family = "";
        HashSet<string> families = [];
        HashSet<string> samples = [];
        foreach (string line in lines)
        {
            if (Regex.Match(line, $"^# HELP ({Name}) .+$") is { Success: true } help)
            {
                family = help.Groups[1].Value;
                Assert.True(families.Add(family), line);
            }
            else if (Regex.Match(line, $"^# TYPE ({Name}) (gauge|counter)$") is { Success: true } type)
            {
                Assert.Equal(family, type.Groups[1].Value);
                Assert.Equal(type.Groups[2].Value == "counter", family.EndsWith("_total", StringComparison.Ordinal));
            }
            else
            {
                Match sample = Regex.Match(line, $$"""^({{Name}}(?:\{[a-z_]+="(?:[^"\\\n]|\\.)*"(?:,[a-z_]+="(?:[^"\\\n]|\\.)*")*\})?) ([0-9.]+)$""");
                Assert.True(sample.Success, line);
                Assert.True(sample.Groups[1].Value.Split('{')[0] == family && samples.Add(sample.Groups[1].Value), line);
                Assert.True(double.TryParse(sample.Groups[2].Value, CultureInfo.InvariantCulture, out _), line);
            }
        }
    }
}
