namespace Kbus.Cli;

/// <summary><c>kbus monitor</c>: one line for each event on a bus, in the bus's order, without taking part in it.</summary>
internal sealed class MonitorCommand
{
    private readonly Invocation _invocation;
    private readonly MonitoredBus _bus = new();
    private readonly EventFilter _filter;
    private readonly EventTime _time;
    private readonly EventText _text;
    private readonly EventJson? _json;
    private readonly EventColours _colours;
    private readonly StreamLimit _limit;
    private ulong _lost;

    private MonitorCommand(Invocation invocation)
    {
        ParsedArguments arguments = invocation.Arguments;
        _invocation = invocation;
        _filter = new EventFilter(arguments);
        _time = new EventTime(arguments);
        _colours = EventColours.For(invocation);
        _text = new EventText(_bus, _colours, arguments.Has(Options.Full));
        _json = arguments.Has(Options.Json) ? new EventJson(_bus, MessagePrinter.Form(invocation)) : null;
        _limit = new StreamLimit(invocation);
    }

    /// <summary>Does it.</summary>
    public static int Run(Invocation invocation)
    {
        var command = new MonitorCommand(invocation);
        using BusWatcher watcher = command.Open();
        try
        {
            command.Show(watcher);
        }
        finally
        {
            command.Sum();
        }

        return ExitCode.Done;
    }

    private BusWatcher Open()
    {
        ParsedArguments arguments = _invocation.Arguments;
        var options = new BusWatcherOptions
        {
            RuntimeDirectory = arguments.Text(Options.RuntimeDir),
            WithData = arguments.Has(Options.WithData) || arguments.Has(Options.Full) || arguments.Has(Options.Data),
            BufferSize = LargestBuffer,
        };
        try
        {
            BusWatcher watcher = BusWatcher.Open(arguments.Number(Options.Bus) ?? 0, options);
            _invocation.Ending.Add(watcher.Dispose);
            return watcher;
        }
        catch (KbusException e)
        {
            throw new CommandException(e.Errno is Errno.EPERM or Errno.EDQUOT ? ExitCode.Failed : ExitCode.NoBus, e.Message, e);
        }
    }

    // As large as there are: whoever watches a busy bus does not want to lose anything.
    private const int LargestBuffer = 16 * 1024 * 1024;

    private void Show(BusWatcher watcher)
    {
        while (!_limit.IsReached)
        {
            BusEvent first = watcher.Next(_limit.Left) ?? throw _limit.TimeOut();
            _invocation.Output.Hold();
            try
            {
                BusEvent? next = first;
                do
                {
                    Show(next, watcher);
                }
                while (!_limit.IsReached && watcher.TryNext(out next));
            }
            finally
            {
                _invocation.Output.Release();
            }
        }
    }

    private void Show(BusEvent busEvent, BusWatcher watcher)
    {
        AnsweredRequest? answered = _bus.Note(busEvent);
        if (busEvent is SnapshotEndEvent)
        {
            TellReady(watcher);
        }
        else if (busEvent is EventsLostEvent lost)
        {
            _lost += lost.Count;
        }

        if (_filter.Shows(busEvent, answered, _bus))
        {
            _limit.Step();
            if (_json is not null)
            {
                _invocation.Output.Write(_json.Line(busEvent, answered));
            }
            else
            {
                _invocation.Output.WriteLine($"{_colours.Faint(_time.Of(busEvent))} {_text.Of(busEvent, answered)}");
            }
        }

        _bus.Forget(busEvent);
    }

    /// <summary>Reports that everything that happens from now on is shown.</summary>
    private void TellReady(BusWatcher watcher)
    {
        _invocation.Note($"watching bus {watcher.Bus}.");
        if (_invocation.Arguments.Number(Options.ReadyFd) is { } descriptor)
        {
            var ready = new LineOutput((int)descriptor);
            ready.WriteLine($"{watcher.Bus}");
            ready.Close();
        }
    }

    private void Sum()
    {
        if (_lost > 0)
        {
            _invocation.Warn($"{_lost} events were lost in all, because they were not read in time.");
        }
    }
}
