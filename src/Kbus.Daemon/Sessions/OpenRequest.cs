using Kbus.Link;
using Kbus.Linux;
using Kbus.Policy;

namespace Kbus.Daemon;

/// <summary>A link that the listening thread has made for a process, on its way to the bus.</summary>
internal sealed class OpenRequest : BusWork, IDisposable
{
    /// <summary>The connection; the bus-to-client doorbell.</summary>
    public required Descriptor Socket { get; init; }

    /// <summary>The shared memory.</summary>
    public required SharedMemory Memory { get; init; }

    /// <summary>The file of the shared memory, to be passed to the process and then closed.</summary>
    public required Descriptor MemoryFile { get; init; }

    /// <summary>The client-to-bus bell, to be passed to the process and then closed.</summary>
    public required Descriptor Bell { get; init; }

    /// <summary>The pidfd of the process, readable when it has ended. Null if the kernel gives none; then only the socket shows the end.</summary>
    public required Descriptor? Process { get; init; }

    /// <summary>The Ksock's share of the places that the daemon can serve.</summary>
    public required KsockShare Share { get; init; }

    /// <summary>The identity of the process, if the kernel does not give one (<see cref="LibC.PidfdIdentity"/>).</summary>
    public ulong? ProcessIdentity { get; init; }

    /// <summary>The process and its user, as the kernel reports them.</summary>
    public required PeerCredentials Peer { get; init; }

    /// <summary>What the Ksock is opened for.</summary>
    public required KsockMode Mode { get; init; }

    /// <summary>Which versions of the link the process speaks.</summary>
    public LinkVersions Versions { get; init; } = LinkVersions.Ours;

    /// <summary>Who opens it, as far as the policy asks; null if there is no policy.</summary>
    public Identity? Identity { get; init; }

    /// <inheritdoc/>
    public override void CarryOut(BusThread bus) => bus.Open(this);

    /// <inheritdoc/>
    public override void Abandon() => Dispose();

    /// <summary>Frees everything, if the link is not opened.</summary>
    public void Dispose()
    {
        Socket.Dispose();
        Memory.Dispose();
        MemoryFile.Dispose();
        Bell.Dispose();
        Process?.Dispose();
        Share.Dispose();
    }
}
