namespace Kbus.Bench.Hostile;

/// <summary>The hostile bench cannot go on; the message says why.</summary>
internal sealed class HostileException(string message) : Exception(message);
