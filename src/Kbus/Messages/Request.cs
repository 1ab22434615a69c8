using Kbus.Core;

namespace Kbus;

/// <summary>A message that wants a reply. If it can be sent it gets exactly one answer: a Reply or a Status. Source: spec section 4.4.</summary>
public sealed class Request : Message
{
    /// <summary>Makes a Request whose data is text, in UTF-8.</summary>
    /// <param name="name">Its name: <c>$.</c> and words separated by dots.</param>
    /// <param name="text">The data as text; null or empty for none.</param>
    /// <param name="to">The Ksock that must be the replier, which makes the Request stateful; 0 for whoever is.</param>
    /// <param name="flags">Its flags; WANT_A_REPLY is added.</param>
    /// <exception cref="ArgumentException">The name is not that of a message.</exception>
    public Request(string name, string? text, uint to = 0, MessageFlags flags = MessageFlags.None)
        : base(name, text)
    {
        To = to;
        Flags = flags;
    }

    /// <summary>Makes a Request.</summary>
    /// <param name="name">Its name: <c>$.</c> and words separated by dots.</param>
    /// <param name="data">The data, not copied; empty for none.</param>
    /// <param name="to">The Ksock that must be the replier, which makes the Request stateful; 0 for whoever is.</param>
    /// <param name="flags">Its flags; WANT_A_REPLY is added.</param>
    /// <exception cref="ArgumentException">The name is not that of a message.</exception>
    public Request(string name, ReadOnlyMemory<byte> data = default, uint to = 0, MessageFlags flags = MessageFlags.None)
        : base(name, data)
    {
        To = to;
        Flags = flags;
    }

    internal Request(in MessageHeader header, byte[] nameBytes, byte[] data)
        : base(header, nameBytes, data)
    {
    }

    private protected override MessageFlags CheckFlags(MessageFlags flags) => flags | MessageFlags.WantAReply;
}
