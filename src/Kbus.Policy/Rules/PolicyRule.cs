namespace Kbus.Policy;

/// <summary>One rule of a policy: who, on which buses, what; and whether that is allowed or denied.</summary>
internal sealed record PolicyRule
{
    /// <summary>The line on which it begins, from 1.</summary>
    public required uint Line { get; init; }

    /// <summary>True if the rule allows, false if it denies.</summary>
    public required bool Allows { get; init; }

    /// <summary>To whom it applies.</summary>
    public required Whom Whom { get; init; }

    /// <summary>The numbers of the buses on which it applies; null for all.</summary>
    public IReadOnlySet<uint>? Buses { get; init; }

    /// <summary>The actions without names that it decides.</summary>
    public IReadOnlySet<PolicyAction> Actions { get; init; } = new HashSet<PolicyAction>();

    /// <summary>The names that it decides about, by action.</summary>
    public IReadOnlyDictionary<PolicyAction, IReadOnlyList<NamePattern>> Names { get; init; } =
        new Dictionary<PolicyAction, IReadOnlyList<NamePattern>>();

    /// <summary>Its verdict where it applies.</summary>
    public Verdict Verdict => new(Allows, Line);

    /// <summary>True if it applies to an identity on a bus.</summary>
    public bool AppliesTo(Identity identity, uint bus) => (Buses is null || Buses.Contains(bus)) && Whom.Includes(identity);
}
