namespace Kbus.Core;

/// <summary>Ksocks whose sends wait for room, those first that have waited longest; and how far they have been woken.</summary>
/// <remarks>They are woken some at a time: a round goes through the list once. What begins another round while one runs makes it run once
/// more.</remarks>
internal sealed class WaitingSenders(WaitingSide side) : LinkedEntries<KsockState>
{
    private KsockState? _next;
    private bool _again;

    /// <summary>True while a round runs.</summary>
    public bool IsWaking => _next is not null;

    /// <summary>Something has changed for all of them: a round begins.</summary>
    public void BeginRound()
    {
        if (_next is null)
        {
            _next = Oldest;
        }
        else
        {
            _again = true;
        }
    }

    /// <summary>The next of the round.</summary>
    public KsockState Next()
    {
        KsockState sender = _next!;
        Advance();
        return sender;
    }

    /// <summary>Takes a Ksock out that waits no longer, or for another queue.</summary>
    public void Leave(KsockState sender)
    {
        bool wasNext = _next == sender;
        if (wasNext)
        {
            _next = After(sender);
        }

        Remove(sender);
        if (wasNext && _next is null && _again)
        {
            _again = false;
            _next = Oldest;
        }
    }

    /// <inheritdoc/>
    protected override ref Neighbours<KsockState> Link(KsockState entry)
    {
        if (side == WaitingSide.Bus)
        {
            return ref entry.AmongWaiting;
        }

        return ref entry.AmongBlocked;
    }

    private void Advance()
    {
        _next = After(_next!);
        if (_next is null && _again)
        {
            _again = false;
            _next = Oldest;
        }
    }
}

/// <summary>Which of a waiting sender's links a list uses.</summary>
internal enum WaitingSide
{
    Bus,
    Blocker,
}
