using Kbus.Core;

namespace Kbus.Policy;

/// <summary>A policy: rules in their order, of which the first that matches a question decides it. What no rule decides is
/// denied.</summary>
/// <remarks>
/// It never changes; reading its file again makes another one. Its permissions for an identity on a bus are computed once and kept.
/// Any thread may call.
/// </remarks>
internal sealed class PolicyRules
{
    private const int MostKept = 4096;

    private readonly Lock _lock = new();
    private readonly Dictionary<(Identity Identity, uint Bus), Permissions> _kept = [];
    private readonly ulong _seed = (ulong)Random.Shared.NextInt64();

    /// <summary>Takes over the rules.</summary>
    /// <param name="path">The file that they were read from.</param>
    /// <param name="rules">The rules in their order.</param>
    public PolicyRules(string path, IReadOnlyList<PolicyRule> rules)
    {
        Path = path;
        Rules = rules;
        UsesGroups = rules.Any(r => r.Whom.Groups.Count > 0);
    }

    /// <summary>The file that the rules were read from.</summary>
    public string Path { get; }

    /// <summary>The rules in their order.</summary>
    public IReadOnlyList<PolicyRule> Rules { get; }

    /// <summary>True if a rule names a group, so that it matters in which groups somebody is.</summary>
    public bool UsesGroups { get; }

    /// <summary>The permissions of an identity on a bus.</summary>
    public Permissions For(Identity identity, uint bus)
    {
        lock (_lock)
        {
            if (_kept.TryGetValue((identity, bus), out Permissions? kept))
            {
                return kept;
            }
        }

        // An identity whose groups are unknown may be in a group that a rule denies something. So it gets nothing.
        bool isKnown = identity.AreGroupsKnown || !UsesGroups;
        var made = new Permissions(isKnown ? Rules : [], identity, bus, _seed);
        lock (_lock)
        {
            if (_kept.Count >= MostKept)
            {
                _kept.Clear();
            }

            _kept[(identity, bus)] = made;
        }

        return made;
    }

    /// <summary>Computes in advance the permissions of the identities that another policy was asked about.</summary>
    /// <param name="former">The policy before this one.</param>
    public void PrepareFor(PolicyRules former)
    {
        (Identity Identity, uint Bus)[] known;
        lock (former._lock)
        {
            known = [.. former._kept.Keys];
        }

        foreach ((Identity identity, uint bus) in known)
        {
            _ = For(identity, bus);
        }
    }

    /// <summary>Says which rule decided, as the end of a sentence: "policy FILE line 12".</summary>
    public string Source(Verdict verdict) =>
        verdict.Line == 0 ? $"no rule of the policy {PrintableText.Of(Path)} allows it" : $"policy {PrintableText.Of(Path)} line {verdict.Line}";
}
