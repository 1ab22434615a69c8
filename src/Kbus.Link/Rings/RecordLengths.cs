using System.Runtime.CompilerServices;

namespace Kbus.Link;

/// <summary>The lengths of the records in a ring, oldest first, in memory that no client can reach.</summary>
internal sealed class RecordLengths
{
    private uint[] _units = new uint[16];
    private int _first;

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>The length of the oldest.</summary>
    public uint First => _units[_first];

    /// <summary>Adds one as the newest.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Append(uint units)
    {
        if (Count == _units.Length)
        {
            Grow();
        }

        _units[(_first + Count) & (_units.Length - 1)] = units;
        Count++;
    }

    /// <summary>Adds one as the oldest.</summary>
    public void Prepend(uint units)
    {
        if (Count == _units.Length)
        {
            Grow();
        }

        _first = (_first - 1) & (_units.Length - 1);
        _units[_first] = units;
        Count++;
    }

    /// <summary>Removes the oldest.</summary>
    public void RemoveFirst()
    {
        _first = (_first + 1) & (_units.Length - 1);
        Count--;
    }

    /// <summary>Removes the newest, and gives its length.</summary>
    public uint RemoveLast()
    {
        Count--;
        return _units[(_first + Count) & (_units.Length - 1)];
    }

    /// <summary>Removes all.</summary>
    public void Clear() => Count = 0;

    private void Grow()
    {
        uint[] larger = new uint[_units.Length * 2];
        _units.AsSpan(_first).CopyTo(larger);
        _units.AsSpan(0, _first).CopyTo(larger.AsSpan(_units.Length - _first));
        _units = larger;
        _first = 0;
    }
}
