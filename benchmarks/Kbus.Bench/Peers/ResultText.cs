using System.Globalization;
using System.Text;

namespace Kbus.Bench.Peers;

/// <summary>Results as tables, for a terminal.</summary>
internal static class ResultText
{
    /// <summary>Writes them.</summary>
    public static string Of(Results results)
    {
        var text = new StringBuilder();
        Machine machine = results.Machine;
        Line(text, $"{machine.Processor}, {machine.Cores} cores, Linux {machine.Kernel}; {machine.Date}, commit {machine.Commit}");
        Line(text, $"kbusd {machine.Kbusd}; medians of {results.Rounds} rounds");
        foreach (IGrouping<PeerMeasurement, Series> group in results.Series.GroupBy(s => s.Measurement))
        {
            WriteMeasurement(text, results, group.Key, [.. group]);
        }

        Line(text, $"\ntargets");
        foreach (Target target in results.Targets)
        {
            string figure = target.Figure is { } f ? $"{Number(f)} {target.Unit}" : "-";
            Line(text, $"  {target.Id,-4} {Verdict(target),-14} {figure,-14} {target.Wanted,-20} {target.What}{(target.Reason is { } r ? $" ({r})" : "")}");
        }

        if (results.Missing.Count > 0)
        {
            Line(text, $"\nmissing");
            foreach (MissingPeer peer in results.Missing)
            {
                Line(text, $"  {peer.Name,-16} {peer.Reason}");
            }
        }

        return text.ToString();
    }

    /// <summary>A number with three or more digits that mean something.</summary>
    public static string Number(double value) =>
        value.ToString(Math.Abs(value) >= 100 || value == 0 ? "F0" : Math.Abs(value) >= 10 ? "F1" : "F2", CultureInfo.InvariantCulture);

    /// <summary>Whether a target holds, in words.</summary>
    public static string Verdict(Target target) => target.Holds switch
    {
        true => "holds",
        false => "does not hold",
        null => "not measured",
    };

    private static void WriteMeasurement(StringBuilder text, Results results, PeerMeasurement measurement, Series[] all)
    {
        Line(text, $"\n{measurement.Name}: {measurement.Title} ({measurement.Unit}, {(measurement.MoreIsBetter ? "more" : "less")} is better)");
        bool tails = all.Any(s => s.HasFigures && s.Tail is not null);
        Line(text, $"  {"",-16} {"median",10}   {"least .. greatest",-22} {(tails ? "p99.9" : ""),10}   {(all.Length > 1 ? "times KBUS's" : ""),12}");
        foreach (Series s in all)
        {
            if (!s.HasFigures)
            {
                Line(text, $"  {s.Peer.Name,-16} {"-",10}   {s.Fault}");
                continue;
            }

            string ratio = all.Length > 1 && results.TimesKbus(s) is { } times ? Number(times) : "";
            string tail = s.Tail is { } t ? Number(t) : "";
            string fault = s.Fault is null ? "" : $"   (in {s.Samples.Count} rounds only: {s.Fault})";
            Line(text, $"  {s.Peer.Name,-16} {Number(s.Median),10}   {$"{Number(s.Least)} .. {Number(s.Greatest)}",-22} {tail,10}   {ratio,12}{fault}");
        }
    }

    private static void Line(StringBuilder text, FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture).TrimEnd()).Append('\n');
}
