namespace Kbus;

/// <summary>The flag bits of a message. Source: spec section 1.3.</summary>
/// <remarks>Bits 16 to 31 belong to the application and travel untouched; so do the reserved bits 4 to 7 and 11 to 15.</remarks>
[Flags]
public enum MessageFlags : uint
{
    /// <summary>No flag: an announcement, or a reply if <c>in_reply_to</c> is set.</summary>
    None = 0,

    /// <summary>The message is a Request: its sender gets exactly one Reply or Status.</summary>
    WantAReply = 0x1,

    /// <summary>Set by the bus, on the one copy of a Request whose receiver is to reply.</summary>
    WantYouToReply = 0x2,

    /// <summary>Set by the bus, on every message that it made itself.</summary>
    Synthetic = 0x4,

    /// <summary>The message goes to the front of each queue that it enters.</summary>
    Urgent = 0x8,

    /// <summary>Send to all intended recipients or to none, waiting until all have room (EAGAIN meanwhile).</summary>
    AllOrWait = 0x100,

    /// <summary>Send to all intended recipients or to none, failing with EBUSY if one has no room.</summary>
    AllOrFail = 0x200,

    /// <summary>Set by a replier, on a Reply: it failed, and the data says why instead of being an answer (D27; docs/error-replies.md).</summary>
    /// <remarks>The bus carries it untouched. Programs that do not know it see an ordinary Reply.</remarks>
    ErrorReply = 0x400,
}
