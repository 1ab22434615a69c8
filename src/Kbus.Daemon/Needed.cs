using Kbus.Link;

namespace Kbus.Daemon;

/// <summary>System calls without which the daemon, or a bus, cannot be: what is refused is named in the sentence that ends the start.</summary>
internal static class Needed
{
    /// <summary>Takes over the descriptor that a call gave.</summary>
    /// <exception cref="KbusdException">It gave none.</exception>
    public static Descriptor Descriptor(int result, string call, string consequence) => new(Done(result, call, consequence));

    /// <summary>Checks that a call was carried out.</summary>
    /// <exception cref="KbusdException">It was not.</exception>
    public static int Done(int result, string call, string consequence) =>
        result >= 0 ? result : throw new KbusdException($"{consequence}: the system call {call} fails with {ServingDirectory.Words(result)}.");
}
