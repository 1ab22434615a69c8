using System.Text.Json;

namespace Kbus.Cli;

/// <summary>One bus in a daemon's status.</summary>
/// <param name="Number">Its number.</param>
/// <param name="MaxMessageSize">Its greatest entire message now, in bytes.</param>
/// <param name="ReportsBinds">Whether it announces when repliers bind and unbind.</param>
/// <param name="IsVerbose">Whether its verbose setting is on.</param>
/// <param name="SetAsideEvents">Unbind events that wait for listeners without room.</param>
/// <param name="Ksocks">Its Ksocks, by id.</param>
/// <param name="IsComplete">Whether its report is complete.</param>
internal sealed record BusStatus(
    uint Number, long MaxMessageSize, bool ReportsBinds, bool IsVerbose, long SetAsideEvents, IReadOnlyList<KsockStatus> Ksocks,
    bool IsComplete = true)
{
    /// <summary>What has gone over it.</summary>
    public TrafficStatus Traffic { get; init; } = TrafficStatus.None;

    /// <summary>What has gone over it by names, in the order in which they came up.</summary>
    public IReadOnlyList<NameStatus> Names { get; init; } = [];

    /// <summary>What has gone over it under all other names.</summary>
    public TrafficStatus OtherNames { get; init; } = TrafficStatus.None;

    /// <summary>Those who watch it now.</summary>
    public long Watchers { get; init; }

    /// <summary>How often its thread has slept and was woken.</summary>
    public long WakeUps { get; init; }

    /// <summary>Asks the daemon about one bus.</summary>
    /// <exception cref="CommandException">There is no daemon, no such bus, or it may not be seen.</exception>
    public static BusStatus Ask(Invocation invocation, uint number)
    {
        var status = DaemonStatus.Read(DaemonQuestion.Status(DaemonPlaces.Find(invocation.Arguments.Text(Options.RuntimeDir), Environment.GetEnvironmentVariable)));
        return status.Withheld.Contains(number)
            ? throw new CommandException(ExitCode.Failed, $"EPERM: the policy of the kbusd in {status.Directory} does not let this user see bus {number}.")
            : status.Buses.FirstOrDefault(b => b.Number == number)
            ?? throw new CommandException(ExitCode.NoBus, $"there is no bus {number} in {status.Directory}, or it did not answer in time.");
    }

    /// <summary>Reads a bus's part of the document.</summary>
    public static BusStatus Read(JsonElement bus) => new(
        (uint)bus.Number("bus"), bus.Number("max_message_size"), bus.Flag("reports_binds"), bus.Flag("verbose"), bus.Number("set_aside_events"),
        [.. bus.Items("ksocks").Select(KsockStatus.Read)], !bus.TryGetProperty("complete", out JsonElement complete) || complete.GetBoolean())
    {
        Traffic = TrafficStatus.ReadField(bus, "traffic"),
        Names = [.. bus.Items("names").Select(n => new NameStatus(n.Text("name"), TrafficStatus.Read(n)))],
        OtherNames = TrafficStatus.ReadField(bus, "traffic_of_other_names"),
        WakeUps = bus.Number("wake_ups"),
        Watchers = bus.Number("watchers"),
    };
}
