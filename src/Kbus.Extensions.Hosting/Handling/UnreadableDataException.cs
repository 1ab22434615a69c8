namespace Kbus.Hosting;

/// <summary>The data of a message is not what its handler is for. The message was not handled.</summary>
internal sealed class UnreadableDataException(string message, Exception innerException) : Exception(message, innerException);
