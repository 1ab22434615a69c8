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

try
{
    DaemonOptions options = CommandLine.Parse(args, File.ReadAllText);
    IReadOnlyList<string> kept = options.Detached ? Detachment.Apply() : [];
    using LogFile? file = options.Detached ? new LogFile() : null;
    var log = new Log(file ?? Console.Error, TimeProvider.System);
    using Daemon daemon = Daemon.Start(options, log);
    using PosixSignalRegistration term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, s => Stop(s, "SIGTERM"));
    using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, s => Stop(s, "SIGINT"));
    using PosixSignalRegistration hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, s => Stop(s, "SIGHUP"));
    file?.Begin(daemon.Serving);
    daemon.Report();
    if (options.Detached)
    {
        log.Detached(kept, Detachment.SharedControlGroup());
    }

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
