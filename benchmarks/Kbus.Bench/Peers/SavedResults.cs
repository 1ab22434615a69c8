using System.Globalization;
using System.Text;

namespace Kbus.Bench.Peers;

/// <summary>Keeps results in benchmarks/results, for documents that quote them.</summary>
internal static class SavedResults
{
    /// <summary>Writes them as a document and as JSON.</summary>
    /// <returns>The two files, from the root of the tree.</returns>
    public static string Write(Results results)
    {
        string name = Path.Combine("benchmarks", "results", $"{results.Machine.Date}-{results.Machine.ProcessorSlug}");
        Directory.CreateDirectory(Path.Combine(Checkout.Root, "benchmarks", "results"));
        File.WriteAllText(Path.Combine(Checkout.Root, name + ".json"), ResultJson.Of(results));
        File.WriteAllText(Path.Combine(Checkout.Root, name + ".md"), Document(results));
        return $"{name}.md, {name}.json";
    }

    private static string Document(Results results)
    {
        Machine machine = results.Machine;
        var text = new StringBuilder();
        Line(text, $"# KBUS beside its peers, {machine.Date}\n");
        Line(text, $"Made by `./bench peers --save`; {results.Rounds} rounds, all measurements in turn.\n");
        Line(text, $"| | |\n|---|---|\n| processor | {machine.Processor}, {machine.Cores} cores |\n| kernel | Linux {machine.Kernel} |");
        Line(text, $"| commit | {machine.Commit} |\n| kbusd | {machine.Kbusd} |");
        Line(text, $"| packages | {string.Join(", ", machine.Packages.Select(p => $"{p.Key} {p.Value}"))} |");
        Line(text, $"\n## Targets\n\n| # | What | Target | Figure | |\n|---|---|---|---|---|");
        foreach (Target t in results.Targets)
        {
            string figure = t.Figure is { } f ? $"{ResultText.Number(f)} {t.Unit}" : "";
            Line(text, $"| {t.Id} | {t.What} | {t.Wanted} | {figure} | {ResultText.Verdict(t)}{(t.Reason is { } r ? $": {r}" : "")} |");
        }

        foreach (IGrouping<PeerMeasurement, Series> group in results.Series.GroupBy(s => s.Measurement))
        {
            WriteMeasurement(text, results, group.Key, [.. group.Where(s => s.HasFigures)]);
        }

        Line(text, $"\n## How each was run\n");
        foreach (Peer peer in results.Series.Select(s => s.Peer).Distinct())
        {
            Line(text, $"- **{peer.Name}**: {peer.Notes}");
        }

        foreach (MissingPeer peer in results.Missing)
        {
            Line(text, $"- **{peer.Name}** is missing: {peer.Reason}");
        }

        return text.ToString();
    }

    private static void WriteMeasurement(StringBuilder text, Results results, PeerMeasurement measurement, Series[] all)
    {
        Line(text, $"\n## {measurement.Name}: {measurement.Title}\n");
        Line(text, $"| {measurement.Unit} | median | least | greatest | p99.9 | times KBUS's |\n|---|---|---|---|---|---|");
        foreach (Series s in all)
        {
            string tail = s.Tail is { } t ? ResultText.Number(t) : "", ratio = results.TimesKbus(s) is { } times ? ResultText.Number(times) : "";
            Line(text, $"| {s.Peer.Name} | {ResultText.Number(s.Median)} | {ResultText.Number(s.Least)} | {ResultText.Number(s.Greatest)} | {tail} | {ratio} |");
        }
    }

    private static void Line(StringBuilder text, FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
}
