namespace Kbus.Limpets;

/// <summary>The serial numbers of one network that were carried to the peer. Its size is bounded.</summary>
/// <remarks>
/// <para>Serial numbers rise, and urgent messages are a little out of order. So there is one bit for each of the last 65,536 numbers. A run
/// without gaps is known to its beginning, however long it is.</para>
/// <para>A number far ahead, or far behind, begins anew: a bus that has begun anew counts from the start. Numbers in between, which were
/// never carried, are not in it. One thread at a time.</para>
/// </remarks>
internal sealed class CarriedIds
{
    private const int BitsOfWord = 64;
    private const int Words = 1024;

    /// <summary>The numbers that have a bit.</summary>
    private const int Window = Words * BitsOfWord;

    private readonly ulong[] _bits = new ulong[Words];
    private uint _last;

    /// <summary>All numbers from here up to the window were carried. It is within the window if there is a gap below it.</summary>
    private uint _first;

    /// <summary>Begins with one number.</summary>
    public CarriedIds(uint first) => Begin(first);

    /// <summary>The first number that still has a bit. Whole words leave the window.</summary>
    private uint WindowStart => (_last & ~(uint)(BitsOfWord - 1)) - (Window - BitsOfWord);

    /// <summary>Adds a number.</summary>
    public void Add(uint number)
    {
        int ahead = (int)(number - _last);
        if (ahead is >= Window or <= -Window)
        {
            Begin(number);
            return;
        }

        if (ahead > 0)
        {
            Advance(number);
        }
        else if ((int)(number - WindowStart) < 0)
        {
            return;
        }

        WordOf(number) |= BitOf(number);
        if ((int)(number - _first) < 0)
        {
            _first = number;
        }
    }

    /// <summary>Whether a number was carried.</summary>
    public bool Has(uint number)
    {
        if ((int)(_last - number) < 0 || (int)(number - _first) < 0)
        {
            return false;
        }

        // What has left the window since the beginning of the run had no gap.
        return (int)(number - WindowStart) < 0 || (WordOf(number) & BitOf(number)) != 0;
    }

    private static ulong BitOf(uint number) => 1UL << (int)(number % BitsOfWord);

    private ref ulong WordOf(uint number) => ref _bits[number / BitsOfWord % Words];

    private void Begin(uint number)
    {
        Array.Clear(_bits);
        _first = number;
        _last = number;
        WordOf(number) |= BitOf(number);
    }

    private void Advance(uint number)
    {
        while (_last / BitsOfWord != number / BitsOfWord)
        {
            // The word that leaves makes room for the next.
            uint leaves = WindowStart;
            uint behind = leaves + BitsOfWord;
            if ((int)(behind - _first) > 0 && !IsWhole(leaves))
            {
                _first = behind;
            }

            WordOf(leaves) = 0;
            _last = (_last & ~(uint)(BitsOfWord - 1)) + BitsOfWord;
        }

        _last = number;
    }

    /// <summary>Whether all numbers of a word from the first one on were carried.</summary>
    private bool IsWhole(uint word)
    {
        int skipped = Math.Max(0, (int)(_first - word));
        return WordOf(word) >> skipped == ulong.MaxValue >> skipped;
    }
}
