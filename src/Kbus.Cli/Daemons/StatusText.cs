using System.Globalization;

namespace Kbus.Cli;

/// <summary>A daemon's status for people: for each bus one line, a table of its Ksocks, and who owes whom a reply.</summary>
internal static class StatusText
{
    private static readonly string[] Heads = ["KSOCK", "PID", "USER", "PROGRAM", "MODE", "QUEUE", "MISSED", "BOUND TO"];
    private static readonly bool[] IsNumber = [true, true, false, false, false, true, true, false];

    /// <summary>Writes a status down, line by line.</summary>
    public static IEnumerable<string> Lines(DaemonStatus status)
    {
        yield return $"kbusd {status.Version} in {status.Directory}: process {status.ProcessId}, {status.Memory / 1048576} MiB";
        foreach (BusStatus bus in status.Buses)
        {
            yield return "";
            foreach (string line in Lines(bus))
            {
                yield return line;
            }
        }

        foreach (uint missing in status.Missing)
        {
            yield return $"bus {missing} did not answer in time: it is very busy";
        }
    }

    private static IEnumerable<string> Lines(BusStatus bus)
    {
        int bindings = bus.Ksocks.Sum(k => k.Bindings.Count);
        string settings = (bus.ReportsBinds ? ", reports binds" : "") + (bus.IsVerbose ? ", verbose" : "")
            + (bus.SetAsideEvents > 0 ? $", {Counted(bus.SetAsideEvents, "event")} set aside" : "");
        yield return $"bus {bus.Number}: {Counted(bus.Ksocks.Count, "Ksock")}, {Counted(bindings, "binding")}, messages up to {bus.MaxMessageSize} bytes{settings}";
        if (bus.Ksocks.Count == 0)
        {
            yield break;
        }

        foreach (string line in Table([Heads, .. bus.Ksocks.SelectMany(Rows)]))
        {
            yield return line;
        }

        foreach (KsockStatus ksock in bus.Ksocks)
        {
            foreach (OwedStatus owed in ksock.WaitsFor)
            {
                yield return $"  Ksock {owed.Replier} owes Ksock {ksock.Id} the reply to {owed.Request}, {(owed.IsRead ? "which it has read" : "not read yet")}";
            }

            if (ksock.NetworkId != 0)
            {
                yield return $"  Ksock {ksock.Id} is a Limpet's, with network id {ksock.NetworkId}";
            }

            if (ksock.IsSending)
            {
                yield return $"  Ksock {ksock.Id} waits until all for whom its message is have room";
            }
        }
    }

    /// <summary>A Ksock's row, and one more for each further binding.</summary>
    private static IEnumerable<string[]> Rows(KsockStatus ksock)
    {
        string[] row =
        [
            Text(ksock.Id), Text(ksock.ProcessId), UserNames.Of(ksock.UserId), Printable(ksock.Program), ksock.Mode,
            $"{ksock.Queued}/{ksock.MaxMessages}", Text(ksock.Missed), ksock.Bindings.Count > 0 ? ksock.Bindings[0].ToString() : "-",
        ];
        return [row, .. ksock.Bindings.Skip(1).Select(b => (string[])["", "", "", "", "", "", "", b.ToString()])];
    }

    private static IEnumerable<string> Table(IReadOnlyList<string[]> rows)
    {
        int[] widths = [.. Heads.Select((_, column) => rows.Max(r => r[column].Length))];
        return rows.Select(row => string.Concat(row.Select((cell, column) =>
            "  " + (IsNumber[column] ? cell.PadLeft(widths[column]) : cell.PadRight(widths[column])))).TrimEnd());
    }

    /// <summary>A process can call itself anything, also what would disturb a terminal.</summary>
    private static string Printable(string program) => string.Concat(program.Select(c => char.IsControl(c) ? '?' : c));

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Counted(long count, string noun) => count == 1 ? $"1 {noun}" : $"{count} {noun}s";
}
