namespace Kbus.Play;

/// <summary>The play cannot go on.</summary>
/// <param name="isWithoutBus">Whether the reason is that there is no daemon.</param>
/// <param name="message">What happened and what to do, for people. If there is a cause, its own words are to follow.</param>
/// <param name="innerException">What the system said; null if the message says all.</param>
internal sealed class PlayException(bool isWithoutBus, string message, Exception? innerException = null) : Exception(message, innerException)
{
    /// <summary>Whether the reason is that there is no daemon.</summary>
    public bool IsWithoutBus => isWithoutBus;
}
