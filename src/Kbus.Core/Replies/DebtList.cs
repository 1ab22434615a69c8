namespace Kbus.Core;

/// <summary>Debts from oldest to newest, linked through themselves so that nothing is allocated.</summary>
internal sealed class DebtList(DebtSide side)
{
    /// <summary>The debt that entered first.</summary>
    public ReplyDebt? Oldest { get; private set; }

    /// <summary>The debt that entered last.</summary>
    public ReplyDebt? Newest { get; private set; }

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>The debt that entered next after this one.</summary>
    public ReplyDebt? After(ReplyDebt debt) => Link(debt).Newer;

    /// <summary>Adds a debt as the newest.</summary>
    public void Add(ReplyDebt debt)
    {
        ref DebtLink link = ref Link(debt);
        link.IsLinked = true;
        link.Older = Newest;
        if (Newest is null)
        {
            Oldest = debt;
        }
        else
        {
            Link(Newest).Newer = debt;
        }

        Newest = debt;
        Count++;
    }

    /// <summary>Takes a debt out; nothing happens if it is not in.</summary>
    /// <returns>True if it was in.</returns>
    public bool Remove(ReplyDebt debt)
    {
        ref DebtLink link = ref Link(debt);
        if (!link.IsLinked)
        {
            return false;
        }

        if (link.Older is null)
        {
            Oldest = link.Newer;
        }
        else
        {
            Link(link.Older).Newer = link.Newer;
        }

        if (link.Newer is null)
        {
            Newest = link.Older;
        }
        else
        {
            Link(link.Newer).Older = link.Older;
        }

        link = default;
        Count--;
        return true;
    }

    private ref DebtLink Link(ReplyDebt debt)
    {
        switch (side)
        {
            case DebtSide.Sender: return ref debt.AtSender;
            case DebtSide.Replier: return ref debt.AtReplier;
            default: return ref debt.AmongEquals;
        }
    }
}
