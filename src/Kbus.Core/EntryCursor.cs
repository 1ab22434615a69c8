namespace Kbus.Core;

/// <summary>A place in a list of linked entries at which a reader can stop and go on later, whatever enters and leaves meanwhile.</summary>
/// <remarks>
/// When the entry at the place leaves the list, the place moves to the next one. So a reader sees each entry that stays exactly once, and
/// none that has left. Only the bus's own thread touches it. A list knows its cursors, so each must be taken off by <see cref="Leave"/>.
/// </remarks>
/// <typeparam name="T">The kind of entry.</typeparam>
/// <param name="newestFirst">True to go from the newest entry to the oldest, false for the other direction.</param>
internal sealed class EntryCursor<T>(bool newestFirst)
    where T : class
{
    private LinkedEntries<T>? _list;

    /// <summary>The entry at this place; null at the end, and while the cursor is on no list.</summary>
    public T? Current { get; private set; }

    /// <summary>Goes to the first entry of a list.</summary>
    public void Enter(LinkedEntries<T> list)
    {
        Leave();
        _list = list;
        list.Add(this);
        Current = newestFirst ? list.Newest : list.Oldest;
    }

    /// <summary>Goes to the next entry. There must be a current one.</summary>
    public void Advance() => Current = newestFirst ? _list!.Before(Current!) : _list!.After(Current!);

    /// <summary>Takes the cursor off its list; nothing happens if it is on none.</summary>
    public void Leave()
    {
        _list?.Remove(this);
        _list = null;
        Current = null;
    }

    /// <summary>An entry is about to leave the list.</summary>
    internal void Pass(T entry)
    {
        if (ReferenceEquals(entry, Current))
        {
            Advance();
        }
    }
}
