using Kbus.Core;

namespace Kbus.Policy;

/// <summary>The verdicts on names, for one identity, one bus and one kind of use. The first rule that matches a name decides.</summary>
/// <remarks>
/// It never changes, so any thread may ask. One name is looked up once for each of its levels, at most to the depth of the longest
/// pattern. So the cost does not depend on the number of rules. Nor does it for a wildcard (<see cref="DenyingRules"/>).
/// </remarks>
internal sealed class NameRules
{
    private readonly NameRule[] _rules;
    private readonly NameTable<FirstRule> _first;
    private readonly DenyingRules _denying;
    private readonly int _longest;

    /// <summary>Takes over the rules.</summary>
    /// <param name="rules">The patterns in the order of their rules.</param>
    /// <param name="seed">Keys the hashing of names, so that a hostile member cannot choose names that collide.</param>
    public NameRules(IEnumerable<NameRule> rules, ulong seed)
    {
        _rules = [.. rules];
        _first = new NameTable<FirstRule>(seed);
        for (int i = 0; i < _rules.Length; i++)
        {
            ReadOnlySpan<byte> text = _rules[i].Pattern.Text;
            _longest = Math.Max(_longest, text.Length);
            if (_first.Find(text) is null)
            {
                _first.Add(new FirstRule(text, i));
            }
        }

        // A rule whose pattern an earlier one holds decides nothing.
        _denying = new DenyingRules(
            Enumerable.Range(0, _rules.Length).Where(i => !_rules[i].Verdict.IsAllowed && FirstHolding(_rules[i].Pattern.Text) == i)
                .Select(i => (_rules[i].Pattern.Text.ToArray(), i)),
            seed);
    }

    /// <summary>The verdict on a name, or on every name that a wildcard matches.</summary>
    /// <param name="name">A name that a binding may have.</param>
    /// <returns>Allowed only if each of the names is. Otherwise the rule that denies one of them first, or that no rule allows them
    /// all.</returns>
    public Verdict Decide(ReadOnlySpan<byte> name) => MessageName.IsWildcard(name) ? DecideWildcard(name) : DecideName(name);

    private Verdict DecideName(ReadOnlySpan<byte> name)
    {
        int first = FirstHolding(name);
        return first == int.MaxValue ? default : _rules[first].Verdict;
    }

    /// <summary>The first rule that either holds the whole wildcard, or denies a name in it that no earlier rule decides.</summary>
    private Verdict DecideWildcard(ReadOnlySpan<byte> wildcard)
    {
        int first = Math.Min(FirstHolding(wildcard), _denying.First(wildcard));
        return first == int.MaxValue ? default : _rules[first].Verdict;
    }

    /// <summary>The place of the first rule whose pattern holds a name or a wildcard; <see cref="int.MaxValue"/> if there is
    /// none.</summary>
    private int FirstHolding(ReadOnlySpan<byte> name)
    {
        int first = PlaceOf(name);
        bool isDeep = name is [.., (byte)'.', (byte)'*'];
        Span<byte> pattern = stackalloc byte[Math.Min(_longest, name.Length + 1) + 1];
        int lastDot = name.LastIndexOf((byte)'.');
        for (int i = 0; i <= lastDot && i + 2 <= _longest; i++)
        {
            pattern[i] = name[i];
            if (name[i] == '.')
            {
                pattern[i + 1] = (byte)'*';
                first = Math.Min(first, PlaceOf(pattern[..(i + 2)]));
                if (i == lastDot && !isDeep)
                {
                    pattern[i + 1] = (byte)'%';
                    first = Math.Min(first, PlaceOf(pattern[..(i + 2)]));
                }
            }
        }

        return first;
    }

    private int PlaceOf(ReadOnlySpan<byte> pattern) => _first.Find(pattern)?.Place ?? int.MaxValue;

    /// <summary>The first rule that has a pattern.</summary>
    private sealed class FirstRule(ReadOnlySpan<byte> pattern, int place) : NameEntry(pattern)
    {
        public int Place { get; } = place;
    }
}
