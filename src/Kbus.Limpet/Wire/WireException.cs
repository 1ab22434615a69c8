namespace Kbus.Limpets;

/// <summary>The peer does not speak as a Limpet does. The message says how, as the end of a sentence.</summary>
internal sealed class WireException(string message) : IOException(message);
