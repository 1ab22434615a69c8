using Kbus.Core;

namespace Kbus.Daemon;

/// <summary>The open Ksocks of all buses of a daemon, oldest first.</summary>
internal sealed class KsockShares : LinkedEntries<KsockShare>
{
    /// <inheritdoc/>
    protected override ref Neighbours<KsockShare> Link(KsockShare entry) => ref entry.AmongAll;
}
