using System.Globalization;

namespace Kbus.Cli;

/// <summary>What goes over a bus in each second, for people: a table of Ksocks and one of names, the busiest first.</summary>
/// <param name="order">The column by which Ksocks are sorted: one of <see cref="Orders"/>.</param>
/// <param name="rows">How many rows each table has at most.</param>
internal sealed class TopText(string order, int rows)
{
    private const int WidestProgram = 13;
    private const int WidestName = 38;

    /// <summary>The columns by which Ksocks can be sorted.</summary>
    public static IReadOnlyList<string> Orders { get; } = ["traffic", "sent", "got", "bytes", "queue", "missed", "owed"];

    /// <summary>The lines.</summary>
    /// <param name="before">The bus as it was.</param>
    /// <param name="now">The bus as it is.</param>
    /// <param name="seconds">How long that is.</param>
    public IEnumerable<string> Lines(BusStatus before, BusStatus now, double seconds)
    {
        var bus = new Rates(before.Traffic, now.Traffic, seconds);
        List<string> lines =
        [
            string.Create(
                CultureInfo.InvariantCulture,
                $"bus {now.Number}: {Rate(bus.Sent)} messages/s, {Rate(bus.Delivered)} copies/s, {Bytes(bus.Bytes)}/s, {Rate(bus.Requests)} Requests/s, {Rate(bus.Missed)} missed/s, {Rate(bus.Refused)} refused/s"),
        ];
        Dictionary<uint, KsockStatus> known = before.Ksocks.ToDictionary(k => k.Id);
        (KsockStatus Ksock, Rates Rates)[] ksocks = [.. now.Ksocks.Select(k => (k, new Rates(known.GetValueOrDefault(k.Id)?.Traffic ?? TrafficStatus.None, k.Traffic, seconds)))];
        lines.AddRange(TextTable.Lines(
            [true, false, true, true, true, true, true, true],
            [
                ["KSOCK", "PROGRAM", "SENT/s", "GOT/s", "BYTES/s", "QUEUE", "MISSED", "OWED"],
                .. ksocks.OrderByDescending(k => KeyOf(k.Ksock, k.Rates)).ThenBy(k => k.Ksock.Id).Take(rows).Select(k => (string[])
                [
                    Number(k.Ksock.Id), Cut(TerminalText.Of(k.Ksock.Program), WidestProgram), Rate(k.Rates.Sent), Rate(k.Rates.Delivered), Bytes(k.Rates.Bytes),
                    $"{k.Ksock.Queued}/{k.Ksock.MaxMessages}", Number(k.Ksock.Missed), Number(k.Ksock.WaitsFor.Count),
                ]),
            ]));
        Dictionary<string, TrafficStatus> names = before.Names.ToDictionary(n => n.Name, n => n.Traffic);
        string[][] busiest =
        [
            .. now.Names.Select(n => (n.Name, Rates: new Rates(names.GetValueOrDefault(n.Name) ?? TrafficStatus.None, n.Traffic, seconds)))
                .Where(n => n.Rates.Sent + n.Rates.Refused > 0).OrderByDescending(n => n.Rates.Sent + n.Rates.Refused).ThenBy(n => n.Name, StringComparer.Ordinal).Take(rows)
                .Select(n => (string[])[Cut(n.Name, WidestName), Rate(n.Rates.Sent), Rate(n.Rates.Delivered), Rate(n.Rates.Missed), Rate(n.Rates.Refused)]),
        ];
        return busiest.Length == 0
            ? lines
            : [.. lines, .. TextTable.Lines([false, true, true, true, true], [["NAME", "SENT/s", "COPIES/s", "MISSED/s", "REFUSED/s"], .. busiest])];
    }

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Cut(string text, int most) => text.Length <= most ? text : text[..(most - 1)] + "…";

    /// <summary>A rate in at most five characters.</summary>
    private static string Rate(double rate) => rate switch
    {
        0 => "0",
        < 10 => rate.ToString("0.0", CultureInfo.InvariantCulture),
        < 100_000 => rate.ToString("0", CultureInfo.InvariantCulture),
        < 10_000_000 => (rate / 1000).ToString("0", CultureInfo.InvariantCulture) + "k",
        _ => (rate / 1_000_000).ToString("0", CultureInfo.InvariantCulture) + "M",
    };

    private static string Bytes(double rate) => rate switch
    {
        < 10_000 => rate.ToString("0", CultureInfo.InvariantCulture) + " B",
        < 10_000_000 => (rate / 1000).ToString("0", CultureInfo.InvariantCulture) + " kB",
        _ => (rate / 1_000_000).ToString("0", CultureInfo.InvariantCulture) + " MB",
    };

    private double KeyOf(KsockStatus ksock, Rates rates) => order switch
    {
        "sent" => rates.Sent,
        "got" => rates.Delivered,
        "bytes" => rates.Bytes,
        "queue" => ksock.Queued,
        "missed" => ksock.Missed,
        "owed" => ksock.WaitsFor.Count,
        _ => rates.Sent + rates.Delivered,
    };

    /// <summary>What was counted in each second.</summary>
    private sealed class Rates(TrafficStatus before, TrafficStatus now, double seconds)
    {
        public double Sent { get; } = Of(before.Sent, now.Sent, seconds);

        public double Delivered { get; } = Of(before.Delivered, now.Delivered, seconds);

        public double Bytes { get; } = Of(before.SentBytes + before.DeliveredBytes, now.SentBytes + now.DeliveredBytes, seconds);

        public double Requests { get; } = Of(before.Requests, now.Requests, seconds);

        public double Missed { get; } = Of(before.Missed, now.Missed, seconds);

        public double Refused { get; } = Of(before.AllRefused, now.AllRefused, seconds);

        // A kbusd that was started anew counts from 0.
        private static double Of(long before, long now, double seconds) => Math.Max(0, now - before) / seconds;
    }
}
