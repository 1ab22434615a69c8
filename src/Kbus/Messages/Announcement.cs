using Kbus.Core;

namespace Kbus;

/// <summary>A plain message for whoever listens. It is no error if nobody does. Source: spec section 4.4.</summary>
public sealed class Announcement : Message
{
    /// <summary>Makes an announcement whose data is text, in UTF-8.</summary>
    /// <param name="name">Its name: <c>$.</c> and words separated by dots.</param>
    /// <param name="text">The data as text; null or empty for none.</param>
    /// <param name="flags">Its flags.</param>
    /// <exception cref="ArgumentException">The name is not that of a message, or the flags say that it is a Request.</exception>
    public Announcement(string name, string? text, MessageFlags flags = MessageFlags.None)
        : base(name, text) => Flags = flags;

    /// <summary>Makes an announcement.</summary>
    /// <param name="name">Its name: <c>$.</c> and words separated by dots.</param>
    /// <param name="data">The data, not copied; empty for none.</param>
    /// <param name="flags">Its flags.</param>
    /// <exception cref="ArgumentException">The name is not that of a message, or the flags say that it is a Request.</exception>
    public Announcement(string name, ReadOnlyMemory<byte> data = default, MessageFlags flags = MessageFlags.None)
        : base(name, data) => Flags = flags;

    internal Announcement(in MessageHeader header, byte[] nameBytes, byte[] data)
        : base(header, nameBytes, data)
    {
    }

    private protected override MessageFlags CheckFlags(MessageFlags flags) => (flags & MessageFlags.WantAReply) == 0
        ? flags
        : throw new ArgumentException("Announcements are not Requests.");

    private protected override void CheckInReplyTo(MessageId inReplyTo)
    {
        if (!inReplyTo.IsNone)
        {
            throw new ArgumentException("Announcements are not Replies.");
        }
    }
}
