namespace Kbus.Hosts;

/// <summary>Announcements of which nobody needs to hear what became (<see cref="KsockHost.SendUnanswered"/>), one after the other.</summary>
/// <remarks>Implemented by structures, for each of which the way of a message is compiled as one piece.</remarks>
internal interface IAnnouncements
{
    /// <summary>Goes to the next one.</summary>
    /// <param name="message">It: small, no Request and no Reply, and without flags by which it could fail or wait.</param>
    /// <returns>False if there is none.</returns>
    bool TryNext(out OutgoingMessage message);

    /// <summary>The one that came last cannot be sent, and the next may be.</summary>
    /// <param name="error">Why.</param>
    void Refuse(Errno error);
}
