namespace Kbus.Bench;

/// <summary>All measurements, in the order in which they are made.</summary>
internal static class Measurements
{
    public static IReadOnlyList<Measurement> All { get; } =
    [
        new("machine-socket", "one byte there and back over a Unix socket, between two threads", "us", MachineBaseline.SocketRoundTrip),
        new("machine-copy", "copying 1 MiB in memory", "us", MachineBaseline.CopyMebibyte),
        new("raw-roundtrip", "64 bytes there and back over a Unix socket, between two processes", "us", BusMeasurements.RawRoundTrip),
        new("request-reply", "Request and Reply of 64 bytes, two processes and the daemon", "us", BusMeasurements.RequestAndReply),
        new("send", "Send with its immediate answer", "us", BusMeasurements.SendWithAnswer),
        new("announce", "announcements of 64 bytes, pipelined, one to one", "k/s", BusMeasurements.AnnouncementsPerMillisecond),
        new("payload", "payloads of 1 MiB, one to one", "MiB/s", BusMeasurements.BigPayloads),
    ];
}
