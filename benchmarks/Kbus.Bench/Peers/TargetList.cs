using System.Globalization;

namespace Kbus.Bench.Peers;

/// <summary>What KBUS is to reach, and whether a run found that it does.</summary>
internal static class TargetList
{
    private const string Socket = "raw-socket";
    private const string Tcp = "raw-tcp";

    /// <summary>Judges a run.</summary>
    public static IReadOnlyList<Target> Judge(Results results) =>
    [
        Ratio(results, "B1", "request and reply, against a raw Unix-socket ping-pong", "ask", Socket, AtMost(1.0)),
        Ratio(results, "B2", "request and reply, against dbus-broker", "ask", "dbus-broker", AtMost(1.0 / 3)),
        Ratio(results, "B2", "request and reply, against ZeroMQ REQ-REP", "ask", "zmq", AtMost(1.0 / 2)),
        Ratio(results, "B2", "request and reply, against NATS", "ask", "nats", AtMost(1.0 / 3)),
        Ratio(results, "B2", "request and reply, against Redis pub-sub", "ask", "redis", AtMost(1 / 1.5)),
        Judged("B3", "Send with its answer, against a raw Unix-socket ping-pong", AtMost(0.6), "times",
            Quotient(results, "send", AllPeers.Kbus, "ask", Socket)),
        Ratio(results, "B4", "announcements one to one, against ZeroMQ PUB-SUB direct", "tell", "zmq", AtLeast(2)),
        Ratio(results, "B4", "announcements one to one, against NATS", "tell", "nats", AtLeast(3)),
        Ratio(results, "B4", "announcements one to one, against dbus-broker", "tell", "dbus-broker", AtLeast(40)),
        Ratio(results, "B5", "deliveries one to 16, against NATS", "listeners", "nats", AtLeast(2)),
        Ratio(results, "B5", "deliveries one to 16, against dbus-broker", "listeners", "dbus-broker", AtLeast(20)),
        Ratio(results, "B6", "1 MiB one to one, against memcpy between cold buffers", "payload", "raw-memcpy", AtLeast(0.4)),
        Ratio(results, "B6", "1 MiB one to 8, against NATS", "payload-8", "nats", AtLeast(5)),
        NotHere("B7", "an announcement among 10,000 Ksocks and 100,000 bindings, against 10 and 100", AtMost(1.3), "./bench scale ksocks measures it"),
        Single(results, "B8", "in-process send and take: time", "embedded-time", AtMost(200)),
        Single(results, "B8", "in-process send and take: bytes allocated", "embedded-bytes", AtMost(0)),
        Single(results, "B8", "kbusd: bytes allocated for a request and its reply", "daemon-bytes", AtMost(0)),
        Single(results, "B9", "kbusd: start to first answer", "start", AtMost(20)),
        Single(results, "B9", "kbusd: resident memory, idle", "memory", AtMost(10)),
        Single(results, "B9", "kbusd: processor use, idle", "ticks", AtMost(0)),
        Single(results, "B9", "size of the programs", "sizes", AtMost(16)),
        Ratio(results, "B10", "a device-file operation, against a do-nothing FUSE ioctl", "device", DeviceMeasurement.Nothing, AtMost(1.5)),
        Judged("B11", "p99.9 of request and reply under 8 announcers, against that of a raw ping-pong there", AtMost(2), "times", Tails(results)),
        Judged("L1", "announcements to another bus by Limpets, against one bus", AtLeast(0.5), "times",
            Quotient(results, "tell", AllPeers.KbusAcross, "tell", AllPeers.Kbus)),
        Judged("L2", "request to another bus by Limpets, against three on one bus and one raw TCP ping-pong", AtMost(1), "times", AcrossLimpets(results)),
        Slower(results, "request and reply in C, against the same in C#", "ask"),
        Slower(results, "Send with its answer in C, against the same in C#", "send"),
        Slower(results, "announcements one to one in C, against the same in C#", "tell"),
        Slower(results, "1 MiB one to one in C, against the same in C#", "payload"),
    ];

    private static Bound AtMost(double limit) => new(limit, IsUpper: true);

    private static Bound AtLeast(double limit) => new(limit, IsUpper: false);

    private static Target Ratio(Results results, string id, string what, string measurement, string peer, Bound bound) =>
        Judged(id, what, bound, "times", Quotient(results, measurement, AllPeers.Kbus, measurement, peer));

    /// <summary>How many times as long the C library takes.</summary>
    private static Target Slower(Results results, string what, string measurement)
    {
        bool isRate = PeerMeasurement.All.First(m => m.Name == measurement).MoreIsBetter;
        (string above, string below) = isRate ? (AllPeers.Kbus, AllPeers.KbusInC) : (AllPeers.KbusInC, AllPeers.Kbus);
        return Judged("C", what, AtMost(1.1), "times", Quotient(results, measurement, above, measurement, below));
    }

    private static Target Single(Results results, string id, string what, string measurement, Bound bound)
    {
        Series? series = results.Find(measurement, AllPeers.Kbus);
        string unit = PeerMeasurement.All.First(m => m.Name == measurement).Unit;
        return Judged(id, what, bound, unit, series is null ? (null, results.WhyNot(measurement, AllPeers.Kbus)) : (series.Median, null));
    }

    private static Target NotHere(string id, string what, Bound bound, string reason) => Judged(id, what, bound, "times", (null, reason));

    private static (double? Figure, string? Reason) Quotient(Results results, string measurement, string peer, string otherMeasurement, string other)
    {
        if (results.Find(measurement, peer) is not { } above)
        {
            return (null, results.WhyNot(measurement, peer));
        }

        return results.Find(otherMeasurement, other) is { } below
            ? (above.Median / below.Median, null)
            : (null, results.WhyNot(otherMeasurement, other));
    }

    private static (double? Figure, string? Reason) AcrossLimpets(Results results)
    {
        string? missing = new[] { AllPeers.KbusAcross, AllPeers.Kbus, Tcp }.FirstOrDefault(p => results.Find("ask", p) is null);
        return missing is null
            ? (results.Find("ask", AllPeers.KbusAcross)!.Median / ((3 * results.Find("ask", AllPeers.Kbus)!.Median) + results.Find("ask", Tcp)!.Median), null)
            : (null, results.WhyNot("ask", missing));
    }

    private static (double? Figure, string? Reason) Tails(Results results) =>
        results.Find("load", AllPeers.Kbus)?.Tail is { } ours && results.Find("load", Socket)?.Tail is { } raw
            ? (ours / raw, null)
            : (null, results.Find("load", AllPeers.Kbus) is null ? results.WhyNot("load", AllPeers.Kbus) : results.WhyNot("load", Socket));

    private static Target Judged(string id, string what, Bound bound, string unit, (double? Figure, string? Reason) found)
    {
        string wanted = string.Create(
            CultureInfo.InvariantCulture, $"{(bound.IsUpper ? "at most" : "at least")} {bound.Limit:0.##}{(unit.Length == 0 ? "" : " " + unit)}");
        bool? holds = found.Figure is { } figure ? (bound.IsUpper ? figure <= bound.Limit : figure >= bound.Limit) : null;
        return new Target(id, what, wanted, found.Figure, unit, holds, found.Reason);
    }

    private sealed record Bound(double Limit, bool IsUpper);
}
