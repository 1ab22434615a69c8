using System.Text.Json;

namespace Kbus.Cli;

/// <summary>What a Limpet says of itself, read from its report.</summary>
/// <param name="ProcessId">Its process.</param>
/// <param name="IsServer">Whether it waits for its peers.</param>
/// <param name="Address">Where it listens, or connects to.</param>
/// <param name="NetworkId">Its network id.</param>
/// <param name="IsTls">Whether its links are protected.</param>
/// <param name="Version">Its version.</param>
/// <param name="SentAway">How many connections it has sent away.</param>
/// <param name="Links">Its links, whether they are there or not.</param>
internal sealed record LimpetStatus(
    long ProcessId, bool IsServer, string Address, long NetworkId, bool IsTls, string Version, long SentAway, IReadOnlyList<LimpetLinkStatus> Links)
{
    /// <summary>Reads a report. What an older or newer Limpet does not say is 0 or empty.</summary>
    /// <returns>Null if it is none.</returns>
    public static LimpetStatus? Read(ReadOnlyMemory<byte> document)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(document);
            JsonElement root = json.RootElement;
            return root.Number("kbus_limpet") == 0 ? null : new LimpetStatus(
                root.Number("pid"), root.Text("role") == "server", root.Text("address"), root.Number("network_id"), root.Flag("tls"), root.Text("version"),
                root.Number("sent_away"), [.. root.Items("links").Select(LimpetLinkStatus.Read)]);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }
}
