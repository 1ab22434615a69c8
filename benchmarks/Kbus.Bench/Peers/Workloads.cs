using System.Globalization;

namespace Kbus.Bench.Peers;

/// <summary>What one measurement found.</summary>
/// <param name="Value">The figure, in the measurement's unit.</param>
/// <param name="Tail">The p99.9 in microseconds, if it was about round trips.</param>
internal sealed record Sample(double Value, double? Tail = null);

/// <summary>Makes one measurement of one peer, from starting its server to ending it.</summary>
internal static class Workloads
{
    /// <summary>Bytes of a big payload.</summary>
    public const int BigSize = 1 << 20;

    private const int SmallSize = 64;

    /// <summary>Microseconds for a request of 64 bytes and its reply.</summary>
    public static Sample Ask(Peer peer, Durations durations)
    {
        using var scene = new Scene();
        return Ask(scene, peer, peer.Serve(scene), durations);
    }

    /// <summary>The same while kbusd is busy with the announcements of others; a raw peer has that load beside it.</summary>
    public static Sample AskUnderLoad(Peer peer, Durations durations)
    {
        using var scene = new Scene();
        string address = PeerServers.Kbusd(scene);
        BackgroundLoad.Start(scene, address);
        return Ask(scene, peer, address, durations);
    }

    /// <summary>Microseconds for one Send with its answer, nobody listening; only KBUS, by both its libraries.</summary>
    public static Sample Send(Peer peer, Durations durations)
    {
        using var scene = new Scene();
        return RoundTrips(Start(scene, peer, "send", peer.Serve(scene), Asking(peer, durations)), durations);
    }

    /// <summary>Deliveries of 64 bytes for each second.</summary>
    public static Sample Tell(Peer peer, Durations durations, int listeners) =>
        new(Deliveries(peer, durations, listeners, SmallSize, listeners == 1 ? peer.Behind : Math.Min(peer.Behind, 8192)));

    /// <summary>Payloads of 1 MiB, in bytes delivered for each second.</summary>
    public static Sample Payload(Peer peer, Durations durations, int listeners)
    {
        if (!peer.IsRaw)
        {
            // At most 32 MiB on the way to each listener: less than what a Ksock's queue holds.
            return new(Deliveries(peer, durations, listeners, BigSize, 32) * BigSize);
        }

        using var scene = new Scene();
        return new(Start(scene, peer, "memcpy", "-", [Text("ms", durations.Tell)]).WaitForFigures(Limit(durations))["bytes_per_s"]);
    }

    /// <summary>A send and a take on a bus inside the process; only KBUS.</summary>
    /// <param name="peer">KBUS.</param>
    /// <param name="durations">How long.</param>
    /// <param name="figure">What is wanted: <c>ns</c> or <c>bytes</c>.</param>
    public static Sample Embedded(Peer peer, Durations durations, string figure)
    {
        using var scene = new Scene();
        return new(Start(scene, peer, "embedded", "-", Asking(peer, durations)).WaitForFigures(Limit(durations))[figure]);
    }

    /// <summary>Starts a client of a peer to play a role.</summary>
    public static StartedProcess Start(Scene scene, Peer peer, string role, string address, IEnumerable<string> arguments)
    {
        IEnumerable<string> beyond = role is "hear" or "echo" ? peer.Beyond : [];
        IEnumerable<string> all = [.. arguments, .. peer.Extra, .. beyond];
        return peer.Client.Length == 0 ? scene.StartActor(role, address, all)
            : peer.Client == PythonClient.Name ? PythonClient.Start(scene, [role, address, .. all])
            : scene.Start(NativeClients.PathOf(peer.Client), [role, address, .. all]);
    }

    private static Sample Ask(Scene scene, Peer peer, string address, Durations durations)
    {
        if (peer.IsRaw)
        {
            return RoundTrips(Start(scene, peer, peer.Name["raw-".Length..], "-", Asking(peer, durations)), durations);
        }

        StartedProcess replier = Start(scene, peer, "echo", address, []);
        replier.WaitForLine(l => l == "ready", Limit(durations));
        return RoundTrips(Start(scene, peer, "ask", address, Asking(peer, durations)), durations);
    }

    private static Sample RoundTrips(StartedProcess asker, Durations durations)
    {
        Figures figures = asker.WaitForFigures(Limit(durations));
        return new(figures["median_ns"] / 1000, figures["p999_ns"] / 1000);
    }

    /// <summary>Messages that arrived for each second, of all listeners, from the first send until the last was received.</summary>
    private static double Deliveries(Peer peer, Durations durations, int listeners, int size, int behind)
    {
        using var scene = new Scene();
        string address = peer.Serve(scene);
        StartedProcess[] hearing =
        [
            .. Enumerable.Range(0, listeners).Select(i => Start(scene, peer, "hear", address,
                [Text("index", i), Text("size", size), Text("credit", Math.Max(1, behind / 4)), Text("ms", durations.Tell)])),
        ];
        foreach (StartedProcess listener in hearing)
        {
            listener.WaitForLine(l => l == "ready", Limit(durations));
        }

        Figures told = Start(scene, peer, "tell", address,
            [Text("listeners", listeners), Text("size", size), Text("behind", behind), Text("ms", durations.Tell), Text("warm", WarmUp(peer, durations, listeners))])
            .WaitForFigures(Limit(durations));
        double last = hearing.Max(l => l.WaitForFigures(Limit(durations))["last_ns"]);
        return told["count"] * listeners * 1e9 / (last - told["start_ns"]);
    }

    /// <summary>A short run cuts long warm-ups. Many actors that are compiled while they run take longer, as they share the processors.</summary>
    private static int WarmUp(Peer peer, Durations durations, int listeners)
    {
        int time = peer.WarmUp > Peer.UsualWarmUp ? (int)(durations.WarmUp * peer.WarmUp) : peer.WarmUp;
        return peer.Client.Length == 0 && listeners > PeerMeasurement.PayloadListeners ? 3 * time : time;
    }

    private static string[] Asking(Peer peer, Durations durations) =>
        [Text("ms", durations.Ask), Text("warm", WarmUp(peer, durations, 1)), Text("size", SmallSize)];

    private static TimeSpan Limit(Durations durations) => TimeSpan.FromSeconds(40) + TimeSpan.FromMilliseconds(durations.Ask + durations.Tell);

    private static string Text(string name, int value) => string.Create(CultureInfo.InvariantCulture, $"{name}={value}");
}
