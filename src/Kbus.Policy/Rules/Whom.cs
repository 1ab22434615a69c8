namespace Kbus.Policy;

/// <summary>To whom a rule applies.</summary>
internal sealed record Whom
{
    /// <summary>True if the rule applies to everybody.</summary>
    public bool IsEverybody { get; init; }

    /// <summary>The users to whom it applies.</summary>
    public IReadOnlySet<uint> Users { get; init; } = new HashSet<uint>();

    /// <summary>The groups to whose members it applies.</summary>
    public IReadOnlySet<uint> Groups { get; init; } = new HashSet<uint>();

    /// <summary>True if an identity is among them.</summary>
    public bool Includes(Identity identity) =>
        IsEverybody || Users.Contains(identity.UserId) || (Groups.Count > 0 && identity.Groups.Any(Groups.Contains));
}
