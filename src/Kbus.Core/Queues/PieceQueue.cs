using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Kbus.Core;

/// <summary>A queue of values that also grows in front.</summary>
/// <remarks>
/// A ring of values. It grows by pieces, so that making room for one more never copies all that there are, and gives pieces back that it
/// has emptied. It keeps a few, so that a warm queue allocates nothing.
/// </remarks>
/// <typeparam name="T">The kind of value. One that has left is overwritten with its default.</typeparam>
internal abstract class PieceQueue<T>
    where T : struct
{
    private const int Fewest = 8;
    private const int PieceShift = 9;
    private const int PieceLength = 1 << PieceShift;

    // A ring of no more values keeps all of them.
    private const int MostKept = 8 * PieceLength;

    // One piece with fewer values than a whole one, or a power of two of whole ones. Those in which nothing is may be missing.
    private T[]?[] _pieces = [new T[Fewest]];
    private int _mask = Fewest - 1;
    private int _first;

    /// <summary>The number of values.</summary>
    public int Count { get; private set; }

    /// <summary>The value at a place; 0 is the front.</summary>
    public ref readonly T this[int place] => ref At(place);

    /// <summary>The value at a place, to be changed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected ref T At(int place)
    {
        int slot = (_first + place) & _mask;
        return ref _pieces[slot >> PieceShift]![slot & (PieceLength - 1)];
    }

    /// <summary>Puts an empty value at the end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected ref T AppendEmpty()
    {
        Prepare(Count);
        return ref At(Count++);
    }

    /// <summary>Puts an empty value in front.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected ref T PrependEmpty()
    {
        Prepare(-1);
        _first = (_first - 1) & _mask;
        Count++;
        return ref At(0);
    }

    /// <summary>Removes the value in front.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected void RemoveFirst()
    {
        Debug.Assert(Count > 0, "only what is there is removed");
        At(0) = default;
        Count--;
        _first = (_first + 1) & _mask;
        if (_mask >= MostKept)
        {
            GiveBack();
        }
    }

    /// <summary>Removes the value at a place. Those before it move; so it is quick near the front.</summary>
    protected void RemoveAt(int place)
    {
        for (int i = place; i > 0; i--)
        {
            At(i) = At(i - 1);
        }

        RemoveFirst();
    }

    /// <summary>Removes values from the end, until so many are left.</summary>
    protected void Shorten(int count)
    {
        for (int i = count; i < Count; i++)
        {
            At(i) = default;
        }

        Count = count;
    }

    /// <summary>Puts an empty value at a place. Those behind it move; so it is quick near the end.</summary>
    protected ref T InsertEmpty(int place)
    {
        AppendEmpty();
        for (int i = Count - 1; i > place; i--)
        {
            At(i) = At(i - 1);
        }

        At(place) = default;
        return ref At(place);
    }

    /// <summary>Makes room for one more value.</summary>
    /// <param name="place">Where it is to be: the end, or -1.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Prepare(int place)
    {
        if (Count > _mask)
        {
            Grow();
        }

        if (_pieces[((_first + place) & _mask) >> PieceShift] is null)
        {
            _pieces[((_first + place) & _mask) >> PieceShift] = new T[PieceLength];
        }
    }

    /// <summary>A great queue gives back each piece that it has emptied, and all of it when nothing is left.</summary>
    private void GiveBack()
    {
        if (Count == 0)
        {
            _pieces = [new T[Fewest]];
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
            var larger = new T[(int)BitOperations.RoundUpToPowerOf2((uint)Count + 1)];
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
        var larger = new T[]?[2 * count];
        int front = _first >> PieceShift;
        for (int i = 0; i < count; i++)
        {
            larger[i] = _pieces[(front + i) % count];
        }

        _first &= PieceLength - 1;
        if (_first > 0)
        {
            var end = new T[PieceLength];
            Array.Copy(larger[0]!, end, _first);
            Array.Clear(larger[0]!, 0, _first);
            larger[count] = end;
        }

        _pieces = larger;
    }
}
