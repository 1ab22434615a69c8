namespace Kbus.Fuzz;

/// <summary>Something that must be so after an input is not.</summary>
internal sealed class FindingException(string message) : Exception(message);
