namespace Kbus.Link;

/// <summary>The two rings by which messages come from the bus. Each has words of its own in the header page.</summary>
internal enum DeliveryLane
{
    /// <summary>The messages of the Ksock's queue.</summary>
    Messages = 0,

    /// <summary>Answers that the process awaits under a tag. Each record begins with the tag (<see cref="AnswerTag"/>).</summary>
    Answers = 1,
}

/// <summary>What each record on the lane of answers begins with.</summary>
internal static class AnswerTag
{
    /// <summary>Bytes: the tag, and as many zeros, so that the message behind it is aligned.</summary>
    public const int Size = 8;
}
