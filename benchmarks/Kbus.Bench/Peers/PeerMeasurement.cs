namespace Kbus.Bench.Peers;

/// <summary>One thing that is measured of every peer that can do it.</summary>
/// <param name="Name">What the command line calls it.</param>
/// <param name="Title">What is measured, in a few words.</param>
/// <param name="Unit">The unit of its figures.</param>
/// <param name="MoreIsBetter">Whether a greater figure is the better one.</param>
/// <param name="IsFor">Which peers it is made of.</param>
/// <param name="Run">Makes it once.</param>
internal sealed record PeerMeasurement(
    string Name, string Title, string Unit, bool MoreIsBetter, Func<Peer, bool> IsFor, Func<Peer, Durations, Sample> Run)
{
    /// <summary>How many listeners hear the small announcements of <c>listeners</c>.</summary>
    public const int ManyListeners = 16;

    /// <summary>How many hear the payloads of <c>payload-8</c>.</summary>
    public const int PayloadListeners = 8;

    /// <summary>All of them, in the order in which they are made and shown.</summary>
    public static IReadOnlyList<PeerMeasurement> All { get; } =
    [
        new("ask", "request and reply, 64 bytes, two processes that block", "us", false, Can(Abilities.Ask), Workloads.Ask),
        new("send", "Send with its answer, nobody listening", "us", false, p => OnlyKbus(p) || p.Name == AllPeers.KbusInC, Workloads.Send),
        new("tell", "announcements, 64 bytes, one to one, pipelined", "k/s", true, Can(Abilities.Tell), (p, d) => Thousands(Workloads.Tell(p, d, 1))),
        new("listeners", "deliveries, 64 bytes, one to 16 listeners", "k/s", true, Can(Abilities.Many),
            (p, d) => Thousands(Workloads.Tell(p, d, ManyListeners))),
        new("payload", "payloads of 1 MiB, one to one", "MiB/s", true, Can(Abilities.Big), (p, d) => Mebibytes(Workloads.Payload(p, d, 1))),
        new("payload-8", "payloads of 1 MiB, one to 8 listeners", "MiB/s", true, p => Can(Abilities.Big)(p) && !p.IsRaw,
            (p, d) => Mebibytes(Workloads.Payload(p, d, PayloadListeners))),
        new("load", "request and reply while 8 others announce over KBUS", "us", false, p => OnlyKbus(p) || p.Name == "raw-socket", Workloads.AskUnderLoad),
        new("embedded-time", "send and take inside the process, 64 bytes", "ns", false, OnlyKbus, (p, d) => Workloads.Embedded(p, d, "ns")),
        new("embedded-bytes", "bytes allocated by a send and a take inside the process", "bytes", false, OnlyKbus, (p, d) => Workloads.Embedded(p, d, "bytes")),
        new("device", "one ioctl on a device file, and on a file whose server does nothing", "us", false,
            p => OnlyKbus(p) || p.Name == DeviceMeasurement.Nothing, DeviceMeasurement.Call),
        new("daemon-bytes", "bytes allocated by kbusd for a request and its reply", "bytes", false, OnlyKbus, (_, d) => DaemonAllocation.Measure(d)),
        new("start", "kbusd: from its start until a Ksock is open", "ms", false, OnlyKbus, (_, d) => DaemonMeasurement.Start(d)),
        new("memory", "kbusd: resident memory, idle", "MiB", false, OnlyKbus, (_, d) => DaemonMeasurement.Memory(d)),
        new("ticks", "kbusd: processor ticks in 2 idle seconds", "ticks", false, OnlyKbus, (_, d) => DaemonMeasurement.Ticks(d)),
        new("sizes", "programs in dist/", "MiB", false, OnlyKbus, (_, d) => DaemonMeasurement.Sizes(d)),
    ];

    private static bool OnlyKbus(Peer peer) => peer.Name == AllPeers.Kbus;

    private static Func<Peer, bool> Can(Abilities ability) => peer => peer.Can.HasFlag(ability);

    private static Sample Thousands(Sample sample) => new(sample.Value / 1000);

    private static Sample Mebibytes(Sample sample) => new(sample.Value / (1 << 20));
}
