using System.Globalization;

namespace Kbus.Cli;

/// <summary>Lines in the text form that Prometheus reads, version 0.0.4.</summary>
internal static class MetricsText
{
    /// <summary>The type of what only grows. Its name ends in <c>_total</c>.</summary>
    public const string Counter = "counter";

    /// <summary>The type of what rises and falls.</summary>
    public const string Gauge = "gauge";

    /// <summary>The first lines of a metric.</summary>
    public static string[] Head(string name, string type, string help) => [$"# HELP {name} {help}", $"# TYPE {name} {type}"];

    /// <summary>The value of a label, without its quotation marks.</summary>
    public static string Escaped(string text) =>
        text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    /// <summary>A whole number.</summary>
    public static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>A number with a fraction.</summary>
    public static string Number(double number) => number.ToString("0.######", CultureInfo.InvariantCulture);
}
