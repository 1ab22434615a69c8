using Kbus.Core;

namespace Kbus.Simulation;

/// <summary>One message that a member took.</summary>
internal sealed class Receipt
{
    /// <summary>Who took it.</summary>
    public required Member By { get; init; }

    /// <summary>Which message it is; null for one that the bus made, or that came from somebody who scribbles.</summary>
    public required Sending? Sending { get; init; }

    /// <summary>Its header.</summary>
    public required MessageHeader Header { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>When it was taken.</summary>
    public required long Time { get; init; }

    /// <summary>The tag with which it came on the lane of answers; 0 if it came from the queue.</summary>
    public required uint Tag { get; init; }

    /// <summary>Bytes of its entire form.</summary>
    public required int EntireLength { get; init; }

    /// <summary>Until when its bytes counted against the budget of who took it, at most.</summary>
    public long HeldUntil { get; set; }

    /// <summary>Until when they surely did; the time of taking of what is not read in place.</summary>
    public long HeldSurelyUntil { get; set; }

    /// <summary>When the bus surely knew that it was taken.</summary>
    public long ObservedBy { get; set; } = Simulation.Sending.Never;

    /// <summary>What a bind event says; null of anything else.</summary>
    public BindEvent? Event { get; init; }

    /// <summary>True if this is the copy to answer.</summary>
    public bool IsToAnswer => (Header.Flags & MessageFlags.WantYouToReply) != 0;

    /// <summary>True if the bus made it.</summary>
    public bool IsOfBus => (Header.Flags & MessageFlags.Synthetic) != 0;

    /// <summary>True for a Status.</summary>
    public bool IsStatus => IsOfBus && !Header.InReplyTo.IsNone;

    /// <summary>True if it answers a Request of who took it.</summary>
    public bool IsOwnAnswer => !Header.InReplyTo.IsNone && Header.To == By.KsockId && (Sending?.IsAnswer ?? true);

    /// <inheritdoc/>
    public override string ToString() =>
        Sending is { } sending ? $"{sending}" : $"{Name} {Header.Id} from {Header.From}{(Header.InReplyTo.IsNone ? "" : $" for {Header.InReplyTo}")}";
}

/// <summary>What a bind event says.</summary>
/// <param name="IsBind">True for a bind, false for an unbind.</param>
/// <param name="Binder">The replier's Ksock.</param>
/// <param name="Name">The name.</param>
internal sealed record BindEvent(bool IsBind, uint Binder, string Name);
