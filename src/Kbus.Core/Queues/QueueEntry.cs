namespace Kbus.Core;

/// <summary>What the books say of one message in a Ksock's queue.</summary>
internal struct QueueEntry
{
    /// <summary>The listener's or replier's binding it came by; null for replies, Statuses and reports of existing bindings.</summary>
    public Binding? Because;

    /// <summary>For the copy of a Request that this Ksock must reply to: the debt.</summary>
    public ReplyDebt? Debt;

    /// <summary>Bytes of the entire form.</summary>
    public int Length;

    /// <summary>The Ksock's own number for this copy: ascending in the order in which copies were put into the queue, in front or at the end.
    /// It wraps.</summary>
    public uint Number;

    /// <summary>On the lane of answers: the tag of the Request that this answers. 0 in the queue.</summary>
    public uint Tag;
}
