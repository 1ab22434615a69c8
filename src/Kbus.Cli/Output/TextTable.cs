namespace Kbus.Cli;

/// <summary>A table for people: columns as wide as they need to be, numbers to the right.</summary>
internal static class TextTable
{
    /// <summary>The lines of a table.</summary>
    /// <param name="isNumber">For each column, whether it holds numbers.</param>
    /// <param name="rows">The rows, the heads first.</param>
    public static IEnumerable<string> Lines(IReadOnlyList<bool> isNumber, IReadOnlyList<string[]> rows)
    {
        int[] widths = [.. isNumber.Select((_, column) => rows.Max(r => r[column].Length))];
        return rows.Select(row => string.Concat(row.Select((cell, column) =>
            "  " + (isNumber[column] ? cell.PadLeft(widths[column]) : cell.PadRight(widths[column])))).TrimEnd());
    }
}
