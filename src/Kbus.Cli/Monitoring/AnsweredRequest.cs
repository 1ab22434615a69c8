namespace Kbus.Cli;

/// <summary>The Request that a watched answer is to.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Latency">The time between its sending and its answer.</param>
internal sealed record AnsweredRequest(string Name, TimeSpan Latency);
