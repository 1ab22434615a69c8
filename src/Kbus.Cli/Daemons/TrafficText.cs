using System.Globalization;

namespace Kbus.Cli;

/// <summary>What a daemon has counted, for people: for each bus one line, a table of its Ksocks and a table of names.</summary>
/// <param name="filter">Which Ksocks and names it shows.</param>
/// <param name="width">How wide the terminal is; null for no limit.</param>
internal sealed class TrafficText(KsockFilter filter, int? width)
{
    private static readonly string[] Heads = ["SENT", "BYTES", "DELIVERED", "BYTES", "MISSED", "REFUSED", "REQUESTS", "REPLIES", "STATUSES"];

    /// <summary>Writes the counts down, line by line.</summary>
    public IEnumerable<string> Lines(DaemonStatus status)
    {
        List<string> lines =
        [
            .. Wrapped($"kbusd {TerminalText.Of(status.Version)} in {TerminalText.Of(status.Directory)}: process {status.ProcessId}, {Uptime(status)}", 0),
        ];
        foreach (BusStatus bus in status.Buses)
        {
            lines.Add("");
            lines.AddRange(Wrapped($"bus {bus.Number}: {Sentence(bus.Traffic)}, woken {bus.WakeUps} times", 0));
            lines.AddRange(Table(
                ["KSOCK", "PID", "PROGRAM"],
                [true, true, false],
                bus.Ksocks.Where(filter.Shows).Select(k => ((string[])[Text(k.Id), Text(k.ProcessId), TerminalText.Of(k.Program)], k.Traffic))));
            IEnumerable<NameStatus> names = bus.Names.Where(filter.Shows).OrderByDescending(n => n.Traffic.Sent + n.Traffic.AllRefused).ThenBy(n => n.Name, StringComparer.Ordinal);
            IEnumerable<(string[], TrafficStatus)> rows = names.Select(n => ((string[])[n.Name], n.Traffic));
            if (filter.ShowsAll && !bus.OtherNames.IsNone)
            {
                rows = rows.Append((["all other names"], bus.OtherNames));
            }

            lines.AddRange(Table(["NAME"], [false], rows));
        }

        return lines;
    }

    /// <summary>The counts of a bus as half a sentence.</summary>
    private static string Sentence(TrafficStatus traffic)
    {
        string refused = traffic.AllRefused == 0
            ? "none refused"
            : $"{traffic.AllRefused} refused ({string.Join(", ", traffic.Refused.Select(r => $"{r.Count} {r.Error}"))})";
        return $"{traffic.Sent} messages sent ({Bytes(traffic.SentBytes)}), {traffic.Delivered} copies delivered ({Bytes(traffic.DeliveredBytes)}), "
            + $"{traffic.Missed} missed, {refused}; {traffic.Requests} Requests, {traffic.Replies} Replies, {traffic.Statuses} Statuses";
    }

    private static string Uptime(DaemonStatus status) =>
        $"{status.Memory / 1048576} MiB, up {Duration(status.Uptime)}, processor time {Duration(status.ProcessorTime)}";

    private static string Duration(double seconds) => seconds < 60
        ? string.Create(CultureInfo.InvariantCulture, $"{seconds:0.0} s")
        : TimeSpan.FromSeconds(seconds).ToString(seconds < 86400 ? @"h\:mm\:ss" : @"d\ \d\ h\:mm\:ss", CultureInfo.InvariantCulture);

    /// <summary>Bytes in the unit that gives three or four digits.</summary>
    private static string Bytes(long count) => count switch
    {
        < 10_000 => $"{count} B",
        < 10_000_000 => $"{count / 1000} kB",
        < 10_000_000_000 => $"{count / 1_000_000} MB",
        _ => $"{count / 1_000_000_000} GB",
    };

    private List<string> Table(string[] heads, bool[] areNumbers, IEnumerable<(string[] Cells, TrafficStatus Traffic)> rows)
    {
        List<string[]> cells = [[.. heads, .. Heads], .. rows.Select(r => (string[])[.. r.Cells, .. Cells(r.Traffic)])];
        if (cells.Count == 1)
        {
            return [];
        }

        string[] table = [.. TextTable.Lines([.. areNumbers, .. Heads.Select(_ => true)], cells)];
        return table.All(row => row.Length <= (width ?? int.MaxValue)) ? [.. table] : [.. rows.SelectMany(r => Narrow(heads, r.Cells, r.Traffic))];
    }

    /// <summary>A row in lines of its own, where the table is too wide for the terminal.</summary>
    private IEnumerable<string> Narrow(string[] heads, string[] cells, TrafficStatus traffic)
    {
        string about = heads.Length == 1 ? cells[0] : $"Ksock {cells[0]}: {cells[2]} (process {cells[1]})";
        return [.. Wrapped(about, 2), .. Wrapped(Sentence(traffic), 4)];
    }

    private static string[] Cells(TrafficStatus traffic) =>
    [
        Text(traffic.Sent), Bytes(traffic.SentBytes), Text(traffic.Delivered), Bytes(traffic.DeliveredBytes), Text(traffic.Missed), Text(traffic.AllRefused),
        Text(traffic.Requests), Text(traffic.Replies), Text(traffic.Statuses),
    ];

    private IEnumerable<string> Wrapped(string text, int margin)
    {
        string line = new string(' ', margin) + text;
        return width is { } most && line.Length > most ? WrappedText.Lines(text, most, new string(' ', margin), margin + 2) : [line];
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
