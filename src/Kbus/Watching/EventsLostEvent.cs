namespace Kbus;

/// <summary>Events are missing here: the watcher did not read them in time.</summary>
public sealed class EventsLostEvent : BusEvent
{
    internal EventsLostEvent()
    {
    }

    /// <summary>How many.</summary>
    public ulong Count { get; init; }
}
