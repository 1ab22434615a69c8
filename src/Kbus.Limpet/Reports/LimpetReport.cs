using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace Kbus.Limpets;

/// <summary>What a <see cref="LimpetServer"/> or <see cref="LimpetClient"/> is, and what its links are, at one moment.</summary>
public sealed record LimpetReport
{
    /// <summary>Whether it waits for its peers. Otherwise it connects to its peer.</summary>
    public bool IsServer { get; init; }

    /// <summary>Where it listens, or connects to.</summary>
    public required LimpetAddress Address { get; init; }

    /// <summary>Its network id.</summary>
    public uint NetworkId { get; init; }

    /// <summary>Whether its links are protected by TLS.</summary>
    public bool IsTls { get; init; }

    /// <summary>When it began.</summary>
    public DateTimeOffset Started { get; init; }

    /// <summary>How many connections a server has sent away.</summary>
    public long SentAway { get; init; }

    /// <summary>Its links: one for each peer, whether it is there or not.</summary>
    public IReadOnlyList<LimpetLinkReport> Links { get; init; } = [];

    /// <summary>Writes it down as a JSON document of one line, as <c>kbus status --limpets --json</c> shows it.</summary>
    /// <returns>The document in UTF-8.</returns>
    public byte[] ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("kbus_limpet", 1);
            json.WriteString("version", typeof(LimpetReport).Assembly.GetName().Version?.ToString(3));
            json.WriteNumber("pid", Environment.ProcessId);
            json.WriteString("role", IsServer ? "server" : "client");
            json.WriteString("address", $"{Address}");
            json.WriteNumber("network_id", NetworkId);
            json.WriteBoolean("tls", IsTls);
            json.WriteString("started", Text(Started));
            json.WriteNumber("sent_away", SentAway);
            json.WriteStartArray("links");
            foreach (LimpetLinkReport link in Links)
            {
                Write(json, link);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static void Write(Utf8JsonWriter json, LimpetLinkReport link)
    {
        json.WriteStartObject();
        json.WriteString("peer", link.Peer);
        json.WriteNumber("bus", link.Bus);
        json.WriteString("state", link.State switch { LimpetLinkState.Up => "up", LimpetLinkState.Standby => "standby", _ => "down" });
        json.WriteString("since", Text(link.Since));
        json.WriteString("reason", link.Reason);
        json.WriteNumber("network_id", link.PeerNetworkId);
        json.WriteNumber("ksock", link.KsockId);
        json.WriteString("identity", link.Identity);
        json.WriteString("place", link.Place);
        json.WriteNumber("made", link.Made);
        json.WriteNumber("messages_in", link.Counts.CarriedIn);
        json.WriteNumber("messages_out", link.Counts.CarriedOut);
        json.WriteNumber("bytes_in", link.Counts.BytesIn);
        json.WriteNumber("bytes_out", link.Counts.BytesOut);
        json.WriteNumber("refused", link.Counts.Refused);
        json.WriteNumber("missed", link.Counts.Missed);
        json.WriteNumber("backlog", link.Counts.Backlog);
        json.WriteNumber("awaited", link.Counts.Awaited);
        json.WriteNumber("repliers", link.Counts.Proxies);
        if (link.RoundTrip is { } roundTrip)
        {
            json.WriteNumber("round_trip_us", (long)roundTrip.TotalMicroseconds);
        }

        json.WriteEndObject();
    }

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
