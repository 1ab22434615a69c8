using Kbus.Core;

namespace Kbus.Daemon;

/// <summary>One Ksock's share of the places that the daemon can serve. Disposing of it returns it, once.</summary>
internal sealed class KsockShare(DaemonShares shares, ProcessCharges process) : IDisposable
{
    /// <summary>Its neighbours among the open Ksocks of the daemon.</summary>
    public Neighbours<KsockShare> AmongAll;

    private int _isGone;

    /// <summary>What the Ksock's process holds of the daemon.</summary>
    public ProcessCharges Process => process;

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isGone, 1) == 0)
        {
            shares.Leave(this);
        }
    }
}
