namespace Kbus.Play;

/// <summary>The commands to an actor.</summary>
internal enum DeedKind
{
    /// <summary>Opens a Ksock: the number of the bus.</summary>
    Open,

    /// <summary>Asks for the Ksock's id.</summary>
    AskId,

    /// <summary>Binds as listener: the name.</summary>
    Bind,

    /// <summary>Binds as replier: the name.</summary>
    BindAsReplier,

    /// <summary>Ends a binding as listener: the name.</summary>
    Unbind,

    /// <summary>Sends an announcement: name, data.</summary>
    Announce,

    /// <summary>Sends a Request: name, data.</summary>
    Request,

    /// <summary>Reads the next message without waiting: what to keep it as.</summary>
    Read,

    /// <summary>Waits for the next message: what to keep it as.</summary>
    Wait,

    /// <summary>Asks a kept message whether it is to be replied to.</summary>
    WantsUsToReply,

    /// <summary>Makes a Reply: the kept Request, data.</summary>
    PrepareReply,

    /// <summary>Makes a stateful Request: the kept Reply, name, data.</summary>
    PrepareStatefulRequest,

    /// <summary>Sends what was made.</summary>
    SendPrepared,

    /// <summary>Asks a kept message whom it is from.</summary>
    From,

    /// <summary>Counts the coin in a kept message.</summary>
    CountHead,

    /// <summary>Replies to a kept Request with the count.</summary>
    ReplyWithCount,

    /// <summary>Says the data of a kept message, with a word before it.</summary>
    SayData,

    /// <summary>Says something.</summary>
    Say,

    /// <summary>Closes the Ksock.</summary>
    Close,

    /// <summary>Runs <c>kbus errno</c>.</summary>
    ExplainErrno,

    /// <summary>Reads all messages that are there.</summary>
    ReadAll,

    /// <summary>Ends the actor.</summary>
    Exit,

    /// <summary>A Limpet begins, and prints its address or its pair: the arguments of <c>kbus limpet</c>.</summary>
    Sit,

    /// <summary>A Limpet prints its pair.</summary>
    MeetPair,

    /// <summary>A Limpet ends in good order, and says so.</summary>
    Leave,
}
