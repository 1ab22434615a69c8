using Kbus.Daemon;

namespace Kbus.Fuzz;

/// <summary>The daemon that the buses belong to: a real one, for all inputs of the process. Its own bus has no members but those of handshakes.</summary>
internal static class FuzzedDaemon
{
    private static readonly Lazy<Daemon.Daemon> Served = new(Start);

    /// <summary>The daemon.</summary>
    public static Daemon.Daemon Get() => Served.Value;

    private static Daemon.Daemon Start()
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("kbus-fuzz-");
        var daemon = Daemon.Daemon.Start(new DaemonOptions { RuntimeDirectory = directory.FullName }, Log.Silent, new StopRequest());
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
            daemon.Dispose();
            directory.Delete(recursive: true);
        };
        return daemon;
    }
}
