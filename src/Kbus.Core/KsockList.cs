namespace Kbus.Core;

/// <summary>Ksocks in the order in which they were opened, which is that of their ids until these wrap.</summary>
internal sealed class KsockList : LinkedEntries<KsockState>
{
    /// <inheritdoc/>
    protected override ref Neighbours<KsockState> Link(KsockState entry) => ref entry.AtBus;
}
