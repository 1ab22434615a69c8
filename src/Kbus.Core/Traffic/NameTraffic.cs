namespace Kbus.Core;

/// <summary>What has gone over the bus under one name.</summary>
/// <param name="name">The name.</param>
/// <param name="order">Ascends with each name that was first counted on this bus.</param>
internal sealed class NameTraffic(ReadOnlySpan<byte> name, ulong order) : NameEntry(name)
{
    /// <summary>Ascends with each name that was first counted on this bus.</summary>
    public ulong Order => order;

    /// <summary>The counts.</summary>
    public TrafficCounts Counts;

    /// <summary>Its place among all counted names of the bus.</summary>
    public Neighbours<NameTraffic> AtBus;

    /// <summary>True once its counts have been added to those of all other names. A holder of this object must find another.</summary>
    public bool IsFolded { get; set; }

    /// <summary>How busy it was until <see cref="RankedAt"/>: each ranking halves what was before.</summary>
    public ulong Rank { get; set; }

    /// <summary>The number of sends that had been counted at the last ranking.</summary>
    public ulong RankedAt { get; set; }

    /// <summary>The number of sends, refused ones included.</summary>
    public ulong Sends => Counts.Sent + Counts.Refused.Total;
}

/// <summary>The counted names of a bus, in the order in which they were first counted.</summary>
internal sealed class NameTrafficList : LinkedEntries<NameTraffic>
{
    /// <inheritdoc/>
    protected override ref Neighbours<NameTraffic> Link(NameTraffic entry) => ref entry.AtBus;
}
