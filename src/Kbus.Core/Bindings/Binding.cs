namespace Kbus.Core;

/// <summary>One binding of a Ksock to a name, as listener or as replier.</summary>
/// <remarks>Its identity matters: a queued message knows the binding it came by, and unbinding takes back exactly those. Spec sections
/// 2.4, 6.2.</remarks>
internal sealed class Binding(KsockState ksock, BoundName name, bool isReplier, ulong order)
{
    /// <summary>Whose binding it is.</summary>
    public KsockState Ksock { get; } = ksock;

    /// <summary>The name that it is bound to, possibly with a wildcard.</summary>
    public BoundName Name { get; } = name;

    /// <summary>True for a replier's binding, false for a listener's.</summary>
    public bool IsReplier { get; } = isReplier;

    /// <summary>Ascends with each binding made on this bus; newest first is the order everywhere.</summary>
    public ulong Order { get; } = order;

    /// <summary>The binding before this one of the same Ksock to the same name as listener; null if it is the only one, or a
    /// replier's.</summary>
    public Binding? OlderAlike { get; set; }

    /// <summary>The number of such bindings, with this one; 0 for a replier's.</summary>
    public int Alike { get; set; }

    /// <summary>Its place among the bindings of its Ksock.</summary>
    public Neighbours<Binding> AtKsock;

    /// <summary>A listener's place among the listeners of its name; a replier's among all repliers of the bus.</summary>
    public Neighbours<Binding> AtRole;

    /// <summary>Its place among all bindings of the bus.</summary>
    public Neighbours<Binding> AtBus;
}
