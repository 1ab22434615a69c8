using Kbus.Linux;

namespace Kbus.Daemon;

/// <summary>System calls that the daemon or a bus needs. If one is refused, the error that ends the start names it.</summary>
internal static class Needed
{
    /// <summary>Takes over the descriptor that a call returned.</summary>
    /// <exception cref="KbusdException">The call failed.</exception>
    public static Descriptor Descriptor(int result, string call, string consequence) => new(Done(result, call, consequence));

    /// <summary>Checks that a call succeeded.</summary>
    /// <exception cref="KbusdException">It failed.</exception>
    public static int Done(int result, string call, string consequence) =>
        result >= 0 ? result : throw new KbusdException($"{consequence}: the system call {call} fails with {ServingDirectory.Words(result)}.");
}
