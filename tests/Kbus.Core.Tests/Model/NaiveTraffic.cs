namespace Kbus.Core.Tests;

/// <summary>What the model counts of a bus, a Ksock or a name.</summary>
internal sealed class NaiveTraffic
{
    public ulong Sent { get; set; }

    public ulong SentBytes { get; set; }

    public ulong Delivered { get; set; }

    public ulong DeliveredBytes { get; set; }

    public ulong Missed { get; set; }

    public ulong Requests { get; set; }

    public ulong Replies { get; set; }

    public SortedDictionary<string, ulong> Statuses { get; } = new(StringComparer.Ordinal);

    public SortedDictionary<string, ulong> Refused { get; } = new(StringComparer.Ordinal);

    /// <summary>The counts of the bus, in the same form.</summary>
    public static NaiveTraffic Of(in TrafficCounts counts)
    {
        var traffic = new NaiveTraffic
        {
            Sent = counts.Sent,
            SentBytes = counts.SentBytes,
            Delivered = counts.Delivered,
            DeliveredBytes = counts.DeliveredBytes,
            Missed = counts.Missed,
            Requests = counts.Requests,
            Replies = counts.Replies,
        };
        foreach (StatusKind kind in Enum.GetValues<StatusKind>())
        {
            Add(traffic.Statuses, kind.ToString(), counts.Statuses[(int)kind]);
        }

        for (int i = 0; i < RefusalCounts.Count; i++)
        {
            Add(traffic.Refused, i < RefusalCounts.Errors.Length ? RefusalCounts.Errors[i].ToString() : "other", counts.Refused[i]);
        }

        return traffic;
    }

    public static void Add(SortedDictionary<string, ulong> counts, string key, ulong count)
    {
        if (count > 0)
        {
            counts[key] = counts.GetValueOrDefault(key) + count;
        }
    }

    public override string ToString() =>
        $"sent {Sent} of {SentBytes}, delivered {Delivered} of {DeliveredBytes}, missed {Missed}, Requests {Requests}, Replies {Replies}, "
        + $"Statuses {string.Join(' ', Statuses)}, refused {string.Join(' ', Refused)}";
}
