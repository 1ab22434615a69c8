namespace Kbus.Core;

/// <summary>The slabs for messages of one size: lends from one as long as it can, and gives back those in which nothing is lent.</summary>
internal sealed class SlabList(MessagePool pool, int bufferSize)
{
    private const int SlabSize = 256 * 1024;

    // Of small messages one slab more is kept, so that a bus does not ask the system for memory again and again.
    private const int LargestKept = 64 * 1024;

    // A slab with one greater message is given back as soon as it is.
    private const int LargestChosen = 4 * 1024 * 1024;

    private readonly List<MessageSlab> _partlyFree = [];
    private MessageSlab? _spare;

    /// <summary>The pool that it belongs to.</summary>
    public MessagePool Pool => pool;

    /// <summary>The slab from which messages are lent first; null before the first.</summary>
    public MessageSlab? Chosen { get; private set; }

    /// <summary>Lends a message when the chosen slab has none that came back.</summary>
    public StoredMessage LendSlowly()
    {
        if (Chosen is null or { IsFull: true })
        {
            Choose();
        }

        return Chosen!.LendAny();
    }

    /// <summary>A message came back to a slab, and it matters: it is the first of a full one, or the last of those that were
    /// lent.</summary>
    public void CameBack(MessageSlab slab)
    {
        if (slab == Chosen)
        {
            if (bufferSize > LargestChosen)
            {
                Chosen = null;
                slab.Dispose();
            }

            return;
        }

        if (!slab.IsWhollyFree)
        {
            slab.Place = _partlyFree.Count;
            _partlyFree.Add(slab);
            return;
        }

        Remove(slab);
        if (_spare is null && bufferSize <= LargestKept)
        {
            _spare = slab;
        }
        else
        {
            slab.Dispose();
        }
    }

    private void Choose()
    {
        if (_partlyFree.Count > 0)
        {
            Chosen = _partlyFree[^1];
            Remove(Chosen);
        }
        else
        {
            Chosen = _spare ?? new MessageSlab(this, bufferSize, Math.Max(1, SlabSize / bufferSize));
            _spare = null;
        }
    }

    private void Remove(MessageSlab slab)
    {
        if (slab.Place >= 0)
        {
            MessageSlab last = _partlyFree[^1];
            _partlyFree[slab.Place] = last;
            last.Place = slab.Place;
            _partlyFree.RemoveAt(_partlyFree.Count - 1);
            slab.Place = -1;
        }
    }
}
