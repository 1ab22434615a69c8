using System.Text.Json;

namespace Kbus.Cli;

/// <summary>What has gone over a bus, from and to a Ksock, or under a name, as a daemon counts it.</summary>
/// <param name="Sent">Messages that members sent.</param>
/// <param name="SentBytes">Their bytes.</param>
/// <param name="Delivered">Copies that were put into queues.</param>
/// <param name="DeliveredBytes">Their bytes.</param>
/// <param name="Missed">Copies that listeners without room have missed.</param>
/// <param name="Requests">Requests among the sent messages.</param>
/// <param name="Replies">Replies that answered a Request.</param>
/// <param name="Statuses">Statuses that answered one, of all kinds.</param>
/// <param name="Refused">Refused sends by the name of their errno.</param>
internal sealed record TrafficStatus(
    long Sent, long SentBytes, long Delivered, long DeliveredBytes, long Missed, long Requests, long Replies, long Statuses,
    IReadOnlyList<(string Error, long Count)> Refused)
{
    /// <summary>No traffic at all.</summary>
    public static TrafficStatus None { get; } = new(0, 0, 0, 0, 0, 0, 0, 0, []);

    /// <summary>Refused sends of all kinds.</summary>
    public long AllRefused => Refused.Sum(r => r.Count);

    /// <summary>Whether anything was counted.</summary>
    public bool IsNone => Sent + Delivered + Missed + Requests + Replies + Statuses + AllRefused == 0;

    /// <summary>Reads the counts out of an object that has them among its fields.</summary>
    public static TrafficStatus Read(JsonElement traffic) => new(
        traffic.Number("sent"), traffic.Number("sent_bytes"), traffic.Number("delivered"), traffic.Number("delivered_bytes"), traffic.Number("missed"),
        traffic.Number("requests"), traffic.Number("replies"), Fields(traffic, "statuses").Sum(s => s.Count), [.. Fields(traffic, "refused")]);

    /// <summary>Reads the counts of an older daemon, too: it has none.</summary>
    public static TrafficStatus ReadField(JsonElement owner, string name) => owner.TryGetProperty(name, out JsonElement traffic) ? Read(traffic) : None;

    private static IEnumerable<(string Name, long Count)> Fields(JsonElement owner, string name) => owner.TryGetProperty(name, out JsonElement counts)
        ? counts.EnumerateObject().Select(f => (f.Name, f.Value.GetInt64()))
        : [];
}

/// <summary>The traffic under one name.</summary>
/// <param name="Name">The name.</param>
/// <param name="Traffic">What has gone over the bus under it.</param>
internal sealed record NameStatus(string Name, TrafficStatus Traffic);
