using System.Globalization;

namespace Kbus.Cli;

/// <summary>Which events <c>kbus monitor</c>, <c>kbus show</c> and <c>kbus diagram</c> show. What is lost is always shown.</summary>
internal sealed class EventFilter
{
    private readonly IReadOnlyList<string> _names;
    private readonly IReadOnlyList<string> _kinds;
    private readonly HashSet<uint> _ksocks;
    private readonly string? _program;
    private readonly bool _onlyErrors;

    /// <summary>Reads the options.</summary>
    /// <param name="arguments">Has the options.</param>
    /// <param name="names">The names to which events are limited; none for all.</param>
    /// <exception cref="CommandException">They make no sense.</exception>
    public EventFilter(ParsedArguments arguments, IReadOnlyList<string> names)
    {
        _names = names;
        _kinds = [.. arguments.Texts(Options.Kind).SelectMany(k => k.Split(','))];
        _program = arguments.Text(Options.Program);
        _onlyErrors = arguments.Has(Options.ErrorsOnly);
        _ksocks = [.. arguments.Texts(Options.OfKsock).SelectMany(k => k.Split(',')).Select(k => Number(arguments, k))];
        if (_kinds.FirstOrDefault(k => !EventKind.All.Contains(k)) is { } unknown)
        {
            throw CommandException.Usage($"{Options.Kind}: '{unknown}' is none of {string.Join(", ", EventKind.All)}.", arguments.Verb!.Name);
        }
    }

    /// <summary>Whether an event is shown.</summary>
    public bool Shows(BusEvent busEvent, AnsweredRequest? answered, MonitoredBus bus)
    {
        if (busEvent is EventsLostEvent)
        {
            return true;
        }

        string kind = EventKind.Of(busEvent);
        bool isPresent = busEvent is KsockOpenedEvent { WasPresent: true } or BindingEvent { WasPresent: true };
        return kind.Length > 0
            && !isPresent
            && (_kinds.Count == 0 || _kinds.Contains(kind))
            && (_names.Count == 0 || _names.Any(n => IsOfName(busEvent, answered, n)))
            && (_ksocks.Count == 0 || Ksocks(busEvent).Any(_ksocks.Contains))
            && (_program is null || Ksocks(busEvent).Any(k => bus.ProgramOf(k).Contains(_program, StringComparison.Ordinal)))
            && (!_onlyErrors || IsError(busEvent));
    }

    /// <summary>Whether something went wrong: a refusal, a missed copy, an answer by the bus, an end that was not a close.</summary>
    private static bool IsError(BusEvent busEvent) => busEvent switch
    {
        MessageEvent message => message.Outcome != Errno.None || message.Message.Kind == MessageKind.Status || message.Recipients.Any(r => r.Fate == RecipientFate.Missed),
        KsockClosedEvent closed => closed.End != KsockEnd.Closed,
        BindingEvent binding => binding.Outcome != Errno.None || binding.IsRevoked,
        LimitEvent => true,
        _ => busEvent.Outcome != Errno.None,
    };

    private static bool IsOfName(BusEvent busEvent, AnsweredRequest? answered, string wanted) => busEvent switch
    {
        MessageEvent message => KsockFilter.Takes(wanted, message.Message.Name) || (answered is not null && KsockFilter.Takes(wanted, answered.Name)),
        BindingEvent binding => KsockFilter.Takes(wanted, binding.Name) || KsockFilter.Takes(binding.Name, wanted),
        _ => false,
    };

    /// <summary>All Ksocks that have to do with an event.</summary>
    private static IEnumerable<uint> Ksocks(BusEvent busEvent) =>
        busEvent is MessageEvent message ? message.Recipients.Select(r => r.Ksock).Append(message.Ksock).Append(message.Message.From) : [busEvent.Ksock];

    private static uint Number(ParsedArguments arguments, string text) => uint.TryParse(text, CultureInfo.InvariantCulture, out uint number)
        ? number
        : throw CommandException.Usage($"{Options.OfKsock}: '{text}' is not the id of a Ksock.", arguments.Verb!.Name);
}
