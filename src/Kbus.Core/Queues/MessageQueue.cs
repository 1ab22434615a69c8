using System.Runtime.CompilerServices;

namespace Kbus.Core;

/// <summary>The books about the messages that wait for one Ksock, in the order in which it will take them. Their bytes are with its
/// <see cref="Carrier"/>.</summary>
internal sealed class MessageQueue : PieceQueue<QueueEntry>
{
    /// <summary>Bytes that the bus keeps for each message in addition to its own: the entry, and the rounding of a small message.</summary>
    public const int BookBytes = 256;

    private long _bytesOut;

    /// <summary>Bytes of the entire forms of all that wait.</summary>
    public long Bytes => (long)BytesIn - _bytesOut;

    /// <summary>Bytes of all that was ever put in, without what came from another queue.</summary>
    public ulong BytesIn { get; private set; }

    /// <summary>The bytes charged for all waiting messages.</summary>
    public long Charge => Bytes + ((long)Count * BookBytes);

    /// <summary>Puts an entry for a message of that many bytes at the end, for the caller to fill in.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref QueueEntry Append(uint number, int length)
    {
        ref QueueEntry entry = ref AppendEmpty();
        entry.Number = number;
        entry.Length = length;
        BytesIn += (uint)length;
        return ref entry;
    }

    /// <summary>Puts an entry in front.</summary>
    public ref QueueEntry Prepend(uint number, int length)
    {
        ref QueueEntry entry = ref PrependEmpty();
        entry.Number = number;
        entry.Length = length;
        BytesIn += (uint)length;
        return ref entry;
    }

    /// <summary>Removes the entry with this number, wherever it stands.</summary>
    /// <param name="number">The number.</param>
    /// <param name="entry">What it was.</param>
    /// <param name="passed">The number of entries in front of it; of all, if it is not there.</param>
    /// <returns>False if it is not there.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryRemove(uint number, out QueueEntry entry, out int passed)
    {
        passed = 0;
        if (Count > 0 && At(0).Number == number)
        {
            entry = At(0);
            _bytesOut += entry.Length;
            RemoveFirst();
            return true;
        }

        return TryRemoveBehind(number, out entry, out passed);
    }

    /// <summary>Puts an entry where its number stands: behind the last one with a smaller number, or in front if there is none.</summary>
    /// <remarks>It comes from another queue, which has counted its bytes (<see cref="BytesIn"/>).</remarks>
    /// <returns>Its place. As many entries as are behind it were passed.</returns>
    public int Insert(in QueueEntry entry)
    {
        int place = Count;
        while (place > 0 && (int)(At(place - 1).Number - entry.Number) > 0)
        {
            place--;
        }

        InsertEmpty(place) = entry;
        _bytesOut -= entry.Length;
        return place;
    }

    /// <summary>Removes all entries that came by a binding.</summary>
    /// <param name="binding">The binding.</param>
    /// <param name="removed">Takes the entries, in order.</param>
    public void RemoveBecauseOf(Binding binding, List<QueueEntry> removed)
    {
        int kept = 0;
        for (int i = 0; i < Count; i++)
        {
            QueueEntry entry = At(i);
            if (entry.Because == binding)
            {
                removed.Add(entry);
                _bytesOut += entry.Length;
            }
            else
            {
                At(kept++) = entry;
            }
        }

        Shorten(kept);
    }

    private bool TryRemoveBehind(uint number, out QueueEntry entry, out int passed)
    {
        for (passed = 0; passed < Count; passed++)
        {
            if (At(passed).Number == number)
            {
                entry = At(passed);
                _bytesOut += entry.Length;
                RemoveAt(passed);
                return true;
            }
        }

        entry = default;
        return false;
    }
}
