namespace Kbus.Core;

/// <summary>Bindings from oldest to newest.</summary>
internal sealed class BindingList(BindingSide side) : LinkedEntries<Binding>
{
    /// <inheritdoc/>
    protected override ref Neighbours<Binding> Link(Binding entry)
    {
        switch (side)
        {
            case BindingSide.Ksock: return ref entry.AtKsock;
            case BindingSide.Role: return ref entry.AtRole;
            default: return ref entry.AtBus;
        }
    }
}

/// <summary>Which of a binding's links a list uses.</summary>
internal enum BindingSide
{
    Ksock,
    Role,
    Bus,
}
