namespace Kbus.Hosting;

/// <summary>What a host was told to do with messages of some name: one registration, before anything runs.</summary>
/// <param name="Bus">The key of the bus; empty for the one without a key.</param>
/// <param name="Name">The message name that it is bound to, perhaps with a wildcard.</param>
/// <param name="IsReplier">Whether it replies; otherwise it listens.</param>
/// <param name="Concurrency">How many messages it handles at once, at most.</param>
/// <param name="Handle">Handles one; gives the data of the Reply, which for a listener is empty.</param>
/// <param name="IsTyped">Whether it needs a serializer.</param>
internal sealed record Handler(
    string Bus, string Name, bool IsReplier, int Concurrency, Func<Delivery, ValueTask<ReadOnlyMemory<byte>>> Handle, bool IsTyped)
{
    /// <summary>How the log names its part.</summary>
    public string Part => IsReplier ? "replier" : "listener";
}
