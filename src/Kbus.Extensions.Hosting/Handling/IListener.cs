namespace Kbus.Hosting;

/// <summary>Receives the messages of the names that it listens to. It is made anew for each message, with the services of its constructor.</summary>
public interface IListener
{
    /// <summary>Receives one message.</summary>
    /// <param name="message">The message, and what belongs to it.</param>
    /// <returns>Ends when the message has been handled. An exception is logged.</returns>
    ValueTask ReceiveAsync(Delivery message);
}
