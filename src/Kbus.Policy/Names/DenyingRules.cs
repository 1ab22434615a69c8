using Kbus.Core;

namespace Kbus.Policy;

/// <summary>Finds the first rule that denies a name of those that a wildcard matches, however many rules there are.</summary>
/// <remarks>
/// The patterns below <c>$.A</c> stand together when all are sorted. So the first rule among them is the least of a range, which a tree of least places
/// finds by some twenty comparisons. For <c>$.A.%</c> it is kept by itself. It never changes, so any thread may ask.
/// </remarks>
internal sealed class DenyingRules
{
    /// <summary>No rule.</summary>
    public const int None = int.MaxValue;

    private readonly byte[][] _patterns;

    // Places in the order of the rules: those of the patterns in the second half, above each two of them the lesser one.
    private readonly int[] _least;
    private readonly NameTable<FirstOfLevel> _levels;

    /// <summary>Takes over the rules.</summary>
    /// <param name="rules">Patterns that a rule denies, and the places of the rules, ascending. None that an earlier rule decides altogether is among them.</param>
    /// <param name="seed">Keys the hashing of names.</param>
    public DenyingRules(IEnumerable<(byte[] Pattern, int Place)> rules, ulong seed)
    {
        (byte[] Pattern, int Place)[] sorted = [.. rules];
        _levels = new NameTable<FirstOfLevel>(seed);
        foreach ((byte[] pattern, int place) in sorted)
        {
            byte[] level = [.. pattern.AsSpan(0, pattern.AsSpan().LastIndexOf((byte)'.') + 1), (byte)'%'];
            if (pattern[^1] != '*' && _levels.Find(level) is null)
            {
                _levels.Add(new FirstOfLevel(level, place));
            }
        }

        Array.Sort(sorted, (a, b) => a.Pattern.AsSpan().SequenceCompareTo(b.Pattern));
        _patterns = Array.ConvertAll(sorted, r => r.Pattern);
        int count = sorted.Length;
        _least = new int[2 * count];
        for (int i = 2 * count - 1; i > 0; i--)
        {
            _least[i] = i >= count ? sorted[i - count].Place : Math.Min(_least[2 * i], _least[(2 * i) + 1]);
        }
    }

    /// <summary>The place of the first rule that denies a name which a wildcard matches; <see cref="None"/> if there is none.</summary>
    public int First(ReadOnlySpan<byte> wildcard)
    {
        if (wildcard[^1] == '%')
        {
            return _levels.Find(wildcard)?.Place ?? None;
        }

        // With its dot, so that $.AB is not below $.A. No pattern is the same as that.
        ReadOnlySpan<byte> prefix = wildcard[..^1];
        int first = None;
        int low = CountBefore(prefix, orBelow: false) + _patterns.Length;
        int high = CountBefore(prefix, orBelow: true) + _patterns.Length;
        for (; low < high; low /= 2, high /= 2)
        {
            if (low % 2 == 1)
            {
                first = Math.Min(first, _least[low++]);
            }

            if (high % 2 == 1)
            {
                first = Math.Min(first, _least[--high]);
            }
        }

        return first;
    }

    /// <summary>How many patterns come before a prefix, or begin with it.</summary>
    private int CountBefore(ReadOnlySpan<byte> prefix, bool orBelow)
    {
        int low = 0, high = _patterns.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            ReadOnlySpan<byte> pattern = _patterns[middle];
            if (pattern.SequenceCompareTo(prefix) < 0 || (orBelow && pattern.StartsWith(prefix)))
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    /// <summary>The first rule that denies a name one level below another, which the entry's name ends in a <c>%</c> for.</summary>
    private sealed class FirstOfLevel(ReadOnlySpan<byte> level, int place) : NameEntry(level)
    {
        public int Place { get; } = place;
    }
}
