namespace Kbus.Link;

/// <summary>What a <see cref="LinkFault"/> means, for people.</summary>
internal static class LinkFaultText
{
    /// <summary>Half a sentence: "the link was closed because ...".</summary>
    public static string Describe(this LinkFault fault) => fault switch
    {
        LinkFault.None => "nothing was wrong",
        LinkFault.CommandTailImpossible => "the tail of its command ring was impossible",
        LinkFault.CommandTooShort => "a command was shorter than its own header",
        LinkFault.CommandTooLong => "a command reached beyond the end of what was written",
        LinkFault.CommandHeadImpossible => "the head of its command ring was impossible",
        LinkFault.DeliveryHeadImpossible => "it took what had not been delivered",
        LinkFault.DeliveryHeadInsideRecord => "it took a part of a message",
        LinkFault.DeliveryHeadForged => "it changed the head of its deliveries without taking anything",
        LinkFault.DeliveryHeadStolen => "it changed the head of its deliveries while the bus was rewriting them",
        LinkFault.DeliveryTailImpossible => "the tail of its deliveries was impossible",
        LinkFault.DeliveryTooLong => "a delivery reached beyond the end of what was delivered",
        LinkFault.CommandMeaningless => "a command made no sense",
        LinkFault.PolicyForbids => "the policy of the bus has changed and does not let its user have it open any more",
        _ => $"of a reason that this version does not know ({(int)fault})",
    };
}
