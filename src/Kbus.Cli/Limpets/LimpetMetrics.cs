using static Kbus.Cli.MetricsText;

namespace Kbus.Cli;

/// <summary>What Limpets carry, in the text form that Prometheus reads.</summary>
/// <remarks>A Limpet is known by its network id and address, a link besides by its bus and peer. These stay the same when a link is made
/// again. Counters run from the Limpet's start.</remarks>
internal static class LimpetMetrics
{
    private static readonly (string Name, string Type, string Help, Func<LimpetLinkStatus, string?> Value)[] OfLinks =
    [
        ("link_up", Gauge, "Whether the link carries messages.", l => l.IsUp ? "1" : "0"),
        ("link_standby", Gauge, "Whether the link waits until another way fails.", l => l.IsOnStandby ? "1" : "0"),
        ("link_state_since_seconds", Gauge, "When the link came into its state, in seconds since 1970.", l => l.Since is { } since ? Number(since.ToUnixTimeMilliseconds() / 1000.0) : null),
        ("links_made_total", Counter, "How often the link was made.", l => Number(l.Made)),
        ("received_messages_total", Counter, "Messages of the peer that the bus took.", l => Number(l.Messages.In)),
        ("sent_messages_total", Counter, "Messages written for the peer.", l => Number(l.Messages.Out)),
        ("received_bytes_total", Counter, "Bytes read from the peer.", l => Number(l.Bytes.In)),
        ("sent_bytes_total", Counter, "Bytes written for the peer.", l => Number(l.Bytes.Out)),
        ("refused_messages_total", Counter, "Messages of the peer that the bus refused.", l => Number(l.Refused)),
        ("missed_messages_total", Counter, "Messages that the peer missed because it took nothing.", l => Number(l.Missed)),
        ("backlog_bytes", Gauge, "Bytes that wait to be written to the peer.", l => Number(l.Backlog)),
        ("awaited_requests", Gauge, "Requests that are on their way to be answered by the peer's bus.", l => Number(l.Awaited)),
        ("repliers", Gauge, "Names for which the Limpet represents a replier of the peer's bus.", l => Number(l.Repliers)),
        ("round_trip_seconds", Gauge, "Time to the peer's machine and back, as the kernel measures it. Links over TCP have it.", l => l.RoundTrip > 0 ? Number(l.RoundTrip / 1e6) : null),
    ];

    /// <summary>Writes all down, line by line.</summary>
    public static IEnumerable<string> Lines(IReadOnlyList<LimpetAnswer> answers)
    {
        LimpetStatus[] limpets = [.. answers.Select(a => a.Status).OfType<LimpetStatus>()];
        List<string> lines = [.. Head("kbus_limpet_info", Gauge, "A Limpet that runs.")];
        lines.AddRange(limpets.Select(l =>
            $"kbus_limpet_info{{{Labels(l)},role=\"{(l.IsServer ? "server" : "client")}\",tls=\"{(l.IsTls ? "yes" : "no")}\",version=\"{Escaped(l.Version)}\",pid=\"{l.ProcessId}\"}} 1"));
        lines.AddRange(Head("kbus_limpet_silent", Gauge, "Limpets whose socket is there, but that gave no report."));
        lines.Add($"kbus_limpet_silent {answers.Count - limpets.Length}");
        lines.AddRange(Head("kbus_limpet_connections_sent_away_total", Counter, "Connections that a server has sent away."));
        lines.AddRange(limpets.Where(l => l.IsServer).Select(l => $"kbus_limpet_connections_sent_away_total{{{Labels(l)}}} {l.SentAway}"));
        foreach ((string name, string type, string help, Func<LimpetLinkStatus, string?> value) in OfLinks)
        {
            lines.AddRange(Head("kbus_limpet_" + name, type, help));
            lines.AddRange(
                from limpet in limpets
                from link in limpet.Links
                let number = value(link)
                where number is not null
                select $"kbus_limpet_{name}{{{Labels(limpet)},bus=\"{link.Bus}\",peer=\"{Escaped(link.Peer)}\"}} {number}");
        }

        return lines;
    }

    private static string Labels(LimpetStatus limpet) => $"limpet=\"{limpet.NetworkId}\",address=\"{Escaped(limpet.Address)}\"";
}
