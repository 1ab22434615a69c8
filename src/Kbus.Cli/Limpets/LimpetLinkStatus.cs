using System.Globalization;
using System.Text.Json;

namespace Kbus.Cli;

/// <summary>One link in a Limpet's report.</summary>
internal sealed record LimpetLinkStatus
{
    /// <summary>What the peer is called; empty if it has no name.</summary>
    public required string Peer { get; init; }

    /// <summary>The bus that it joins.</summary>
    public required long Bus { get; init; }

    /// <summary>Whether it carries messages.</summary>
    public required bool IsUp { get; init; }

    /// <summary>Whether it waits until another way fails.</summary>
    public required bool IsOnStandby { get; init; }

    /// <summary>When that began; null if the report does not say.</summary>
    public required DateTimeOffset? Since { get; init; }

    /// <summary>Why it is not there.</summary>
    public required string Reason { get; init; }

    /// <summary>The peer's network id; 0 if it is not known.</summary>
    public required long NetworkId { get; init; }

    /// <summary>Who the peer has shown to be.</summary>
    public required string Identity { get; init; }

    /// <summary>The other end of the connection.</summary>
    public required string Place { get; init; }

    /// <summary>How often it was made.</summary>
    public required long Made { get; init; }

    /// <summary>Messages from the peer, and for it.</summary>
    public required (long In, long Out) Messages { get; init; }

    /// <summary>Bytes from the peer, and for it.</summary>
    public required (long In, long Out) Bytes { get; init; }

    /// <summary>Messages of the peer that the bus refused.</summary>
    public required long Refused { get; init; }

    /// <summary>Messages that the peer missed.</summary>
    public required long Missed { get; init; }

    /// <summary>Bytes that wait for the peer.</summary>
    public required long Backlog { get; init; }

    /// <summary>Requests that are on their way.</summary>
    public required long Awaited { get; init; }

    /// <summary>Names for which the Limpet is replier.</summary>
    public required long Repliers { get; init; }

    /// <summary>Microseconds to the peer and back; 0 if that is not known.</summary>
    public required long RoundTrip { get; init; }

    /// <summary>The state in a word.</summary>
    public string State => IsUp ? "up" : IsOnStandby ? "standby" : "down";

    /// <summary>The peer as one calls it.</summary>
    public string Called => Peer.Length > 0 ? Peer : NetworkId > 0 ? $"Limpet {NetworkId}" : "its peer";

    /// <summary>Reads it. What is not there is 0 or empty.</summary>
    public static LimpetLinkStatus Read(JsonElement link) => new()
    {
        Peer = link.Text("peer"),
        Bus = link.Number("bus"),
        IsUp = link.Text("state") == "up",
        IsOnStandby = link.Text("state") == "standby",
        Since = DateTimeOffset.TryParse(link.Text("since"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset since) ? since : null,
        Reason = link.Text("reason"),
        NetworkId = link.Number("network_id"),
        Identity = link.Text("identity"),
        Place = link.Text("place"),
        Made = link.Number("made"),
        Messages = (link.Number("messages_in"), link.Number("messages_out")),
        Bytes = (link.Number("bytes_in"), link.Number("bytes_out")),
        Refused = link.Number("refused"),
        Missed = link.Number("missed"),
        Backlog = link.Number("backlog"),
        Awaited = link.Number("awaited"),
        Repliers = link.Number("repliers"),
        RoundTrip = link.Number("round_trip_us"),
    };
}
