namespace Kbus.Core;

/// <summary>Saved books cannot be read: they are of another version, cut off, or contradict themselves. The message says which.</summary>
internal sealed class BooksException(string message) : Exception(message);
