namespace Kbus.Link;

/// <summary>What was wrong with what the other side wrote into shared memory: the named reason for closing a link.</summary>
internal enum LinkFault
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The tail of the command ring is behind its head, or farther ahead than the ring is long, or not a multiple of 8.</summary>
    CommandTailImpossible = 1,

    /// <summary>A command is shorter than its own header.</summary>
    CommandTooShort = 2,

    /// <summary>A command reaches beyond what was published.</summary>
    CommandTooLong = 3,

    /// <summary>The head of the command ring is ahead of its tail, or farther behind than the ring is long.</summary>
    CommandHeadImpossible = 4,

    /// <summary>The head of the deliveries is not between where it was and what was published.</summary>
    DeliveryHeadImpossible = 5,

    /// <summary>The head of the deliveries points into the middle of a record.</summary>
    DeliveryHeadInsideRecord = 6,

    /// <summary>The head of the deliveries was changed though nothing was taken, or in the bits that are the bus's alone.</summary>
    DeliveryHeadForged = 7,

    /// <summary>The head of the deliveries was changed while the bus was rewriting the ring.</summary>
    DeliveryHeadStolen = 8,

    /// <summary>The tail of the deliveries is farther from the head than the ring is long.</summary>
    DeliveryTailImpossible = 9,

    /// <summary>A delivery reaches beyond what was published.</summary>
    DeliveryTooLong = 10,

    /// <summary>A command's content makes no sense.</summary>
    CommandMeaningless = 11,

    /// <summary>Nothing was wrong with it: the bus's policy has changed, and the Ksock may not be open any more.</summary>
    PolicyForbids = 12,
}
