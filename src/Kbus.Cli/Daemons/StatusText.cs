using System.Globalization;

namespace Kbus.Cli;

/// <summary>A daemon's status for people: for each bus one line, its Ksocks, and the owed replies.</summary>
/// <remarks>The Ksocks are in a table. If that is too wide for the terminal, each has lines of its own.</remarks>
/// <param name="filter">Which Ksocks it shows.</param>
/// <param name="width">How wide the terminal is; null for no limit.</param>
internal sealed class StatusText(KsockFilter filter, int? width)
{
    private static readonly string[] Heads = ["KSOCK", "PID", "USER", "PROGRAM", "MODE", "QUEUE", "MISSED", "BOUND TO"];
    private static readonly bool[] IsNumber = [true, true, false, false, false, true, true, false];

    /// <summary>Writes a status down, line by line.</summary>
    public IEnumerable<string> Lines(DaemonStatus status)
    {
        string first = $"kbusd {TerminalText.Of(status.Version)} in {TerminalText.Of(status.Directory)}: process {status.ProcessId}, {status.Memory / 1048576} MiB";
        List<string> lines = [.. Wrapped(first, 0)];
        foreach (BusStatus bus in status.Buses)
        {
            lines.AddRange(["", .. Lines(bus)]);
        }

        HashSet<uint> begun = [.. status.Buses.Where(b => !b.IsComplete).Select(b => b.Number)];
        lines.AddRange(status.Missing.SelectMany(missing => Wrapped(
            begun.Contains(missing)
                ? $"bus {missing} did not answer to the end: it is very busy, or has ended. More may be on it than is shown"
                : $"bus {missing} did not answer in time: it is very busy",
            0)));
        return [.. lines, .. status.Withheld.SelectMany(bus => Wrapped($"bus {bus} is not shown: the policy does not let this user see it", 0))];
    }

    private List<string> Lines(BusStatus bus)
    {
        KsockStatus[] shown = [.. bus.Ksocks.Where(filter.Shows)];
        int bindings = bus.Ksocks.Sum(k => k.Bindings.Count);
        string settings = (bus.ReportsBinds ? ", reports binds" : "") + (bus.IsVerbose ? ", verbose" : "")
            + (bus.SetAsideEvents > 0 ? $", {Counted(bus.SetAsideEvents, "event")} set aside" : "")
            + (bus.Watchers > 0 ? $", {Counted(bus.Watchers, "watcher")}" : "")
            + (filter.ShowsAll ? "" : $"; {shown.Length} shown");
        List<string> lines = [.. Wrapped($"bus {bus.Number}: {Counted(bus.Ksocks.Count, "Ksock")}, {Counted(bindings, "binding")}, messages up to {bus.MaxMessageSize} bytes{settings}", 0)];
        if (shown.Length > 0)
        {
            string[] table = [.. TextTable.Lines(IsNumber, [Heads, .. shown.SelectMany(Rows)])];
            lines.AddRange(table.All(row => row.Length <= (width ?? int.MaxValue)) ? table : shown.SelectMany(Narrow));
        }

        HashSet<uint> ids = [.. shown.Select(k => k.Id)];
        foreach (KsockStatus ksock in bus.Ksocks)
        {
            bool isShown = ids.Contains(ksock.Id);
            IEnumerable<OwedStatus> owed = ksock.WaitsFor.Where(o => isShown || ids.Contains(o.Replier));
            lines.AddRange(owed.SelectMany(o =>
                Wrapped($"Ksock {o.Replier} owes Ksock {ksock.Id} the reply to {o.Request}, {(o.IsRead ? "which it has read" : "not read yet")}")));
            if (isShown && ksock.NetworkId != 0)
            {
                lines.AddRange(Wrapped($"Ksock {ksock.Id} is a Limpet's, with network id {ksock.NetworkId}"));
            }

            if (isShown && ksock.IsSending)
            {
                lines.AddRange(Wrapped($"Ksock {ksock.Id} waits until all for whom its message is have room"));
            }
        }

        return lines;
    }

    /// <summary>A Ksock's row, and one more for each further binding.</summary>
    private static IEnumerable<string[]> Rows(KsockStatus ksock)
    {
        string[] row =
        [
            Text(ksock.Id), Text(ksock.ProcessId), TerminalText.Of(UserNames.Of(ksock.UserId)), TerminalText.Of(ksock.Program), ksock.Mode,
            $"{ksock.Queued}/{ksock.MaxMessages}", Text(ksock.Missed), ksock.Bindings.Count > 0 ? ksock.Bindings[0].ToString() : "-",
        ];
        return [row, .. ksock.Bindings.Skip(1).Select(b => (string[])["", "", "", "", "", "", "", b.ToString()])];
    }

    /// <summary>A Ksock in lines of its own, for a terminal on which no table fits.</summary>
    private IEnumerable<string> Narrow(KsockStatus ksock)
    {
        string missed = ksock.Missed == 0 ? "" : $", {ksock.Missed} missed";
        string about = $"Ksock {ksock.Id}: {TerminalText.Of(ksock.Program)} (process {ksock.ProcessId}, {TerminalText.Of(UserNames.Of(ksock.UserId))}), "
            + $"{ksock.Mode}, queue {ksock.Queued}/{ksock.MaxMessages}{missed}";
        return [.. Wrapped(about), .. ksock.Bindings.Select(b => "      " + b)];
    }

    private IEnumerable<string> Wrapped(string text, int margin = 2)
    {
        string line = new string(' ', margin) + text;
        return width is { } most && line.Length > most ? WrappedText.Lines(text, most, new string(' ', margin), margin + 2) : [line];
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Counted(long count, string noun) => count == 1 ? $"1 {noun}" : $"{count} {noun}s";
}
