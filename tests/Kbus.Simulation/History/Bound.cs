namespace Kbus.Simulation;

/// <summary>One binding of a member, and when it surely was there, and when it may have been.</summary>
internal sealed class Bound
{
    private const int Exact = 3000;
    private const int OneLevel = 2000;

    /// <summary>Whose it is.</summary>
    public required Member By { get; init; }

    /// <summary>To what.</summary>
    public required string Pattern { get; init; }

    /// <summary>As what.</summary>
    public required bool IsReplier { get; init; }

    /// <summary>When it was asked for.</summary>
    public required long Begun { get; init; }

    /// <summary>True if the bus said that it is made.</summary>
    public bool IsSure { get; set; }

    /// <summary>When that was.</summary>
    public long Made { get; set; } = Sending.Never;

    /// <summary>From when on it may be gone.</summary>
    public long LostFrom { get; set; } = Sending.Never;

    /// <summary>By when it is gone.</summary>
    public long LostBy { get; set; } = Sending.Never;

    /// <summary>True if it ended by unbinding, false if with its Ksock.</summary>
    public bool WasUnbound { get; set; }

    /// <summary>The greater, the more specific: exact, then one level, then the longest wildcard (D10).</summary>
    public int Rank => Pattern.EndsWith('*') ? Pattern.Length : Pattern.EndsWith('%') ? OneLevel : Exact;

    /// <summary>True if it was there during all of that time, beyond doubt.</summary>
    public bool IsThere(long from, long until) => IsSure && Made < from && LostFrom > until;

    /// <summary>True if it may have been there at some moment of that time.</summary>
    public bool MayBeThere(long from, long until) => Begun <= until && LostBy >= from;

    /// <summary>True if messages of this name match.</summary>
    public bool Matches(string name) => IsMatch(Pattern, name);

    /// <summary>True if a name matches what somebody may bind to.</summary>
    public static bool IsMatch(string pattern, string name)
    {
        if (pattern[^1] is not ('*' or '%'))
        {
            return pattern == name;
        }

        ReadOnlySpan<char> prefix = pattern.AsSpan(0, pattern.Length - 1);
        return name.Length > prefix.Length && name.AsSpan().StartsWith(prefix) && (pattern[^1] == '*' || !name.AsSpan(prefix.Length).Contains('.'));
    }

    /// <inheritdoc/>
    public override string ToString() => $"{By}'s binding to {Pattern} as {(IsReplier ? "replier" : "listener")}";
}
