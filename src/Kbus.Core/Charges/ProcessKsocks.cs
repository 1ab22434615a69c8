namespace Kbus.Core;

/// <summary>The open Ksocks of one process on one bus.</summary>
internal sealed class ProcessKsocks : LinkedEntries<KsockState>
{
    /// <summary>The Ksock that comes first; it goes to the end.</summary>
    public KsockState Rotate()
    {
        KsockState first = Oldest!;
        Remove(first);
        Add(first);
        return first;
    }

    /// <inheritdoc/>
    protected override ref Neighbours<KsockState> Link(KsockState entry) => ref entry.AmongProcess;
}
