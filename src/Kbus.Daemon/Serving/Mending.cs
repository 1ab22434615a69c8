namespace Kbus.Daemon;

/// <summary>How a look at the directory's lock and sockets ended.</summary>
/// <param name="Outcome">In short.</param>
/// <param name="What">In words: what was made again, or why it could not be.</param>
internal readonly record struct Mending(MendingOutcome Outcome, string What = "");
