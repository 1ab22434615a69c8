using System.Diagnostics;
using System.Globalization;
using Kbus.Bench.Peers;

namespace Kbus.Bench.Pace;

/// <summary>Makes one measurement of one peer, from starting its server to ending it.</summary>
internal static class PaceRun
{
    private const int SmallSize = 64;
    private const int Beyond = 30_000;

    /// <summary>Measures.</summary>
    /// <exception cref="PeerException">A process broke.</exception>
    public static PaceSample Measure(Peer peer, PaceSituation situation, PaceOptions options)
    {
        // Programs inherit the processors of the thread that starts them.
        using Process self = Process.GetCurrentProcess();
        nint processors = self.ProcessorAffinity;
        try
        {
            self.ProcessorAffinity = situation.OneProcessor ? processors & -processors : processors;
            return MeasureHere(peer, situation, options);
        }
        finally
        {
            self.ProcessorAffinity = processors;
        }
    }

    private static PaceSample MeasureHere(Peer peer, PaceSituation situation, PaceOptions options)
    {
        using var scene = new Scene();
        int milliseconds = options.MillisecondsAt(situation.Pace);
        int warm = options.Quick ? peer.WarmUp / 2 : peer.WarmUp;
        TimeSpan limit = TimeSpan.FromSeconds(60) + TimeSpan.FromMilliseconds(milliseconds + warm);
        int[] busy = [.. Enumerable.Range(0, situation.Busy).Select(_ => StartReady(scene.Start(NativeClients.PathOf("raw"), ["spin", "-"]), limit))];
        string address = peer.IsRaw ? "-" : peer.Serve(scene);
        for (int i = 0; !peer.IsRaw && i < situation.Pairs; i++)
        {
            StartReady(Workloads.Start(scene, peer, "echo", address, [Text("pair", i)]), limit);
        }

        // The others begin first and go on longer than the one that is measured.
        string role = peer.IsRaw ? peer.Name["raw-".Length..] : "ask";
        for (int i = 1; i < situation.Pairs; i++)
        {
            Workloads.Start(scene, peer, role, address, Asking(situation, milliseconds + Beyond, warm, i));
        }

        string measured = string.Join(',', scene.ProcessIds.Except(busy).SelectMany(ProcessTree.WithDescendants));
        Figures figures = Workloads.Start(scene, peer, role, address, [.. Asking(situation, milliseconds, warm, 0), "cpu=" + measured]).WaitForFigures(limit);
        return new PaceSample(
            figures["median_ns"] / 1000,
            figures["p99_ns"] / 1000,
            figures["p999_ns"] / 1000,
            figures["cpu_ns"] / 1000 / situation.Pairs,
            figures["switches"] / situation.Pairs);
    }

    private static int StartReady(StartedProcess process, TimeSpan limit)
    {
        process.WaitForLine(l => l == "ready", limit);
        return process.Id;
    }

    private static string[] Asking(PaceSituation situation, int milliseconds, int warm, int pair) =>
        [Text("ms", milliseconds), Text("warm", warm), Text("size", SmallSize), Text("pace", situation.Pace), Text("pair", pair)];

    private static string Text(string name, int value) => string.Create(CultureInfo.InvariantCulture, $"{name}={value}");
}
