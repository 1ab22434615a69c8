namespace Kbus.Bench;

/// <summary>All measurements, in the order in which they are made.</summary>
internal static class Measurements
{
    public static IReadOnlyList<Measurement> All { get; } =
    [
        new("machine-socket", "one byte there and back over a Unix socket, between two threads", "us", MachineBaseline.SocketRoundTrip),
        new("machine-copy", "copying 1 MiB in memory", "us", MachineBaseline.CopyMebibyte),
    ];
}
