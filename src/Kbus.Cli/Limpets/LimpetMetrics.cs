using System.Globalization;

namespace Kbus.Cli;

/// <summary>What Limpets carry, in the text form that Prometheus reads.</summary>
/// <remarks>A Limpet is known by its network id and address, a link besides by its bus and peer. These stay the same when a link is made
/// again. Counters run from the Limpet's start.</remarks>
internal static class LimpetMetrics
{
    private static readonly (string Name, string Type, string Help, Func<LimpetLinkStatus, string?> Value)[] OfLinks =
    [
        ("link_up", "gauge", "Whether the link carries messages.", l => l.IsUp ? "1" : "0"),
        ("link_standby", "gauge", "Whether the link waits until another way fails.", l => l.IsOnStandby ? "1" : "0"),
        ("link_state_since_seconds", "gauge", "When the link came into its state, in seconds since 1970.", l => l.Since is { } since ? Seconds(since.ToUnixTimeMilliseconds() / 1000.0) : null),
        ("links_made_total", "counter", "How often the link was made.", l => Text(l.Made)),
        ("received_messages_total", "counter", "Messages of the peer that the bus took.", l => Text(l.Messages.In)),
        ("sent_messages_total", "counter", "Messages written for the peer.", l => Text(l.Messages.Out)),
        ("received_bytes_total", "counter", "Bytes read from the peer.", l => Text(l.Bytes.In)),
        ("sent_bytes_total", "counter", "Bytes written for the peer.", l => Text(l.Bytes.Out)),
        ("refused_messages_total", "counter", "Messages of the peer that the bus refused.", l => Text(l.Refused)),
        ("missed_messages_total", "counter", "Messages that the peer missed because it took nothing.", l => Text(l.Missed)),
        ("backlog_bytes", "gauge", "Bytes that wait to be written to the peer.", l => Text(l.Backlog)),
        ("awaited_requests", "gauge", "Requests that are on their way to be answered by the peer's bus.", l => Text(l.Awaited)),
        ("repliers", "gauge", "Names for which the Limpet represents a replier of the peer's bus.", l => Text(l.Repliers)),
        ("round_trip_seconds", "gauge", "Time to the peer's machine and back, as the kernel measures it. Links over TCP have it.", l => l.RoundTrip > 0 ? Seconds(l.RoundTrip / 1e6) : null),
    ];

    /// <summary>Writes all down, line by line.</summary>
    public static IEnumerable<string> Lines(IReadOnlyList<LimpetAnswer> answers)
    {
        LimpetStatus[] limpets = [.. answers.Select(a => a.Status).OfType<LimpetStatus>()];
        List<string> lines = [.. Head("info", "gauge", "A Limpet that runs.")];
        lines.AddRange(limpets.Select(l =>
            $"kbus_limpet_info{{{Labels(l)},role=\"{(l.IsServer ? "server" : "client")}\",tls=\"{(l.IsTls ? "yes" : "no")}\",version=\"{Escaped(l.Version)}\",pid=\"{l.ProcessId}\"}} 1"));
        lines.AddRange(Head("silent", "gauge", "Limpets whose socket is there, but that gave no report."));
        lines.Add($"kbus_limpet_silent {answers.Count - limpets.Length}");
        lines.AddRange(Head("connections_sent_away_total", "counter", "Connections that a server has sent away."));
        lines.AddRange(limpets.Where(l => l.IsServer).Select(l => $"kbus_limpet_connections_sent_away_total{{{Labels(l)}}} {l.SentAway}"));
        foreach ((string name, string type, string help, Func<LimpetLinkStatus, string?> value) in OfLinks)
        {
            lines.AddRange(Head(name, type, help));
            lines.AddRange(
                from limpet in limpets
                from link in limpet.Links
                let number = value(link)
                where number is not null
                select $"kbus_limpet_{name}{{{Labels(limpet)},bus=\"{link.Bus}\",peer=\"{Escaped(link.Peer)}\"}} {number}");
        }

        return lines;
    }

    private static string[] Head(string name, string type, string help) => [$"# HELP kbus_limpet_{name} {help}", $"# TYPE kbus_limpet_{name} {type}"];

    private static string Labels(LimpetStatus limpet) => $"limpet=\"{limpet.NetworkId}\",address=\"{Escaped(limpet.Address)}\"";

    private static string Escaped(string text) =>
        text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Seconds(double seconds) => seconds.ToString("0.######", CultureInfo.InvariantCulture);
}
