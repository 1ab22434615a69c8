using Kbus.Link;

namespace Kbus.Daemon;

/// <summary>A process that has Ksocks on a bus: its end closes them all.</summary>
/// <remarks>
/// Processes are told apart by the identity of their pidfds, never by their numbers: a number means nothing across pid namespaces, where
/// every process may have number 0, and a dead process's number is given to another. Where the kernel gives pidfds no identity (before Linux
/// 6.9), each link has a watch of its own.
/// </remarks>
/// <param name="descriptor">The pidfd.</param>
/// <param name="token">By which the bus's event loop finds the watch.</param>
internal sealed class ProcessWatch(Descriptor descriptor, ulong token) : IDisposable
{
    /// <summary>By which the bus's event loop finds the watch.</summary>
    public ulong Token => token;

    /// <summary>The identity by which further links of the process find the watch; null if there is none.</summary>
    public ulong? Identity { get; } = LibC.PidfdIdentity(descriptor.Number);

    /// <summary>The number of the pidfd.</summary>
    public int Number => descriptor.Number;

    /// <summary>The process's links on this bus.</summary>
    public HashSet<Session> Sessions { get; } = [];

    /// <inheritdoc/>
    public void Dispose() => descriptor.Dispose();
}
