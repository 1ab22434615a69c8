namespace Kbus;

/// <summary>What became of one recipient's copy of a message.</summary>
public enum RecipientFate
{
    /// <summary>It got the copy as a listener.</summary>
    Listener,

    /// <summary>It got the copy as the replier, and owes an answer.</summary>
    Replier,

    /// <summary>It got the answer to its Request.</summary>
    Requester,

    /// <summary>It is a listener, and missed the message because it had no room.</summary>
    Missed,

    /// <summary>The event waits until it has room.</summary>
    SetAside,

    /// <summary>It has no room, and therefore the message was refused or waits.</summary>
    NoRoom,
}
