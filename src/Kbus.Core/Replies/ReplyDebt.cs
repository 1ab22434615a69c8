namespace Kbus.Core;

/// <summary>What became of a Request that was given to its replier.</summary>
internal enum DebtState
{
    /// <summary>The answer is owed.</summary>
    Owed,

    /// <summary>It was answered, by the replier or by a Status.</summary>
    Answered,

    /// <summary>Its sender has gone; nobody waits for an answer.</summary>
    SenderGone,
}

/// <summary>One Request that was given to a replier, and is owed a reply. Made, kept and reused by the <see cref="ReplyLedger"/>.</summary>
/// <remarks>
/// It is in its sender's list from the delivery on. It leaves when it is answered and the replier's copy is no longer queued, or when
/// the sender closes. From the take on it is also in its replier's list of Requests that were read and not replied to.
/// </remarks>
internal sealed class ReplyDebt
{
    /// <summary>The Ksock that is owed the answer.</summary>
    public KsockState Sender { get; set; } = null!;

    /// <summary>The Ksock that must give it; no other can (D6).</summary>
    public KsockState Replier { get; set; } = null!;

    /// <summary>The Request's id.</summary>
    public MessageId Id { get; set; }

    /// <summary>The tag under which the sender's library awaits the answer; 0 if the answer is an ordinary message.</summary>
    public uint Tag { get; set; }

    /// <summary>The counts of the Request's name; null in restored books.</summary>
    public NameTraffic? Traffic { get; set; }

    /// <summary>What became of it.</summary>
    public DebtState State { get; set; }

    /// <summary>True if an answer is still to come: it is owed, and its sender is there.</summary>
    public bool IsOwed => State == DebtState.Owed && Sender.IsOpen;

    /// <summary>True while the replier's copy waits in its queue.</summary>
    public bool IsQueued { get; set; }

    /// <summary>Its place in the sender's list.</summary>
    public Neighbours<ReplyDebt> AtSender;

    /// <summary>Its place in one of the replier's lists: of what waits in its queue, then of what it has taken and not replied
    /// to.</summary>
    public Neighbours<ReplyDebt> AtReplier;

    /// <summary>Its place among owed debts of the same sender, replier and id.</summary>
    public Neighbours<ReplyDebt> AmongEquals;

    /// <summary>True if no list holds it and no queue does.</summary>
    public bool IsSettled => !IsQueued && !AtSender.IsLinked && !AtReplier.IsLinked && !AmongEquals.IsLinked;
}

/// <summary>Which of a debt's links a list uses.</summary>
internal enum DebtSide
{
    Sender,
    Replier,
    Equals,
}
