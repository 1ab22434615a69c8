using System.Globalization;
using System.Text.Json;

namespace Kbus.Cli;

/// <summary>The amounts held of what a daemon and its buses allow, for people. The greatest holders come first.</summary>
/// <param name="bus">Which bus is shown, or null for all.</param>
/// <param name="width">How wide the terminal is; null for no limit.</param>
internal sealed class ChargesText(uint? bus, int? width)
{
    private static readonly (string Field, string Head)[] OfBus =
        [("bindings", "BINDINGS"), ("name_bytes", "NAME BYTES"), ("requests", "REQUESTS"), ("message_bytes", "MESSAGE BYTES")];

    private static readonly (string Field, string Head)[] OfDaemon = [("ksocks", "KSOCKS"), ("buses", "BUSES MADE")];

    /// <summary>Writes a report down, line by line.</summary>
    public IEnumerable<string> Lines(JsonElement report)
    {
        List<string> lines =
        [
            .. Wrapped($"kbusd {TerminalText.Of(report.Text("version"))} in {TerminalText.Of(report.Text("runtime_dir"))}: process {report.Number("pid")}", 0),
            .. Wrapped("what is held, and of how much that may be (the share of a user or process as things are now)", 0),
        ];
        if (bus is null && report.TryGetProperty("daemon", out JsonElement daemon))
        {
            lines.AddRange(["", "all buses together", .. Table(OfDaemon, daemon)]);
        }

        foreach (JsonElement one in report.Items("buses").Where(b => bus is null || b.Number("bus") == bus))
        {
            lines.AddRange(["", $"bus {one.Number("bus")}", .. Table(OfBus, one)]);
        }

        return [.. lines, .. report.Items("missing").SelectMany(m => Wrapped($"bus {m.GetInt64()} did not answer in time: it is very busy", 0))];
    }

    private IEnumerable<string> Table((string Field, string Head)[] kinds, JsonElement report)
    {
        List<string[]> rows = [["USER", "PID", "PROGRAM", .. kinds.Select(k => k.Head)], ["all", "", "", .. Cells(kinds, report, "limits")]];
        rows.AddRange(report.Items("users").Select(u => (string[])[UserOf(u), "", "", .. Cells(kinds, u, "share")]));
        AddRest(rows, report, "users", kinds.Length);
        rows.AddRange(report.Items("processes").Select(p => (string[])
            [UserOf(p), Text(p.Number("pid")), TerminalText.Of(p.Text("program")), .. Cells(kinds, p, "share")]));
        AddRest(rows, report, "processes", kinds.Length);
        string[] table = [.. TextTable.Lines([false, true, false, .. kinds.Select(_ => true)], rows)];
        return table.All(row => row.Length <= (width ?? int.MaxValue)) ? table : rows.Skip(1).SelectMany(r => Narrow(kinds, r));
    }

    /// <summary>A row of the table, where that is too wide for the terminal.</summary>
    private IEnumerable<string> Narrow((string Field, string Head)[] kinds, string[] row)
    {
        string process = row[1].Length == 0 ? "" : $", process {row[1]} ({row[2]})";
        IEnumerable<string> cells = kinds.Zip(row.Skip(3), (kind, cell) => cell.Length == 0 ? "" : $"{kind.Head.ToLowerInvariant()} {cell}").Where(c => c.Length > 0);
        return [.. Wrapped(row[0] + process, 2), .. Wrapped(string.Join(", ", cells), 4)];
    }

    private IEnumerable<string> Wrapped(string text, int margin)
    {
        string line = new string(' ', margin) + text;
        return width is { } most && line.Length > most ? WrappedText.Lines(text, most, new string(' ', margin), margin + 2)
            : text.Length == 0 ? []
            : [line];
    }

    /// <summary>Says how many more there are than the report names.</summary>
    private static void AddRest(List<string[]> rows, JsonElement report, string list, int columns)
    {
        long rest = report.Number(list + "_in_all") - report.Items(list).Count();
        if (rest > 0)
        {
            rows.Add([$"{rest} more {list}", "", "", .. Enumerable.Repeat("", columns)]);
        }
    }

    private static string UserOf(JsonElement row) => TerminalText.Of(UserNames.Of(row.Number("uid")));

    private static IEnumerable<string> Cells((string Field, string Head)[] kinds, JsonElement row, string limits) =>
        kinds.Select(k => $"{Text(row.GetProperty("held").Number(k.Field))}/{Text(row.GetProperty(limits).Number(k.Field))}");

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
