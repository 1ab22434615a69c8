namespace Kbus.Hosts;

/// <summary>Where the messages lie that are posted together (<see cref="KsockHost.PostAll"/>).</summary>
/// <remarks>Implemented by structures, for each of which the way of a message is compiled as one piece.</remarks>
internal interface IOutgoingMessages
{
    /// <summary>How many there are.</summary>
    int Count { get; }

    /// <summary>Whether each message comes checked but for its name: its flags, lengths and size, and that the Ksock can send it now.</summary>
    bool AreChecked { get; }

    /// <summary>The message at a place.</summary>
    /// <param name="index">Its place.</param>
    /// <param name="message">The message.</param>
    /// <returns>None, or why there is no message to be sent.</returns>
    Errno TryGet(int index, out OutgoingMessage message);
}
