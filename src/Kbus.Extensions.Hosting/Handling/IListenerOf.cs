namespace Kbus.Hosting;

/// <summary>Receives messages whose data is a value. It is made anew for each message, with the services of its constructor.</summary>
/// <typeparam name="TMessage">What the data of a message is.</typeparam>
public interface IListener<in TMessage>
{
    /// <summary>Receives one message.</summary>
    /// <param name="value">The data of the message.</param>
    /// <param name="message">The message, and what belongs to it.</param>
    /// <returns>Ends when the message has been handled. An exception is logged.</returns>
    ValueTask ReceiveAsync(TMessage value, Delivery message);
}
