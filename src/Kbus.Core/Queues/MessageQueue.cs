using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Kbus.Core;

/// <summary>The messages that wait for one Ksock, in the order in which it will take them, and the bytes they hold.</summary>
/// <remarks>
/// A ring of entries. It grows by pieces, so that making room for one more never copies all that there are, and gives pieces back that it
/// has emptied. It keeps a few, so that a warm queue allocates nothing.
/// </remarks>
internal sealed class MessageQueue
{
    /// <summary>Bytes that the bus keeps for each message in addition to its own: the entry, and the rounding of a small message.</summary>
    public const int BookBytes = 256;

    private const int Fewest = 8;
    private const int PieceShift = 9;
    private const int PieceLength = 1 << PieceShift;

    // A ring of no more entries keeps all of them.
    private const int MostKept = 8 * PieceLength;

    // One piece with fewer entries than a whole one, or a power of two of whole ones. Those in which nothing waits may be missing.
    private QueueEntry[]?[] _pieces = [new QueueEntry[Fewest]];
    private int _mask = Fewest - 1;
    private int _first;

    /// <summary>The number of waiting messages.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes of the entire forms of all that wait.</summary>
    public long Bytes { get; private set; }

    /// <summary>The bytes charged for all waiting messages.</summary>
    public long Charge => Bytes + ((long)Count * BookBytes);

    /// <summary>The entry at a place; 0 is the next to be taken.</summary>
    public ref readonly QueueEntry this[int place] => ref At(place);

    /// <summary>Puts an empty entry for a message of that many bytes at the end, for the caller to fill in.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref QueueEntry Append(int length)
    {
        Prepare(length, Count);
        ref QueueEntry entry = ref At(Count++);
        entry.Length = length;
        return ref entry;
    }

    /// <summary>Puts an entry before the one at a place; for places near the front.</summary>
    public void Insert(int place, in QueueEntry entry)
    {
        Prepare(entry.Length, -1);
        _first = (_first - 1) & _mask;
        Count++;
        for (int i = 0; i < place; i++)
        {
            At(i) = At(i + 1);
        }

        At(place) = entry;
    }

    /// <summary>The carrier keeps the bytes of an entry from now on; the queue's reference is given back.</summary>
    public void LeaveToCarrier(int place, uint at)
    {
        ref QueueEntry entry = ref At(place);
        entry.Message!.Release();
        entry.Message = null;
        entry.Place = at;
    }

    /// <summary>The queue has an entry's message itself again; it gets the caller's reference.</summary>
    public void TakeFromCarrier(int place, StoredMessage message) => At(place).Message = message;

    /// <summary>Takes the entry at the front; the caller gets its reference.</summary>
    public QueueEntry TakeFirst()
    {
        Debug.Assert(Count > 0, "only what waits is taken");
        ref QueueEntry slot = ref At(0);
        QueueEntry entry = slot;
        slot = default;
        Bytes -= entry.Length;
        Pass();
        return entry;
    }

    /// <summary>Drops the entry at the front, with its reference.</summary>
    /// <returns>The debt that it knew.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReplyDebt? DropFirst()
    {
        Debug.Assert(Count > 0, "only what waits is taken");
        ref QueueEntry entry = ref At(0);
        ReplyDebt? debt = entry.Debt;
        entry.Message?.Release();
        Bytes -= entry.Length;
        entry = default;
        Pass();
        return debt;
    }

    /// <summary>Takes out the entry at a place, closing the gap; the caller gets its reference.</summary>
    public QueueEntry TakeAt(int place)
    {
        QueueEntry entry = At(place);
        for (int i = place; i > 0; i--)
        {
            At(i) = At(i - 1);
        }

        At(0) = entry;
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
            QueueEntry entry = At(i);
            if (entry.Because == binding)
            {
                removed.Add(entry);
                Bytes -= entry.Length;
            }
            else
            {
                At(kept++) = entry;
            }
        }

        for (int i = kept; i < Count; i++)
        {
            At(i) = default;
        }

        Count = kept;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref QueueEntry At(int place)
    {
        int slot = (_first + place) & _mask;
        return ref _pieces[slot >> PieceShift]![slot & (PieceLength - 1)];
    }

    /// <summary>Makes room for one more entry.</summary>
    /// <param name="length">Bytes of its message.</param>
    /// <param name="place">Where it is to be: the end, or -1.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Prepare(int length, int place)
    {
        Bytes += length;
        if (Count > _mask)
        {
            Grow();
        }

        if (_pieces[((_first + place) & _mask) >> PieceShift] is null)
        {
            _pieces[((_first + place) & _mask) >> PieceShift] = new QueueEntry[PieceLength];
        }
    }

    /// <summary>Goes on from the entry at the front, which has been cleared.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Pass()
    {
        Count--;
        _first = (_first + 1) & _mask;
        if (_mask >= MostKept)
        {
            GiveBack();
        }
    }

    /// <summary>A great queue gives back each piece that it has emptied, and all of it when nothing waits any more.</summary>
    private void GiveBack()
    {
        if (Count == 0)
        {
            _pieces = [new QueueEntry[Fewest]];
            _mask = Fewest - 1;
            _first = 0;
        }
        else if ((_first & (PieceLength - 1)) == 0 && Count + PieceLength <= _mask)
        {
            _pieces[((_first - 1) & _mask) >> PieceShift] = null;
        }
    }

    private void Grow()
    {
        if (Count < PieceLength)
        {
            var larger = new QueueEntry[(int)BitOperations.RoundUpToPowerOf2((uint)Count + 1)];
            for (int i = 0; i < Count; i++)
            {
                larger[i] = At(i);
            }

            _pieces = [larger];
            _first = 0;
        }
        else
        {
            GrowByPieces();
        }

        _mask = (2 * (_mask + 1)) - 1;
    }

    /// <summary>Orders the pieces, beginning with the one at the front. The part of that piece before the front is the end of the queue,
    /// and moves into a new piece.</summary>
    private void GrowByPieces()
    {
        int count = _pieces.Length;
        var larger = new QueueEntry[]?[2 * count];
        int front = _first >> PieceShift;
        for (int i = 0; i < count; i++)
        {
            larger[i] = _pieces[(front + i) % count];
        }

        _first &= PieceLength - 1;
        if (_first > 0)
        {
            var end = new QueueEntry[PieceLength];
            Array.Copy(larger[0]!, end, _first);
            Array.Clear(larger[0]!, 0, _first);
            larger[count] = end;
        }

        _pieces = larger;
    }
}
