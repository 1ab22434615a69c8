using System.Text.Json;

namespace Kbus.Cli;

/// <summary>One Ksock in a daemon's status.</summary>
/// <param name="Id">Its id.</param>
/// <param name="ProcessId">The process that opened it.</param>
/// <param name="UserId">That process's user.</param>
/// <param name="Program">That process's program.</param>
/// <param name="Mode">The mode in which it was opened.</param>
/// <param name="NetworkId">Its network id if it is a Limpet's; otherwise 0.</param>
/// <param name="Queued">Messages in its queue.</param>
/// <param name="MaxMessages">The most that may wait.</param>
/// <param name="Missed">Messages that did not come because the queue was full.</param>
/// <param name="IsSending">Whether a message of its waits for room.</param>
/// <param name="Bindings">Its bindings, newest first.</param>
/// <param name="WaitsFor">The Requests that it has sent and that are still to be answered.</param>
internal sealed record KsockStatus(
    uint Id, long ProcessId, long UserId, string Program, string Mode, uint NetworkId, long Queued, long MaxMessages, long Missed, bool IsSending,
    IReadOnlyList<BindingStatus> Bindings, IReadOnlyList<OwedStatus> WaitsFor)
{
    /// <summary>What it has sent and got.</summary>
    public TrafficStatus Traffic { get; init; } = TrafficStatus.None;

    /// <summary>Reads a Ksock's part of the document.</summary>
    public static KsockStatus Read(JsonElement ksock) => new(
        (uint)ksock.Number("id"), ksock.Number("pid"), ksock.Number("uid"), ksock.Text("program"), ksock.Text("mode"), (uint)ksock.Number("network_id"),
        ksock.Number("queued"), ksock.Number("max_messages"), ksock.Number("missed"), ksock.Flag("sending"),
        [.. ksock.Items("bindings").Select(b => new BindingStatus(b.Text("name"), b.Flag("replier")))],
        [.. ksock.Items("waits_for").Select(OwedStatus.Read)])
    {
        Traffic = TrafficStatus.ReadField(ksock, "traffic"),
    };
}
