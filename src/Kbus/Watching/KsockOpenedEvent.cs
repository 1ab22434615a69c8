namespace Kbus;

/// <summary>A Ksock was opened, or was open when the watcher came.</summary>
public sealed class KsockOpenedEvent : BusEvent
{
    internal KsockOpenedEvent()
    {
    }

    /// <summary>True if it was open before the watcher came.</summary>
    public bool WasPresent { get; init; }

    /// <summary>The process that opened it; 0 if it has no number here.</summary>
    public int ProcessId { get; init; }

    /// <summary>That process's user.</summary>
    public uint UserId { get; init; }

    /// <summary>What it was opened for.</summary>
    public KsockMode Mode { get; init; }

    /// <summary>The network id of the Limpet whose Ksock it is; 0 if it is nobody's but its own.</summary>
    public uint NetworkId { get; init; }
}
