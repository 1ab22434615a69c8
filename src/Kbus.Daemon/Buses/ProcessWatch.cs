using Kbus.Linux;

namespace Kbus.Daemon;

/// <summary>One process that has Ksocks on a bus: its end closes them all, and they share its turn.</summary>
/// <remarks>
/// Processes are distinguished by the identity of their pidfds, never by their numbers. A number means nothing across pid namespaces, where
/// every process may have number 0, and the number of a dead process is used again. Where pidfds have no identity (before Linux 6.9), or
/// do not exist, each link counts as a process of its own.
/// </remarks>
/// <param name="descriptor">The pidfd; null if there is none. Then only the link's socket shows that the process has ended.</param>
/// <param name="identity">The identity of the process; null to ask the kernel.</param>
/// <param name="token">The number by which the bus's event loop finds the watch.</param>
internal sealed class ProcessWatch(Descriptor? descriptor, ulong? identity, ulong token) : IDisposable
{
    // No pidfd has such an identity, and no caller of a device file such a number.
    private const ulong NotAnIdentity = 3UL << 62;

    /// <summary>The number by which the bus's event loop finds the watch.</summary>
    public ulong Token => token;

    /// <summary>The identity by which further links of the process find the watch; null if there is none.</summary>
    public ulong? Identity { get; } = identity ?? (descriptor is null ? null : LibC.PidfdIdentity(descriptor.Number));

    /// <summary>Distinguishes the process from all others on this bus.</summary>
    public ulong Key => Identity ?? (NotAnIdentity | token);

    /// <summary>The pidfd.</summary>
    public Descriptor? Descriptor => descriptor;

    /// <summary>True once the process has ended: its links are being closed, in turns.</summary>
    public bool HasEnded { get; set; }

    /// <summary>The process's links on this bus.</summary>
    public HashSet<Session> Sessions { get; } = [];

    /// <summary>Those of its links that the loop polls.</summary>
    public List<Session> Hot { get; } = [];

    /// <summary>Its place among the processes with hot links; -1 if it has none.</summary>
    public int HotPlace { get; set; } = -1;

    /// <summary>The place of the next hot link. So each link gets its turn even if the process's share ends before.</summary>
    public int Next { get; set; }

    /// <inheritdoc/>
    public void Dispose() => descriptor?.Dispose();
}
