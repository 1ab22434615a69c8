using System.Globalization;

namespace Kbus.Cli;

/// <summary>How <c>kbus monitor</c> shows when an event happened.</summary>
internal sealed class EventTime
{
    /// <summary>The forms: time of day, seconds since the first event, seconds since the event before.</summary>
    public static IReadOnlyList<string> Forms { get; } = ["wall", "relative", "delta"];

    private readonly string _form;
    private TimeSpan? _from;

    /// <summary>Reads the option.</summary>
    /// <exception cref="CommandException">There is no such form.</exception>
    public EventTime(ParsedArguments arguments)
    {
        _form = arguments.Text(Options.TimeForm) ?? Forms[0];
        if (!Forms.Contains(_form))
        {
            throw CommandException.Usage($"{Options.TimeForm}: '{_form}' is none of {string.Join(", ", Forms)}.", arguments.Verb!.Name);
        }
    }

    /// <summary>The time of the next event that is shown.</summary>
    public string Of(BusEvent busEvent)
    {
        if (busEvent is EventsLostEvent)
        {
            return "-";
        }

        if (_form == "wall")
        {
            return busEvent.Time.ToLocalTime().ToString("HH:mm:ss.ffffff", CultureInfo.InvariantCulture);
        }

        TimeSpan passed = busEvent.Monotonic - (_from ?? busEvent.Monotonic);
        if (_from is null || _form == "delta")
        {
            _from = busEvent.Monotonic;
        }

        return passed.TotalSeconds.ToString("0.000000", CultureInfo.InvariantCulture);
    }
}
