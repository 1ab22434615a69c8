namespace Kbus.Core;

/// <summary>Entries from oldest to newest, linked through themselves: entering and leaving take the same time however many there
/// are.</summary>
/// <typeparam name="T">The kind of entry. It has a <see cref="Neighbours{T}"/> for each list that it can be in.</typeparam>
internal abstract class LinkedEntries<T>
    where T : class
{
    // Null while nobody reads the list in pieces, which is nearly always.
    private List<EntryCursor<T>>? _cursors;

    /// <summary>The entry that entered first.</summary>
    public T? Oldest { get; private set; }

    /// <summary>The entry that entered last.</summary>
    public T? Newest { get; private set; }

    /// <summary>The number of entries.</summary>
    public int Count { get; private set; }

    /// <summary>The number of cursors in it.</summary>
    public int Readers => _cursors?.Count ?? 0;

    /// <summary>All entries, newest first.</summary>
    public IEnumerable<T> NewestFirst
    {
        get
        {
            for (T? entry = Newest; entry is not null; entry = Before(entry))
            {
                yield return entry;
            }
        }
    }

    /// <summary>The entry that entered next after this one.</summary>
    public T? After(T entry) => Link(entry).Newer;

    /// <summary>The entry that entered last before this one.</summary>
    public T? Before(T entry) => Link(entry).Older;

    /// <summary>Adds an entry as the newest.</summary>
    public void Add(T entry)
    {
        ref Neighbours<T> link = ref Link(entry);
        link.IsLinked = true;
        link.Older = Newest;
        if (Newest is null)
        {
            Oldest = entry;
        }
        else
        {
            Link(Newest).Newer = entry;
        }

        Newest = entry;
        Count++;
    }

    /// <summary>Adds an entry as the oldest.</summary>
    public void AddAsOldest(T entry)
    {
        if (Oldest is null)
        {
            Add(entry);
            return;
        }

        ref Neighbours<T> link = ref Link(entry);
        link.IsLinked = true;
        link.Newer = Oldest;
        Link(Oldest).Older = entry;
        Oldest = entry;
        Count++;
    }

    /// <summary>Takes an entry out; nothing happens if it is not in.</summary>
    /// <returns>True if it was in.</returns>
    public bool Remove(T entry)
    {
        ref Neighbours<T> link = ref Link(entry);
        if (!link.IsLinked)
        {
            return false;
        }

        if (_cursors is not null)
        {
            PassCursors(entry);
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

    /// <summary>A reader has its position in this list from now on.</summary>
    internal void Add(EntryCursor<T> cursor) => (_cursors ??= []).Add(cursor);

    /// <summary>A reader has gone.</summary>
    internal void Remove(EntryCursor<T> cursor)
    {
        _ = _cursors?.Remove(cursor);
        if (_cursors?.Count == 0)
        {
            _cursors = null;
        }
    }

    /// <summary>The links of an entry that this list uses.</summary>
    protected abstract ref Neighbours<T> Link(T entry);

    private void PassCursors(T entry)
    {
        foreach (EntryCursor<T> cursor in _cursors!)
        {
            cursor.Pass(entry);
        }
    }
}

/// <summary>The neighbours of an entry in one list.</summary>
internal struct Neighbours<T>
    where T : class
{
    public T? Older;
    public T? Newer;
    public bool IsLinked;
}
