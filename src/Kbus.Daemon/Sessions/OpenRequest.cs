using Kbus.Link;
using Kbus.Policy;

namespace Kbus.Daemon;

/// <summary>A link that the listening thread has made for a process, on its way to the bus.</summary>
internal sealed class OpenRequest : BusWork, IDisposable
{
    /// <summary>The connection; the bus-to-client doorbell.</summary>
    public required Descriptor Socket { get; init; }

    /// <summary>The shared memory.</summary>
    public required SharedMemory Memory { get; init; }

    /// <summary>Its file, to be passed to the process and then closed.</summary>
    public required Descriptor MemoryFile { get; init; }

    /// <summary>The client-to-bus bell, to be passed to the process and then closed.</summary>
    public required Descriptor Bell { get; init; }

    /// <summary>Stands for the process; readable when it has ended. Null where the kernel has none for it: then its socket alone tells of its end.</summary>
    public required Descriptor? Process { get; init; }

    /// <summary>The place that the Ksock has of those that the daemon can serve.</summary>
    public required KsockShare Share { get; init; }

    /// <summary>What tells the process from all others, if that is not for the kernel to say (<see cref="LibC.PidfdIdentity"/>).</summary>
    public ulong? ProcessIdentity { get; init; }

    /// <summary>Whose process it is, by the kernel's word.</summary>
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

    /// <summary>Lets go of everything, when the link is not to be.</summary>
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
