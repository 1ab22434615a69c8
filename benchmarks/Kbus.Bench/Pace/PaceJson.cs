using System.Text.Json.Nodes;

namespace Kbus.Bench.Pace;

/// <summary>The figures as JSON: every sample of every round.</summary>
internal static class PaceJson
{
    /// <summary>Writes them.</summary>
    public static string Of(PaceResults results)
    {
        var document = new JsonObject
        {
            ["date"] = results.Machine.Date,
            ["processor"] = results.Machine.Processor,
            ["cores"] = results.Machine.Cores,
            ["kernel"] = results.Machine.Kernel,
            ["commit"] = results.Machine.Commit,
            ["rounds"] = results.Rounds,
            ["unit"] = "us",
            ["measurements"] = new JsonArray([.. results.Series.Select(Of)]),
            ["missing"] = new JsonArray([.. results.Missing.Select(m => (JsonNode)new JsonObject { ["peer"] = m.Name, ["reason"] = m.Reason })]),
        };
        return document.ToJsonString(new() { WriteIndented = true }) + "\n";
    }

    private static JsonNode Of(PaceSeries series) => new JsonObject
    {
        ["peer"] = series.Peer.Name,
        ["pace"] = series.Situation.Pace,
        ["pairs"] = series.Situation.Pairs,
        ["busy"] = series.Situation.Busy,
        ["one_processor"] = series.Situation.OneProcessor,
        ["fault"] = series.Fault,
        ["samples"] = new JsonArray([.. series.Samples.Select(s => (JsonNode)new JsonObject
        {
            ["median"] = s.Median,
            ["p99"] = s.P99,
            ["p999"] = s.P999,
            ["processor"] = s.Processor,
            ["switches"] = s.Switches,
        })]),
    };
}
