namespace Kbus.Core;

/// <summary>One binding of a Ksock to a name, as listener or as replier.</summary>
/// <remarks>Its identity matters: a queued message knows the binding it came by, and unbinding takes back exactly those. Spec sections 2.4, 6.2.</remarks>
internal sealed class Binding(KsockState ksock, BoundName name, bool isReplier, ulong order)
{
    /// <summary>Whose binding it is.</summary>
    public KsockState Ksock { get; } = ksock;

    /// <summary>What it is bound to, possibly with a wildcard.</summary>
    public BoundName Name { get; } = name;

    /// <summary>True for a replier's binding, false for a listener's.</summary>
    public bool IsReplier { get; } = isReplier;

    /// <summary>Ascends with each binding made on this bus; newest first is the order everywhere.</summary>
    public ulong Order { get; } = order;
}

/// <summary>A name that somebody is bound to, with all its bindings.</summary>
internal sealed class BoundName(ReadOnlySpan<byte> name) : NameEntry(name)
{
    /// <summary>Listeners' bindings, oldest first.</summary>
    public List<Binding> Listeners { get; } = [];

    /// <summary>The one replier's binding of exactly this name.</summary>
    public Binding? Replier { get; set; }

    /// <summary>True if nobody is bound to it any more.</summary>
    public bool IsUnused => Listeners.Count == 0 && Replier is null;
}

/// <summary>Who gets a message of one name: worked out once and kept until a binding changes.</summary>
internal sealed class Route(ReadOnlySpan<byte> name) : NameEntry(name)
{
    /// <summary>The bindings of all listeners, newest first, repeated ones repeated.</summary>
    public Binding[] Listeners { get; set; } = [];

    /// <summary>True if a Ksock is among the listeners more than once.</summary>
    public bool HasRepeats { get; set; }

    /// <summary>The binding of the most specific replier.</summary>
    public Binding? Replier { get; set; }

    /// <summary>The version of the binding table that this route was worked out from.</summary>
    public ulong Version { get; set; }
}
