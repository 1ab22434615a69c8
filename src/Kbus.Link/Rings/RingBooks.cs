using System.Runtime.CompilerServices;
using Kbus.Core;

namespace Kbus.Link;

/// <summary>What the bus knows of the records in a delivery ring, oldest first, in memory that no client can reach.</summary>
internal sealed class RingBooks
{
    private Record[] _records = new Record[16];
    private int _first;

    /// <summary>The number of records.</summary>
    public int Count { get; private set; }

    /// <summary>One record; 0 is the oldest.</summary>
    public ref readonly Record this[int place] => ref _records[(_first + place) & (_records.Length - 1)];

    /// <summary>Adds one as the newest.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Append(in Record record)
    {
        if (Count == _records.Length)
        {
            Grow();
        }

        _records[(_first + Count) & (_records.Length - 1)] = record;
        Count++;
    }

    /// <summary>Adds one as the oldest.</summary>
    public void Prepend(in Record record)
    {
        if (Count == _records.Length)
        {
            Grow();
        }

        _first = (_first - 1) & (_records.Length - 1);
        _records[_first] = record;
        Count++;
    }

    /// <summary>Removes the oldest.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void RemoveFirst()
    {
        _first = (_first + 1) & (_records.Length - 1);
        Count--;
    }

    /// <summary>Removes the newest.</summary>
    public void RemoveLast() => Count--;

    /// <summary>Removes all.</summary>
    public void Clear() => Count = 0;

    private void Grow()
    {
        var larger = new Record[_records.Length * 2];
        _records.AsSpan(_first).CopyTo(larger);
        _records.AsSpan(0, _first).CopyTo(larger.AsSpan(_records.Length - _first));
        _records = larger;
        _first = 0;
    }

    /// <summary>One record.</summary>
    /// <param name="Length">Its bytes, without head and padding.</param>
    /// <param name="Place">Where it is, for <see cref="DeliveryProducer.ReadBack"/>.</param>
    /// <param name="Take">What the bus is told when the client has taken it.</param>
    internal readonly record struct Record(uint Length, uint Place, Take Take)
    {
        /// <summary>The units of 8 bytes that it takes up.</summary>
        public uint Units => DeliveryRecord.Units(Length);
    }
}
