namespace Kbus;

/// <summary>A message was sent, was refused, or waits for room; or the bus made one.</summary>
/// <remarks>A message that waits comes twice: with EAGAIN, and again when it is sent or refused for good.</remarks>
public sealed class MessageEvent : BusEvent
{
    internal MessageEvent()
    {
    }

    /// <summary>The message. Its data is empty if the watcher wants none, and cut off if it is long.</summary>
    /// <remarks>Its id is <c>[0:0]</c> if it was refused before it got one.</remarks>
    public required Message Message { get; init; }

    /// <summary>The length of its data in bytes, whatever part of it is here.</summary>
    public long DataLength { get; init; }

    /// <summary>Bytes of the message's entire form.</summary>
    public long EntireLength { get; init; }

    /// <summary>The recipients, in the order in which they got their copies; of very many only the first.</summary>
    public IReadOnlyList<MessageRecipient> Recipients { get; init; } = [];

    /// <summary>The number of all recipients.</summary>
    public int RecipientCount { get; init; }
}
