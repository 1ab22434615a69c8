namespace Kbus.Bench.Peers;

/// <summary>Everything that a run of <c>./bench peers</c> found.</summary>
/// <param name="Machine">Where.</param>
/// <param name="Rounds">How many rounds were asked for.</param>
/// <param name="Series">The figures.</param>
/// <param name="Missing">Peers that could not be run, and why.</param>
internal sealed record Results(Machine Machine, int Rounds, IReadOnlyList<Series> Series, IReadOnlyList<MissingPeer> Missing)
{
    /// <summary>The targets, with what was found.</summary>
    public IReadOnlyList<Target> Targets => field ??= TargetList.Judge(this);

    /// <summary>The figures of one measurement of one peer; null if there are none.</summary>
    public Series? Find(string measurement, string peer) =>
        Series.FirstOrDefault(s => s.Measurement.Name == measurement && s.Peer.Name == peer && s.HasFigures);

    /// <summary>How many times the figure of KBUS in the same measurement; null if there is none but 0, or nobody to compare with.</summary>
    public double? TimesKbus(Series series) =>
        series.HasFigures && Find(series.Measurement.Name, AllPeers.Kbus) is { Median: not 0 } ours ? series.Median / ours.Median : null;

    /// <summary>Why there are no such figures.</summary>
    public string WhyNot(string measurement, string peer) =>
        Missing.FirstOrDefault(m => m.Name == peer)?.Reason
        ?? Series.FirstOrDefault(s => s.Measurement.Name == measurement && s.Peer.Name == peer)?.Fault
        ?? $"{measurement} of {peer} was left out";
}

/// <summary>A peer that could not be run.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Reason">Why.</param>
internal sealed record MissingPeer(string Name, string Reason);

/// <summary>One line of the targets.</summary>
/// <param name="Id">Its number.</param>
/// <param name="What">What is compared with what.</param>
/// <param name="Wanted">The target, in words.</param>
/// <param name="Figure">What was found; null if it was not measured.</param>
/// <param name="Unit">The figure's unit.</param>
/// <param name="Holds">Whether it holds; null if it was not measured.</param>
/// <param name="Reason">Why it was not measured.</param>
internal sealed record Target(string Id, string What, string Wanted, double? Figure, string Unit, bool? Holds, string? Reason);
