namespace Kbus.Cli;

/// <summary>Prints those events that the options choose, as lines for people or as JSON: of <c>kbus monitor</c> and <c>kbus
/// show</c>.</summary>
internal sealed class EventPrinter
{
    private readonly Invocation _invocation;
    private readonly MonitoredBus _bus;
    private readonly EventFilter _filter;
    private readonly EventTime _time;
    private readonly EventText _text;
    private readonly EventJson? _json;
    private readonly EventColours _colours;
    private ulong _lost;

    /// <summary>Reads the options.</summary>
    /// <param name="invocation">Has the options.</param>
    /// <param name="programs">Says whose a Ksock is when it is opened.</param>
    /// <param name="names">The names to which events are limited; none for all.</param>
    /// <exception cref="CommandException">The options make no sense.</exception>
    public EventPrinter(Invocation invocation, Func<KsockOpenedEvent, KsockProgram> programs, IReadOnlyList<string> names)
    {
        ParsedArguments arguments = invocation.Arguments;
        _invocation = invocation;
        _bus = new MonitoredBus(programs);
        _filter = new EventFilter(arguments, names);
        _time = new EventTime(arguments);
        _colours = EventColours.For(invocation);
        _text = new EventText(_bus, _colours, arguments.Has(Options.Full));
        _json = arguments.Has(Options.Json) ? new EventJson(_bus, MessagePrinter.Form(invocation)) : null;
        Limit = new StreamLimit(invocation);
    }

    /// <summary>Counts what was printed.</summary>
    public StreamLimit Limit { get; }

    /// <summary>The events that follow are of another bus.</summary>
    public void Clear() => _bus.Clear();

    /// <summary>Prints an event, if it is one of those that are wanted.</summary>
    public void Print(BusEvent busEvent)
    {
        AnsweredRequest? answered = _bus.Note(busEvent);
        if (busEvent is EventsLostEvent lost)
        {
            _lost += lost.Count;
        }

        if (_filter.Shows(busEvent, answered, _bus))
        {
            Limit.Step();
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

    /// <summary>Says how many events were lost in all.</summary>
    public void Sum()
    {
        if (_lost > 0)
        {
            _invocation.Warn($"{_lost} events were lost in all, because they were not read in time.");
        }
    }
}
