using System.Runtime.ExceptionServices;
using Kbus.Daemon;

namespace Kbus.Simulation;

/// <summary>The daemon that the simulated buses belong to: a real one, for all runs of the process. Its own buses have no members and sleep.</summary>
internal static class ServedDaemon
{
    private static readonly Lazy<Daemon.Daemon> Served = new(Start);

    /// <summary>The daemon.</summary>
    public static Daemon.Daemon Get() => Served.Value;

    private static Daemon.Daemon Start()
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("kbus-simulation-");
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
