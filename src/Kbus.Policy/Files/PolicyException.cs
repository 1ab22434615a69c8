namespace Kbus.Policy;

/// <summary>A policy file cannot be used; the message is a sentence that names the file, and the line and column where one is at
/// fault.</summary>
internal sealed class PolicyException(string message) : Exception(message);
