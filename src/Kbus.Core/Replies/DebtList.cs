namespace Kbus.Core;

/// <summary>Debts from oldest to newest.</summary>
internal sealed class DebtList(DebtSide side) : LinkedEntries<ReplyDebt>
{
    /// <inheritdoc/>
    protected override ref Neighbours<ReplyDebt> Link(ReplyDebt entry)
    {
        switch (side)
        {
            case DebtSide.Sender: return ref entry.AtSender;
            case DebtSide.Replier: return ref entry.AtReplier;
            default: return ref entry.AmongEquals;
        }
    }
}
