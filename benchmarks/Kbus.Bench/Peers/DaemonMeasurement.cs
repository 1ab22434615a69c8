using System.Diagnostics;
using System.Globalization;

namespace Kbus.Bench.Peers;

/// <summary>What kbusd costs while nobody uses it, and until somebody can (B9).</summary>
internal static class DaemonMeasurement
{
    private const int Starts = 5;

    /// <summary>Milliseconds from starting kbusd until a Ksock has been opened on it: the median of a few starts.</summary>
    public static Sample Start(Durations durations)
    {
        _ = durations;

        // The first start also compiles our own code and brings kbusd into the file cache.
        double[] times = [.. Enumerable.Range(0, Starts + 1).Select(_ => StartOnce()).Skip(1).Order()];
        return new(times[Starts / 2]);
    }

    /// <summary>MiB of resident memory, idle, nobody connected.</summary>
    public static Sample Memory(Durations durations) => Idle(durations, id =>
        long.Parse(
            File.ReadLines($"/proc/{id}/status").First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal))
                .Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1],
            CultureInfo.InvariantCulture) / 1024.0);

    /// <summary>Clock ticks of processor time that are used in two idle seconds.</summary>
    public static Sample Ticks(Durations durations) => Idle(durations, id =>
    {
        long before = TicksOf(id);
        Thread.Sleep(2000);
        return TicksOf(id) - before;
    });

    /// <summary>MiB of the programs in dist.</summary>
    public static Sample Sizes(Durations durations)
    {
        _ = durations;
        string bin = Path.Combine(Checkout.Root, "dist", "bin"), lib = Path.Combine(Checkout.Root, "dist", "lib");
        string[] files = [.. new[] { Path.Combine(bin, "kbus"), Path.Combine(bin, "kbusd"), Path.Combine(lib, "libkbus.so") }.Where(File.Exists)];
        return files.Length == 0
            ? throw new PeerException("There is no dist/; ./build makes it.")
            : new(files.Sum(SizeOf) / (1024.0 * 1024.0));
    }

    /// <summary>Bytes of a file, or of what a link leads to.</summary>
    private static long SizeOf(string path) => ((FileInfo?)File.ResolveLinkTarget(path, returnFinalTarget: true) ?? new FileInfo(path)).Length;

    private static double StartOnce()
    {
        using var scene = new Scene();
        long start = Stopwatch.GetTimestamp();
        PeerServers.Kbusd(scene);
        using Ksock ksock = Ksock.Open(0, options: new KsockOptions { RuntimeDirectory = scene.Folder, StartDaemon = false });
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    private static Sample Idle(Durations durations, Func<int, double> measure)
    {
        _ = durations;
        using var scene = new Scene();
        StartedProcess server = PeerServers.StartKbusd(scene);
        Thread.Sleep(500);
        return new(measure(server.Id));
    }

    private static long TicksOf(int id)
    {
        string stat = File.ReadAllText($"/proc/{id}/stat");
        string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture);
    }
}
