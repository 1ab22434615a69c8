namespace Kbus;

/// <summary>A Ksock closes. The Statuses and bind events that follow from it come afterwards.</summary>
public sealed class KsockClosedEvent : BusEvent
{
    internal KsockClosedEvent()
    {
    }

    /// <summary>Why it closes.</summary>
    public KsockEnd End { get; init; }
}
