namespace Kbus.Link;

/// <summary>The versions of the link that one side speaks, and what it can do beyond them.</summary>
/// <remarks>
/// Each side tells its own, and both use the highest version that they have in common, with the features that both have. Of every version,
/// past and future, the first two words of both records are the magic number and the newest version that its writer speaks.
/// </remarks>
/// <param name="Oldest">The oldest version that it speaks.</param>
/// <param name="Newest">The newest version that it speaks.</param>
/// <param name="Features">One bit for each thing beyond the version. A bit without a meaning for one of the two sides is not used.</param>
internal readonly record struct LinkVersions(uint Oldest, uint Newest, uint Features)
{
    /// <summary>From this version on, a side tells the oldest version that it speaks. Before, it spoke one alone.</summary>
    public const uint FirstWithRange = 4;

    /// <summary>What this library and this kbusd speak.</summary>
    public static LinkVersions Ours { get; } = new(LinkLayout.OldestVersion, LinkLayout.Version, 0);

    /// <summary>The other side's, as its record tells them.</summary>
    /// <param name="newest">The newest version.</param>
    /// <param name="oldest">The word that tells the oldest one. Before <see cref="FirstWithRange"/> it had no meaning.</param>
    /// <param name="features">The word that tells the features.</param>
    public static LinkVersions Told(uint newest, uint oldest, uint features) =>
        newest < FirstWithRange ? new(newest, newest, 0) : new(Math.Min(oldest, newest), newest, features);

    /// <summary>The highest version that both sides speak; 0 if there is none.</summary>
    public uint CommonWith(LinkVersions other)
    {
        uint common = Math.Min(Newest, other.Newest);
        return common >= Oldest && common >= other.Oldest ? common : 0;
    }

    /// <summary>Whether all versions of this side are older than those of the other.</summary>
    public bool IsOlderThan(LinkVersions other) => Newest < other.Oldest;

    /// <summary>Such as <c>version 4</c>, or <c>versions 4 to 6</c>.</summary>
    public override string ToString() => Oldest == Newest ? $"version {Newest}" : $"versions {Oldest} to {Newest}";
}
