using Kbus.Link;
using Kbus.Linux;
using Kbus.Policy;

namespace Kbus.Daemon;

/// <summary>A watcher that the listening thread has prepared, on its way to the bus.</summary>
internal sealed class WatchRequest : BusWork, IDisposable
{
    /// <summary>The connection; the bus-to-watcher doorbell.</summary>
    public required Descriptor Socket { get; init; }

    /// <summary>The shared memory with the ring.</summary>
    public required SharedMemory Memory { get; init; }

    /// <summary>The file of the shared memory, to be passed to the process and then closed.</summary>
    public required Descriptor MemoryFile { get; init; }

    /// <summary>Passed on because each link has one. Nobody rings it.</summary>
    public required Descriptor Bell { get; init; }

    /// <summary>The watcher's share of the places that the daemon can serve: it counts as a Ksock.</summary>
    public required KsockShare Share { get; init; }

    /// <summary>The process and its user, as the kernel reports them.</summary>
    public required PeerCredentials Peer { get; init; }

    /// <summary>Who watches, as far as the policy asks; null if there is no policy.</summary>
    public Identity? Identity { get; init; }

    /// <summary>True for the data of messages, too.</summary>
    public required bool WithData { get; init; }

    /// <summary>Which versions of the link the process speaks.</summary>
    public required LinkVersions Versions { get; init; }

    /// <inheritdoc/>
    public override void CarryOut(BusThread bus) => bus.Watch(this);

    /// <inheritdoc/>
    public override void Abandon() => Dispose();

    /// <summary>Frees everything, if nobody watches.</summary>
    public void Dispose()
    {
        Socket.Dispose();
        Memory.Dispose();
        MemoryFile.Dispose();
        Bell.Dispose();
        Share.Dispose();
    }
}
