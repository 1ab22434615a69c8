namespace Kbus.Limpets;

/// <summary>What becomes of a message that a Limpet looked at.</summary>
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

    /// <summary>It goes no further, and neither should anything else: the link closes a ring of buses.</summary>
    Loop,

    /// <summary>The bus could not tell of every replier that left: what the two sides know of each other's repliers must be made anew.</summary>
    EventsLost,
}
