namespace Kbus.Limpets;

/// <summary>A connection is broken. The message says how, as the end of a sentence, in words that a person may see.</summary>
internal sealed class BrokenException(string message) : IOException(message);
