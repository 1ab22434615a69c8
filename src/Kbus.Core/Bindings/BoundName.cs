namespace Kbus.Core;

/// <summary>A name that somebody is bound to, with all its bindings.</summary>
internal sealed class BoundName(ReadOnlySpan<byte> name) : NameEntry(name)
{
    /// <summary>Listeners' bindings.</summary>
    public BindingList Listeners { get; } = new(BindingSide.Role);

    /// <summary>The one replier's binding of exactly this name.</summary>
    public Binding? Replier { get; set; }

    /// <summary>The replier's binding, unless its Ksock has closed.</summary>
    public Binding? PresentReplier => Replier is { Ksock.IsLeaving: false } present ? present : null;

    /// <summary>The version of the binding table in which its bindings last changed; no other name has the same.</summary>
    public ulong Version { get; set; }

    /// <summary>What has gone over the bus under this name, if anything has since somebody is bound to it.</summary>
    public NameTraffic? Traffic { get; set; }

    /// <summary>True if nobody is bound to it any more.</summary>
    public bool IsUnused => Listeners.Count == 0 && Replier is null;
}
