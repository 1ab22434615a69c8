namespace Kbus.Link;

/// <summary>What a command asks the bus to do. A command with sequence 0 wants no completion.</summary>
internal enum CommandCode : ushort
{
    /// <summary>Send a message; the body is its entire form. Gives its id.</summary>
    Send = 1,

    /// <summary>Begin to send a big message; the body is its header and padded name.</summary>
    SendBegin = 2,

    /// <summary>More data of the big message; the last part sends it and gives its id.</summary>
    SendPart = 3,

    /// <summary>Try the waiting message again. Gives its id.</summary>
    Retry = 4,

    /// <summary>Drop the waiting message, and what has come of a big one.</summary>
    Discard = 5,

    /// <summary>One retry of a waiting message, as poll makes it. Gives <see cref="PollFlags"/>.</summary>
    Poll = 6,

    /// <summary>Bind to the name in the body.</summary>
    Bind = 7,

    /// <summary>Unbind from the name in the body.</summary>
    Unbind = 8,

    /// <summary>Find the replier bound to exactly the name in the body, or to one that matches it. Gives its id, or 0.</summary>
    FindReplier = 9,

    /// <summary>Ask for or set a number: the flags say which, the body is the 32-bit argument. Gives a number.</summary>
    Ask = 10,

    /// <summary>The id of the message last sent or tried.</summary>
    LastSent = 11,

    /// <summary>Messages have been taken while <see cref="DeliveryFlags.TellTakes"/> was set.</summary>
    NoteTakes = 12,

    /// <summary>The answer under the tag in the body (32 bits, and as many zeros) is awaited no more: it is an ordinary message.</summary>
    Withdraw = 13,

    /// <summary>A placed message is no longer read; the body is its 64-bit number (<see cref="PlacedData.NumberOf"/>).</summary>
    Release = 14,

    /// <summary>Put what waits behind the rings into them (<see cref="DeliveryFlags.MoreBehind"/>).</summary>
    Refill = 15,

    /// <summary>Ring the doorbell now.</summary>
    RingMe = 16,

    /// <summary>Close the Ksock.</summary>
    Close = 17,

    /// <summary>Do nothing: the command that stood here was withdrawn, and with it what has come of a big message. Gives ECANCELED.</summary>
    Withdrawn = 18,
}

/// <summary>Flags of a command; what they mean depends on its code.</summary>
internal static class CommandFlags
{
    /// <summary>Send, SendBegin: the answer is awaited under a tag (32 bits), which stands with as many zeros before the message.</summary>
    public const ushort Awaited = 1;

    /// <summary>Bind, Unbind: as replier.</summary>
    public const ushort Replier = 1;

    /// <summary>FindReplier: the one who would get a Request of this name, wildcards evaluated.</summary>
    public const ushort Matching = 2;
}

/// <summary>What <see cref="CommandCode.Poll"/> gives.</summary>
[Flags]
internal enum PollFlags : uint
{
    /// <summary>Neither.</summary>
    None = 0,

    /// <summary>A message could be taken before the retry.</summary>
    Readable = 1,

    /// <summary>No message waits after the retry, and the Ksock can send.</summary>
    Writable = 2,
}
