using System.Runtime.InteropServices;
using Kbus.Daemon;

if (args is ["--help"] or ["-h"])
{
    Console.WriteLine(CommandLine.Help);
    return 0;
}

if (args is ["--version"])
{
    Console.WriteLine($"kbusd {DaemonVersion.Text}");
    return 0;
}

var log = new Log(Console.Error, TimeProvider.System);
try
{
    DaemonOptions options = CommandLine.Parse(args, File.ReadAllText);
    using Daemon daemon = Daemon.Start(options, log);
    using PosixSignalRegistration term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, s => Stop(s, "SIGTERM"));
    using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, s => Stop(s, "SIGINT"));
    using PosixSignalRegistration hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, s => Stop(s, "SIGHUP"));
    daemon.Report();
    ServiceActivation.Notify("READY=1");
    string why = await daemon.StopAsked;
    ServiceActivation.Notify("STOPPING=1");
    log.Stopping(why, daemon.OpenKsocks);
    daemon.Dispose();
    log.Stopped();
    return 0;

    void Stop(PosixSignalContext signal, string name)
    {
        signal.Cancel = true;
        daemon.AskToStop(name);
    }
}
catch (KbusdException e)
{
    Console.Error.WriteLine($"kbusd: {e.Message}");
    return 2;
}
