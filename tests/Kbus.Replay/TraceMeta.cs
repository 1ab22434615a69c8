using System.Globalization;
using System.Text.Json;

namespace Kbus.Replay;

/// <summary>The first line of a trace: the limits and the number of buses of the freshly started system that it was taken with.</summary>
internal sealed record TraceMeta
{
    /// <summary>The name of the trace.</summary>
    public required string Name { get; init; }

    /// <summary>How many buses there are at the start, numbered from 0.</summary>
    public required int Devices { get; init; }

    /// <summary>The queue limit of a new Ksock.</summary>
    public required uint DefaultMaxMessages { get; init; }

    /// <summary>The largest message size that can be set, in bytes of the entire form.</summary>
    public required uint AbsoluteMaxMessageSize { get; init; }

    /// <summary>The message size in force at the start, in bytes of the entire form.</summary>
    public required uint DefaultMaxMessageSize { get; init; }

    /// <summary>How many unbind events a bus sets aside before it says that some were lost.</summary>
    public required int MaxSetAsideEvents { get; init; }

    /// <summary>These limits as options of <c>kbusd</c>.</summary>
    public IReadOnlyList<string> DaemonOptions =>
    [
        "--buses", Number(Devices),
        "--default-max-messages", Number(DefaultMaxMessages),
        "--default-max-message-size", Number(DefaultMaxMessageSize),
        "--absolute-max-message-size", Number(AbsoluteMaxMessageSize),
        "--max-set-aside-events", Number(MaxSetAsideEvents),
    ];

    /// <summary>Reads the object behind <c>"meta"</c>.</summary>
    public static TraceMeta Read(JsonElement meta) => new()
    {
        Name = meta.GetProperty("name").GetString()!,
        Devices = meta.GetProperty("devices").GetInt32(),
        DefaultMaxMessages = meta.GetProperty("default_max_messages").GetUInt32(),
        AbsoluteMaxMessageSize = meta.GetProperty("absolute_max_message_size").GetUInt32(),
        DefaultMaxMessageSize = meta.GetProperty("default_max_message_size").GetUInt32(),
        MaxSetAsideEvents = meta.GetProperty("max_set_aside_events").GetInt32(),
    };

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
