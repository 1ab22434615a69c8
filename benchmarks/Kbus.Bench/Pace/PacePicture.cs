namespace Kbus.Bench.Pace;

/// <summary>Latency and processor time over the pace, one line for each peer.</summary>
internal static class PacePicture
{
    /// <summary>The charts: two for each kind of surroundings.</summary>
    public static IReadOnlyList<Chart> ChartsOf(PaceResults results) =>
    [
        .. results.Series.GroupBy(s => s.Situation.SurroundingsText).SelectMany(g => new[]
        {
            ChartOf(g, $"Latency: {g.Key}", "microseconds of a Request and its Reply, median", s => s.Median),
            ChartOf(g, $"Processor time: {g.Key}", "microseconds of all processes for each Request", s => s.Processor),
        }),
    ];

    private static Chart ChartOf(IEnumerable<PaceSeries> all, string title, string up, Func<PaceSample, double> figure) => new(
        title,
        "microseconds from one Request to the next",
        up,
        [
            .. all.Where(s => s.Situation.Pace > 0).GroupBy(s => s.Peer.Name).Select(g => new ChartLine(
                g.Key, [.. g.Where(s => s.Middle is not null).Select(s => ((double)s.Situation.Pace, figure(s.Middle!)))])),
        ]);
}
