using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Kbus.Core;

/// <summary>The messages that wait for one Ksock, in the order in which it will take them, and the bytes they hold.</summary>
/// <remarks>A ring of entries that grows and does not shrink while in use, so that a warm queue allocates nothing.</remarks>
internal sealed class MessageQueue
{
    /// <summary>What the bus keeps beside the bytes of each message, in bytes: the entry, and what a small message takes more than its length.</summary>
    public const int BookBytes = 256;

    private QueueEntry[] _entries = new QueueEntry[8];
    private int _first;

    /// <summary>How many messages wait.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes of the entire forms of all that wait.</summary>
    public long Bytes { get; private set; }

    /// <summary>What is charged for all that wait, in bytes.</summary>
    public long Charge => Bytes + ((long)Count * BookBytes);

    /// <summary>The entry at a place; 0 is the next to be taken.</summary>
    public ref readonly QueueEntry this[int place] => ref _entries[Slot(place)];

    /// <summary>Puts an empty entry for a message of that many bytes at the end, for the caller to fill in.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref QueueEntry Append(int length)
    {
        Prepare(length);
        ref QueueEntry entry = ref _entries[Slot(Count++)];
        entry.Length = length;
        return ref entry;
    }

    /// <summary>Puts an entry before the one at a place; meant for places near the front.</summary>
    public void Insert(int place, in QueueEntry entry)
    {
        Prepare(entry.Length);
        _first = (_first - 1) & (_entries.Length - 1);
        Count++;
        for (int i = 0; i < place; i++)
        {
            _entries[Slot(i)] = _entries[Slot(i + 1)];
        }

        _entries[Slot(place)] = entry;
    }

    /// <summary>The carrier keeps the bytes of an entry from now on; the queue's reference is given back.</summary>
    public void LeaveToCarrier(int place, uint at)
    {
        ref QueueEntry entry = ref _entries[Slot(place)];
        entry.Message!.Release();
        entry.Message = null;
        entry.Place = at;
    }

    /// <summary>The queue has an entry's message itself again; it gets the caller's reference.</summary>
    public void TakeFromCarrier(int place, StoredMessage message) => _entries[Slot(place)].Message = message;

    /// <summary>Takes the entry at the front; the caller gets its reference.</summary>
    public QueueEntry TakeFirst()
    {
        Debug.Assert(Count > 0, "only what waits is taken");
        ref QueueEntry slot = ref _entries[_first];
        QueueEntry entry = slot;
        slot = default;
        _first = (_first + 1) & (_entries.Length - 1);
        Count--;
        Bytes -= entry.Length;
        return entry;
    }

    /// <summary>Drops the entry at the front, with its reference.</summary>
    /// <returns>The debt that it knew.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReplyDebt? DropFirst()
    {
        Debug.Assert(Count > 0, "only what waits is taken");
        ref QueueEntry entry = ref _entries[_first];
        ReplyDebt? debt = entry.Debt;
        entry.Message?.Release();
        _first = (_first + 1) & (_entries.Length - 1);
        Count--;
        Bytes -= entry.Length;
        entry = default;
        return debt;
    }

    /// <summary>Takes out the entry at a place, closing the gap; the caller gets its reference.</summary>
    public QueueEntry TakeAt(int place)
    {
        QueueEntry entry = _entries[Slot(place)];
        for (int i = place; i > 0; i--)
        {
            _entries[Slot(i)] = _entries[Slot(i - 1)];
        }

        _entries[_first] = entry;
        return TakeFirst();
    }

    /// <summary>Takes out all entries that came by a binding, in order.</summary>
    /// <param name="binding">The binding.</param>
    /// <param name="removed">Takes the entries, with their references.</param>
    public void TakeBecauseOf(Binding binding, List<QueueEntry> removed)
    {
        int kept = 0;
        for (int i = 0; i < Count; i++)
        {
            QueueEntry entry = _entries[Slot(i)];
            if (entry.Because == binding)
            {
                removed.Add(entry);
                Bytes -= entry.Length;
            }
            else
            {
                _entries[Slot(kept++)] = entry;
            }
        }

        for (int i = kept; i < Count; i++)
        {
            _entries[Slot(i)] = default;
        }

        Count = kept;
    }

    private int Slot(int place) => (_first + place) & (_entries.Length - 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Prepare(int length)
    {
        Bytes += length;
        if (Count == _entries.Length)
        {
            Grow();
        }
    }

    private void Grow()
    {
        var larger = new QueueEntry[(int)BitOperations.RoundUpToPowerOf2((uint)Count + 1)];
        for (int i = 0; i < Count; i++)
        {
            larger[i] = _entries[Slot(i)];
        }

        _entries = larger;
        _first = 0;
    }
}
