using System.Runtime.InteropServices;
using Kbus.Daemon;
using Kbus.Link;

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

const int StandardError = 2;
LibC.IgnoreMeaninglessSignals();
LibC.GiveGreatBlocksBack();
using var writer = new LogWriter(StandardError);
var log = new Log(writer, TimeProvider.System);
var stop = new StopRequest();
var hangUp = new HangUp(log, stop);
using PosixSignalRegistration term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, s => Stop(s, "SIGTERM"));
using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, s => Stop(s, "SIGINT"));
using PosixSignalRegistration hangUps = PosixSignalRegistration.Create(PosixSignal.SIGHUP, s => { s.Cancel = true; hangUp.Came(); });
DaemonOptions? options = null;
try
{
    options = CommandLine.Parse(args, File.ReadAllText);
    hangUp.Expect(options.Policy is not null);
    IReadOnlyList<string> kept = options.Detached ? Detachment.Apply() : [];
    string? excess = Privileges.GiveUp(options);
    using Daemon daemon = Daemon.Start(options, log, stop);
    if (options.Detached)
    {
        writer.File = LogFile.Begin(daemon.Serving);
    }

    daemon.Report();
    log.PrivilegesKept(excess);
    if (options.Detached)
    {
        log.Detached(kept, Detachment.SharedControlGroup());
    }

    hangUp.Serve(daemon);
    ServiceActivation.Notify("READY=1");
    string why = await stop.Asked;
    ServiceActivation.Notify("STOPPING=1");
    log.Stopping(why, daemon.OpenKsocks);
    daemon.Dispose();
    log.Stopped();
    return 0;
}
catch (KbusdException e)
{
    log.Ended(e.Message + Privileges.Advice(e.Message, options?.User));
    return 2;
}
catch (Exception e)
{
    log.Ended($"a fault of kbusd ended it. Please report this:\n{e}");
    return 70;
}

void Stop(PosixSignalContext signal, string name)
{
    signal.Cancel = true;
    stop.Ask(name);
}
