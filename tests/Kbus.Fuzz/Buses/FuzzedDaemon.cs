using System.Runtime.ExceptionServices;
using Kbus.Daemon;

namespace Kbus.Fuzz;

/// <summary>The daemons that inputs are played on: real ones, each for all inputs of the process.</summary>
internal static class FuzzedDaemon
{
    private static readonly Lazy<Daemon.Daemon> OfBuses = new(Start);
    private static readonly Lazy<Daemon.Daemon> OfVisitors = new(Start);

    /// <summary>The daemon that fuzzed buses belong to. Its own bus has no members, so what it charges is known at any time.</summary>
    public static Daemon.Daemon Get() => OfBuses.Value;

    /// <summary>The daemon to which handshakes and questions come. It serves them by threads of its own, and may not be done with the last one yet.</summary>
    public static Daemon.Daemon ForVisitors() => OfVisitors.Value;

    private static Daemon.Daemon Start()
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("kbus-fuzz-");
        var options = new DaemonOptions { RuntimeDirectory = directory.FullName };

        // A fault that the daemon would survive is a finding here.
        var frames = new Frames(Log.Silent, faulted: ExceptionDispatchInfo.Throw);
        var daemon = Daemon.Daemon.Start(options, Log.Silent, new StopRequest(), frames);
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
            daemon.Dispose();
            directory.Delete(recursive: true);
        };
        return daemon;
    }
}
