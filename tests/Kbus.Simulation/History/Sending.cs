namespace Kbus.Simulation;

/// <summary>One message that a member sent or tried to send, and who received it.</summary>
internal sealed class Sending
{
    /// <summary>Who sent it.</summary>
    public required Member By { get; init; }

    /// <summary>Its number among those of its sender, from 1.</summary>
    public required int Number { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>The flags that its sender gave it.</summary>
    public required MessageFlags Flags { get; init; }

    /// <summary>Whom it is for; 0 for whoever is bound.</summary>
    public required uint To { get; init; }

    /// <summary>What it answers.</summary>
    public required MessageId InReplyTo { get; init; }

    /// <summary>The id that its sender gave it, if it did.</summary>
    public required MessageId GivenId { get; init; }

    /// <summary>Bytes of its data.</summary>
    public required int Length { get; init; }

    /// <summary>Bytes of its entire form.</summary>
    public required int EntireLength { get; init; }

    /// <summary>True if its sender awaits the answer under a tag, which is its number.</summary>
    public required bool IsAwaited { get; init; }

    /// <summary>From when on the answer may be awaited no more.</summary>
    public long WithdrawnFrom { get; set; } = Never;

    /// <summary>By when its sender was told that it is not.</summary>
    public long WithdrawnBy { get; set; } = Never;

    /// <summary>True if a Limpet overheard it: nobody answers it, and it answers nobody.</summary>
    public required bool IsOverheard { get; init; }

    /// <summary>What became of it.</summary>
    public Fate Fate { get; set; }

    /// <summary>The id that the bus said it has.</summary>
    public MessageId Id { get; set; }

    /// <summary>What the bus said at first.</summary>
    public Errno FirstError { get; set; }

    /// <summary>What the bus said at last.</summary>
    public Errno Error { get; set; }

    /// <summary>Before this it had reached nobody.</summary>
    public long From { get; set; } = Never;

    /// <summary>After this it has reached whomever it reaches.</summary>
    public long Until { get; set; } = Never;

    /// <summary>When its sender first told the bus of it.</summary>
    public long Begun { get; set; }

    /// <summary>When the bus first said something about it.</summary>
    public long Answered { get; set; } = Never;

    /// <summary>When it was clear what becomes of it.</summary>
    public long Ended { get; set; } = Never;

    /// <summary>The place among its sender's commands of the one by which it was sent.</summary>
    public int Order { get; set; }

    /// <summary>Every copy that somebody took.</summary>
    public List<Receipt> Receipts { get; } = [];

    /// <summary>A time that never comes.</summary>
    public const long Never = long.MaxValue;

    /// <summary>True if it waited for room and nobody rang its sender: then a poll may have refused it, and must not have sent it.</summary>
    public bool IsToBeRefused { get; set; }

    /// <summary>True if it wants an answer.</summary>
    public bool IsRequest => (Flags & MessageFlags.WantAReply) != 0;

    /// <summary>True if somebody owes an answer once it is sent.</summary>
    public bool IsOwedAnswer => IsRequest && !IsOverheard;

    /// <summary>True if it answers a Request.</summary>
    public bool IsReply => !InReplyTo.IsNone;

    /// <summary>True if it is an answer that its requester gets, whatever that is bound to.</summary>
    public bool IsAnswer => IsReply && !IsOverheard;

    /// <summary>True if it is a Reply and nothing else, of which the policy lets none be refused.</summary>
    public bool IsReplyAlone => IsAnswer && !IsRequest;

    /// <summary>True if it goes to the front of queues.</summary>
    public bool IsUrgent => (Flags & MessageFlags.Urgent) != 0;

    /// <summary>True if it must reach all or none.</summary>
    public bool IsAllOrNone => (Flags & (MessageFlags.AllOrWait | MessageFlags.AllOrFail)) != 0;

    /// <summary>True if it may have reached somebody.</summary>
    public bool MayHaveReached => Fate is Fate.Sent or Fate.Polled or Fate.Unknown;

    /// <inheritdoc/>
    public override string ToString()
    {
        string kind = $"{(IsRequest ? "Request " : "")}{(IsReply ? $"reply to {InReplyTo} for {To} " : "")}";
        string when = From == Never ? "" : $" in {From}..{(Until == Never ? "" : Until)}";
        return $"message {Number} of {By} ({kind}{Name} {Flags} {Id}, {Fate} {Error}{when})";
    }
}
