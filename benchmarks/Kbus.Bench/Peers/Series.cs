namespace Kbus.Bench.Peers;

/// <summary>The figures of one measurement of one peer, one for each round.</summary>
internal sealed class Series(PeerMeasurement measurement, Peer peer)
{
    private readonly List<Sample> _samples = [];

    /// <summary>What is measured.</summary>
    public PeerMeasurement Measurement => measurement;

    /// <summary>Of whom.</summary>
    public Peer Peer => peer;

    /// <summary>Why there are fewer figures than rounds; null if there are not.</summary>
    public string? Fault { get; set; }

    /// <summary>True if there is a figure at all.</summary>
    public bool HasFigures => _samples.Count > 0;

    /// <summary>The figures in the order of the rounds.</summary>
    public IReadOnlyList<Sample> Samples => _samples;

    /// <summary>The figure in the middle.</summary>
    public double Median => Middle([.. _samples.Select(s => s.Value)]);

    /// <summary>The least figure.</summary>
    public double Least => _samples.Min(s => s.Value);

    /// <summary>The greatest figure.</summary>
    public double Greatest => _samples.Max(s => s.Value);

    /// <summary>The middle one of the p99.9s; null if it is not about round trips.</summary>
    public double? Tail => _samples.All(s => s.Tail is not null) ? Middle([.. _samples.Select(s => s.Tail!.Value)]) : null;

    /// <summary>Adds the figure of a round.</summary>
    public void Add(Sample sample) => _samples.Add(sample);

    private static double Middle(double[] values)
    {
        Array.Sort(values);
        int half = values.Length / 2;
        return values.Length % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
    }
}
