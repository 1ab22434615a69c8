namespace Kbus.Policy;

/// <summary>Who somebody is to a policy: a user, and all groups of the process. Two with the same are equal.</summary>
internal sealed class Identity : IEquatable<Identity>
{
    private readonly uint[] _groups;

    /// <summary>Makes an identity.</summary>
    /// <param name="userId">The user.</param>
    /// <param name="groups">The process's groups, the supplementary ones included, in any order.</param>
    /// <param name="areGroupsKnown">False if there may be further groups that could not be found out.</param>
    public Identity(uint userId, IEnumerable<uint> groups, bool areGroupsKnown = true)
    {
        UserId = userId;
        _groups = [.. groups.Distinct().Order()];
        AreGroupsKnown = areGroupsKnown;
    }

    /// <summary>Somebody of whom nothing is known. No user has that number.</summary>
    public static Identity Unknown { get; } = new(uint.MaxValue, [], areGroupsKnown: false);

    /// <summary>The user.</summary>
    public uint UserId { get; }

    /// <summary>The groups, ascending.</summary>
    public IReadOnlyList<uint> Groups => _groups;

    /// <summary>False if there may be further groups.</summary>
    public bool AreGroupsKnown { get; }

    /// <inheritdoc/>
    public bool Equals(Identity? other) =>
        other is not null && UserId == other.UserId && AreGroupsKnown == other.AreGroupsKnown && _groups.AsSpan().SequenceEqual(other._groups);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Identity);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.Add(UserId);
        foreach (uint group in _groups)
        {
            hash.Add(group);
        }

        return hash.ToHashCode();
    }
}
