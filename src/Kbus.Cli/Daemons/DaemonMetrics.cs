using static Kbus.Cli.MetricsText;

namespace Kbus.Cli;

/// <summary>What a daemon counts, in the text form that Prometheus reads.</summary>
/// <remarks>Counters run from the start of kbusd. Those of a name begin anew when it was unused for so long that its counts were given
/// up.</remarks>
internal static class DaemonMetrics
{
    private static readonly (string Name, string Type, string Help, Func<DaemonStatus, string> Value)[] OfDaemon =
    [
        ("kbus_uptime_seconds", Gauge, "For how long kbusd has been serving.", d => Number(d.Uptime)),
        ("kbus_processor_seconds_total", Counter, "Processor time that kbusd has used.", d => Number(d.ProcessorTime)),
        ("kbus_memory_bytes", Gauge, "Memory that kbusd has in use.", d => Number(d.Memory)),
        ("kbus_buses", Gauge, "Buses that gave a report.", d => Number(d.Buses.Count)),
        ("kbus_silent_buses", Gauge, "Buses that gave no report in time.", d => Number(d.Missing.Count)),
        ("kbus_withheld_buses", Gauge, "Buses that the policy does not let this user see.", d => Number(d.Withheld.Count)),
    ];

    private static readonly (string Name, string Type, string Help, Func<BusStatus, long> Value)[] OfBus =
    [
        ("kbus_ksocks", Gauge, "Open Ksocks.", b => b.Ksocks.Count),
        ("kbus_bindings", Gauge, "Bindings.", b => b.Ksocks.Sum(k => k.Bindings.Count)),
        ("kbus_queued_messages", Gauge, "Messages in queues.", b => b.Ksocks.Sum(k => k.Queued)),
        ("kbus_full_queues", Gauge, "Queues that have no room.", b => b.Ksocks.Count(k => k.Queued >= k.MaxMessages)),
        ("kbus_waiting_senders", Gauge, "Messages that wait for room.", b => b.Ksocks.Count(k => k.IsSending)),
        ("kbus_owed_answers", Gauge, "Requests that are still to be answered.", b => b.Ksocks.Sum(k => k.WaitsFor.Count)),
        ("kbus_set_aside_events", Gauge, "Unbind events that wait for listeners without room.", b => b.SetAsideEvents),
        ("kbus_watchers", Gauge, "Those who watch the bus.", b => b.Watchers),
        ("kbus_wake_ups_total", Counter, "How often the bus has slept and was woken.", b => b.WakeUps),
    ];

    private static readonly (string Name, string Help, Func<TrafficStatus, long> Value)[] OfTraffic =
    [
        ("sent_messages_total", "Messages that members sent.", t => t.Sent),
        ("sent_bytes_total", "Bytes of the messages that members sent.", t => t.SentBytes),
        ("delivered_messages_total", "Copies that were put into queues.", t => t.Delivered),
        ("delivered_bytes_total", "Bytes of those copies.", t => t.DeliveredBytes),
        ("missed_messages_total", "Copies that listeners without room have missed.", t => t.Missed),
        ("requests_total", "Requests among the sent messages.", t => t.Requests),
        ("replies_total", "Replies that answered a Request.", t => t.Replies),
        ("statuses_total", "Statuses that answered a Request in place of a Reply.", t => t.Statuses),
    ];

    /// <summary>The lines when no kbusd answers.</summary>
    public static IReadOnlyList<string> Down { get; } = [.. Up(0)];

    /// <summary>Writes all down, line by line.</summary>
    /// <param name="daemon">What the daemon says.</param>
    /// <param name="withNames">Whether each name has metrics of its own. There may be thousands.</param>
    public static IReadOnlyList<string> Lines(DaemonStatus daemon, bool withNames)
    {
        List<string> lines =
        [
            .. Up(1), .. Head("kbus_info", Gauge, "The kbusd that answers."),
            $"kbus_info{{version=\"{Escaped(daemon.Version)}\",runtime_dir=\"{Escaped(daemon.Directory)}\",pid=\"{daemon.ProcessId}\"}} 1",
        ];
        foreach ((string name, string type, string help, Func<DaemonStatus, string> value) in OfDaemon)
        {
            lines.AddRange([.. Head(name, type, help), $"{name} {value(daemon)}"]);
        }

        foreach ((string name, string type, string help, Func<BusStatus, long> value) in OfBus)
        {
            lines.AddRange([.. Head(name, type, help), .. daemon.Buses.Select(b => $"{name}{{bus=\"{b.Number}\"}} {Number(value(b))}")]);
        }

        Add(lines, "kbus_", daemon.Buses.Select(b => ($"bus=\"{b.Number}\"", b.Traffic)));
        if (withNames)
        {
            Add(lines, "kbus_name_", daemon.Buses.SelectMany(b => b.Names.Select(n => ($"bus=\"{b.Number}\",name=\"{Escaped(n.Name)}\"", n.Traffic))));
        }

        return lines;
    }

    private static string[] Up(int isUp) => [.. Head("kbus_up", Gauge, "Whether a kbusd answers."), $"kbus_up {isUp}"];

    private static void Add(List<string> lines, string prefix, IEnumerable<(string Labels, TrafficStatus Traffic)> counted)
    {
        (string Labels, TrafficStatus Traffic)[] all = [.. counted];
        foreach ((string name, string help, Func<TrafficStatus, long> value) in OfTraffic)
        {
            lines.AddRange([.. Head(prefix + name, Counter, help), .. all.Select(c => $"{prefix}{name}{{{c.Labels}}} {Number(value(c.Traffic))}")]);
        }

        lines.AddRange(Head(prefix + "refused_messages_total", Counter, "Sends that were refused, by errno."));
        lines.AddRange(
            from one in all
            from refused in one.Traffic.Refused
            select $"{prefix}refused_messages_total{{{one.Labels},error=\"{Escaped(refused.Error)}\"}} {Number(refused.Count)}");
    }
}
