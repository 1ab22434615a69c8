namespace Kbus.Cli;

/// <summary><c>kbus monitor</c>: one line for each event on a bus, in the bus's order, without taking part in it.</summary>
internal sealed class MonitorCommand
{
    private readonly Invocation _invocation;
    private readonly EventPrinter _printer;

    private MonitorCommand(Invocation invocation)
    {
        _invocation = invocation;
        _printer = new EventPrinter(invocation, opened => KsockProgram.Of(opened.ProcessId, opened.UserId), invocation.Arguments.Operands);
    }

    /// <summary>Does it.</summary>
    public static int Run(Invocation invocation)
    {
        var command = new MonitorCommand(invocation);
        ParsedArguments arguments = invocation.Arguments;
        bool withData = arguments.Has(Options.WithData) || arguments.Has(Options.Full) || arguments.Has(Options.Data);
        using BusWatcher watcher = WatcherOpening.Open(invocation, withData);
        invocation.Ending.Add(watcher.Dispose);
        try
        {
            command.Show(watcher);
        }
        finally
        {
            command._printer.Sum();
        }

        return ExitCode.Done;
    }

    private void Show(BusWatcher watcher)
    {
        while (!_printer.Limit.IsReached)
        {
            BusEvent first = watcher.Next(_printer.Limit.Left) ?? throw _printer.Limit.TimeOut();
            _invocation.Output.Hold();
            try
            {
                BusEvent? next = first;
                do
                {
                    Show(next, watcher);
                }
                while (!_printer.Limit.IsReached && watcher.TryNext(out next));
            }
            finally
            {
                _invocation.Output.Release();
            }
        }
    }

    private void Show(BusEvent busEvent, BusWatcher watcher)
    {
        if (busEvent is SnapshotEndEvent)
        {
            WatcherOpening.TellReady(_invocation, $"watching bus {watcher.Bus}.", watcher);
        }

        _printer.Print(busEvent);
    }
}
