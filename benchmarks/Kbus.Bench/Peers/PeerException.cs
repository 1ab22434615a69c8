namespace Kbus.Bench.Peers;

/// <summary>A peer could not be run or measured; the message says why, in words for a person.</summary>
internal sealed class PeerException(string message) : Exception(message);
