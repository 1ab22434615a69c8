using System.Text.Json;

namespace Kbus.Bench.Peers;

/// <summary>Results as JSON, for machines. Numbers are as they were found, units beside them.</summary>
internal static class ResultJson
{
    private static readonly JsonSerializerOptions Readable = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Writes them.</summary>
    public static string Of(Results results) => JsonSerializer.Serialize(
        new
        {
            results.Machine,
            results.Rounds,
            Measurements = results.Series.Where(s => s.HasFigures).Select(s => new
            {
                Measurement = s.Measurement.Name,
                Peer = s.Peer.Name,
                s.Measurement.Unit,
                s.Measurement.MoreIsBetter,
                s.Median,
                s.Least,
                s.Greatest,
                P999 = s.Tail,
                Values = s.Samples.Select(v => v.Value),
                P999s = s.Tail is null ? null : s.Samples.Select(v => v.Tail),
                TimesKbus = results.TimesKbus(s),
                s.Peer.Notes,
            }),
            results.Targets,
            results.Missing,
            Broken = results.Series.Where(s => s.Fault is not null).Select(s => new { Measurement = s.Measurement.Name, Peer = s.Peer.Name, s.Fault }),
        },
        Readable) + "\n";
}
