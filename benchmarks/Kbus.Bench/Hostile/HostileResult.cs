using System.Globalization;
using System.Text.Json;

namespace Kbus.Bench.Hostile;

/// <summary>What one attack did to the others.</summary>
internal sealed record HostileResult
{
    private static readonly JsonSerializerOptions Snake = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>The attack's name.</summary>
    public required string Attack { get; init; }

    /// <summary>Whether the attacker was another user than the honest pair.</summary>
    public required bool AsOtherUser { get; init; }

    /// <summary>How often the attacker tried what it does.</summary>
    public required long Done { get; init; }

    /// <summary>What the attacker was refused last, as an errno; <c>nothing</c>.</summary>
    public required string Refused { get; init; }

    /// <summary>The honest pair's Requests, from asking to the answer.</summary>
    public required WaitsSeen Requests { get; init; }

    /// <summary>The honest pair's announcements, as calls.</summary>
    public required WaitsSeen Sends { get; init; }

    /// <summary>The same, from before the call until they were heard.</summary>
    public required WaitsSeen Deliveries { get; init; }

    /// <summary>Opening a further Ksock, and closing it.</summary>
    public required WaitsSeen Opens { get; init; }

    /// <summary>Asking the status.</summary>
    public required WaitsSeen Statuses { get; init; }

    /// <summary>MiB of resident memory of kbusd before the attack.</summary>
    public required double Before { get; init; }

    /// <summary>The same, at most during the attack.</summary>
    public required double Peak { get; init; }

    /// <summary>The same, 5 seconds after the attacker had gone.</summary>
    public required double After { get; init; }

    /// <summary>Whether kbusd lives.</summary>
    public required bool Lives { get; init; }

    /// <summary>The honest pair's longest wait, in milliseconds.</summary>
    public double LongestMilliseconds =>
        Math.Max(Math.Max(Requests.LongestMicroseconds, Sends.LongestMicroseconds), Deliveries.LongestMicroseconds) / 1000;

    /// <summary>Whether the bus came out of it.</summary>
    public bool IsWell => Lives && !Requests.IsStuck && !Sends.IsStuck && Requests.Failed + Sends.Failed == 0;

    /// <summary>As a line of JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Snake);

    /// <summary>For people.</summary>
    public string ToText() => string.Join('\n',
        Format($"{Attack}{(AsOtherUser ? ", by another user" : "")}: longest wait {LongestMilliseconds:F1} ms{(IsWell ? "" : "; THE HONEST PAIR OR KBUSD DID NOT COME OUT OF IT")}"),
        Format($"  attacker    tried {Done} times; refused last: {Refused}"),
        Line("requests", Requests),
        Line("sends", Sends),
        Line("deliveries", Deliveries),
        Line("opening", Opens),
        Line("status", Statuses),
        Format($"  kbusd       {(Lives ? "lives" : "DIED")}; {Before:F0} MiB before, {Peak:F0} at most, {After:F0} five seconds after ({After - Before:+0;-0;0})"));

    private static string Line(string what, WaitsSeen seen) => Format(
        $"  {what,-10}  longest {seen.LongestMicroseconds / 1000,8:F1} ms, median {seen.MedianMicroseconds / 1000,7:F3} ms, {seen.Count} times")
        + (seen.Failed > 0 ? Format($", {seen.Failed} FAILED ({seen.Failure})") : "") + (seen.IsStuck ? ", THE LAST ONE HAD NOT COME BACK" : "");

    private static string Format(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
