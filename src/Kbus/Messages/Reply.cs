using Kbus.Core;

namespace Kbus;

/// <summary>A replier's answer to a Request. Usually made by <see cref="Message.ReplyTo(Message,string,MessageFlags)"/>. Source: spec section 5.</summary>
public sealed class Reply : Message
{
    /// <summary>Makes a Reply whose data is text, in UTF-8. Set <see cref="Message.To"/> to the requester's Ksock id.</summary>
    /// <param name="name">Its name, usually that of the Request.</param>
    /// <param name="inReplyTo">The Request's id.</param>
    /// <param name="text">The data as text; null or empty for none.</param>
    /// <exception cref="ArgumentException">The name is not that of a message, or the id is missing.</exception>
    public Reply(string name, MessageId inReplyTo, string? text)
        : base(name, text) => InReplyTo = inReplyTo;

    /// <summary>Makes a Reply. Set <see cref="Message.To"/> to the requester's Ksock id.</summary>
    /// <param name="name">Its name, usually that of the Request.</param>
    /// <param name="inReplyTo">The Request's id.</param>
    /// <param name="data">The data, not copied; empty for none.</param>
    /// <exception cref="ArgumentException">The name is not that of a message, or the id is missing.</exception>
    public Reply(string name, MessageId inReplyTo, ReadOnlyMemory<byte> data = default)
        : base(name, data) => InReplyTo = inReplyTo;

    internal Reply(in MessageHeader header, byte[] nameBytes, byte[] data)
        : base(header, nameBytes, data)
    {
    }

    private protected override void CheckInReplyTo(MessageId inReplyTo)
    {
        if (inReplyTo.IsNone)
        {
            throw new ArgumentException("A Reply must specify in_reply_to.");
        }
    }
}
