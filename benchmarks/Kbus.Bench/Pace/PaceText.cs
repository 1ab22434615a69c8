using System.Globalization;
using System.Text;
using Kbus.Bench.Peers;

namespace Kbus.Bench.Pace;

/// <summary>The figures as tables, for a terminal.</summary>
internal static class PaceText
{
    /// <summary>Writes them.</summary>
    public static string Of(PaceResults results)
    {
        var text = new StringBuilder();
        Machine machine = results.Machine;
        Line(text, $"{machine.Processor}, {machine.Cores} cores, Linux {machine.Kernel}; {machine.Date}, commit {machine.Commit}");
        Line(text, $"kbusd {machine.Kbusd}; medians of {results.Rounds} rounds; microseconds");
        foreach (IGrouping<string, PaceSeries> surroundings in results.Series.GroupBy(s => s.Situation.SurroundingsText))
        {
            foreach (IGrouping<PaceSituation, PaceSeries> pace in surroundings.GroupBy(s => s.Situation))
            {
                Line(text, $"\n{surroundings.Key}; a Request every {pace.Key.PaceText}");
                Line(text, $"  {"",-16} {"median",9} {"p99",9} {"p99.9",9}   {"processor",9} {"switches",9}   {"times raw:",10} {"median",7} {"processor",9}");
                WriteAll(text, [.. pace]);
            }
        }

        foreach (MissingPeer peer in results.Missing)
        {
            Line(text, $"missing: {peer.Name}: {peer.Reason}");
        }

        return text.ToString();
    }

    private static void WriteAll(StringBuilder text, PaceSeries[] all)
    {
        PaceSample? raw = all.FirstOrDefault(s => s.Peer.IsRaw)?.Middle;
        foreach (PaceSeries series in all)
        {
            if (series.Middle is not { } middle)
            {
                Line(text, $"  {series.Peer.Name,-16} {"-",9}   {series.Fault}");
                continue;
            }

            string times = raw is null || series.Peer.IsRaw ? "" : string.Create(CultureInfo.InvariantCulture,
                $"{"",10} {middle.Median / raw.Median,7:F2} {middle.Processor / raw.Processor,9:F2}");
            string fault = series.Fault is null ? "" : $"   (in {series.Samples.Count} rounds only: {series.Fault})";
            Line(text, $"  {series.Peer.Name,-16} {middle.Median,9:F1} {middle.P99,9:F1} {middle.P999,9:F1}   {middle.Processor,9:F1} {middle.Switches,9:F1}   {times}{fault}");
        }
    }

    private static void Line(StringBuilder text, FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture).TrimEnd()).Append('\n');
}
