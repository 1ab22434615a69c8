namespace Kbus.Core;

/// <summary>One message in a Ksock's queue.</summary>
internal struct QueueEntry
{
    /// <summary>The message; the queue owns a reference.</summary>
    public StoredMessage Message;

    /// <summary>The listener's or replier's binding it came by; null for replies, Statuses and reports of existing bindings.</summary>
    public Binding? Because;

    /// <summary>For the copy of a Request that this Ksock is to reply to: who is owed the reply.</summary>
    public ReplyDebt? Debt;

    /// <summary>True for the answer to a Request whose sender's library waits for it by name.</summary>
    public bool IsAwaitedAnswer;

    /// <summary>The flags of this copy.</summary>
    public readonly MessageFlags Flags => Debt is null ? Message.Header.Flags : Message.Header.Flags | MessageFlags.WantYouToReply;

    /// <summary>This copy, for whoever takes it.</summary>
    public readonly DeliveredMessage Delivered => new(Message, Flags);
}
