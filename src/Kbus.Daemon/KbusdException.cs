namespace Kbus.Daemon;

/// <summary>The daemon cannot do what it was asked to; the message is a sentence for whoever asked.</summary>
internal sealed class KbusdException(string message) : Exception(message);
