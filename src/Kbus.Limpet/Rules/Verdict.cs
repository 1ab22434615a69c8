namespace Kbus.Limpets;

/// <summary>The decision about a message that a Limpet has handled.</summary>
internal enum Verdict
{
    /// <summary>It goes on to the other side, as it is now.</summary>
    Carry,

    /// <summary>It goes no further; nobody waits for it.</summary>
    Leave,

    /// <summary>It is a Request that goes no further, and the answer to it goes back to where it came from.</summary>
    Answer,

    /// <summary>It is an answer that may not come to this bus, and who awaits it there gets another from the Limpet.</summary>
    AnswerHere,

    /// <summary>It is carried no further, and the link should end: it closes a ring of buses.</summary>
    Loop,

    /// <summary>The peer said that it comes from a network that is not on its side. The link should end.</summary>
    Forged,

    /// <summary>The bus could not report every replier that left. What the two sides know of each other's repliers must be built
    /// again.</summary>
    EventsLost,
}
