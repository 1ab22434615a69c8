namespace Kbus.Daemon;

/// <summary>The result of a check of the directory's lock and sockets.</summary>
/// <param name="Outcome">The kind of result.</param>
/// <param name="What">In words: what was made again, or why that failed.</param>
internal readonly record struct Mending(MendingOutcome Outcome, string What = "");
