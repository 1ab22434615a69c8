namespace Kbus.Core;

/// <summary>One message in a Ksock's queue.</summary>
internal struct QueueEntry
{
    /// <summary>The message, of which the queue owns a reference; null while the Ksock's <see cref="Carrier"/> keeps the bytes of this
    /// copy.</summary>
    public StoredMessage? Message;

    /// <summary>The listener's or replier's binding it came by; null for replies, Statuses and reports of existing bindings.</summary>
    public Binding? Because;

    /// <summary>For the copy of a Request that this Ksock must reply to: the debt.</summary>
    public ReplyDebt? Debt;

    /// <summary>Bytes of the entire form.</summary>
    public int Length;

    /// <summary>Where the carrier keeps this copy; it alone knows what the number means.</summary>
    public uint Place;

    /// <summary>True for the answer to a Request whose sender's library waits for it by name.</summary>
    public bool IsAwaitedAnswer;

    /// <summary>The flags of this copy, of which the queue has the message.</summary>
    public readonly MessageFlags Flags => FlagsOf(Message!, Debt);

    /// <summary>This copy, for the reader that takes it. The queue owns the message.</summary>
    public readonly DeliveredMessage Delivered => new(Message!, Flags);

    /// <summary>The flags of a copy. Only the copy whose recipient must reply has YOU set.</summary>
    public static MessageFlags FlagsOf(StoredMessage message, ReplyDebt? debt) =>
        debt is null ? message.Header.Flags : message.Header.Flags | MessageFlags.WantYouToReply;
}
