namespace Kbus.Limpets;

/// <summary>A link could not be made. The message says why, as a sentence.</summary>
/// <param name="message">What happened.</param>
/// <param name="cause">The cause, or null.</param>
/// <param name="isPeersFault">True if the peer answered, but not as a Limpet does.</param>
/// <param name="isRefused">True if the server sent this Limpet away.</param>
public sealed class LimpetException(string message, Exception? cause = null, bool isPeersFault = false, bool isRefused = false)
    : IOException(message, cause)
{
    /// <summary>True if the peer answered, but not as a Limpet does, or does not want this one: making the link again is of little
    /// use.</summary>
    public bool IsPeersFault { get; } = isPeersFault;

    /// <summary>True if the server sent this Limpet away, and the message is what the server said.</summary>
    public bool IsRefused { get; } = isRefused;
}
