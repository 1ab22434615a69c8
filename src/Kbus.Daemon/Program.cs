using Kbus.Daemon;
using Kbus.Linux;

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
ObeyedSignals.BlockInAllThreads();
LibC.IgnoreMeaninglessSignals();
LibC.GiveGreatBlocksBack();
using var writer = new LogWriter(StandardError);
var log = new Log(writer, TimeProvider.System);
DaemonOptions? options = null;
try
{
    options = CommandLine.Parse(args, File.ReadAllText);
    IReadOnlyList<string> kept = options.Detached ? Detachment.Apply() : [];
    string? excess = Privileges.GiveUp(options);
    using ObeyedSignals signals = ObeyedSignals.Receive();
    var stop = new StopRequest(signals.Ring);
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

    using var hangUp = new HangUp(daemon, stop);
    ServiceActivation.Notify("READY=1");
    while (stop.Why is null)
    {
        Obey(signals.Next(), stop, hangUp);
    }

    ServiceActivation.Notify("STOPPING=1");
    log.Stopping(stop.Why, daemon.OpenKsocks);
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
    log.EndedByFault(e);
    return 70;
}

static void Obey(int signal, StopRequest stop, HangUp hangUp)
{
    if (signal == LibC.HangUp)
    {
        hangUp.Came();
    }
    else if (signal != 0)
    {
        stop.Ask(ObeyedSignals.NameOf(signal));
    }
}
