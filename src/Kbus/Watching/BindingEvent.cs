namespace Kbus;

/// <summary>A Ksock has bound or unbound, or tried to; or was bound when the watcher came.</summary>
public sealed class BindingEvent : BusEvent
{
    internal BindingEvent()
    {
    }

    /// <summary>True for binding, false for unbinding.</summary>
    public bool IsBind { get; init; }

    /// <summary>True if it was bound before the watcher came.</summary>
    public bool WasPresent { get; init; }

    /// <summary>The name. If it was refused, it may be anything; bytes that are not printable stand as <c>\xNN</c>.</summary>
    public required string Name { get; init; }

    /// <summary>True for a replier's binding.</summary>
    public bool IsReplier { get; init; }

    /// <summary>True if the binding ended because the Ksock may not have it any more.</summary>
    public bool IsRevoked { get; init; }
}
