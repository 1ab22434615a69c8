using Kbus.Bench.Peers;

namespace Kbus.Bench.Pace;

/// <summary>What one measurement found.</summary>
/// <param name="Median">Microseconds of a Request and its answer.</param>
/// <param name="P99">The same, of all but one in a hundred.</param>
/// <param name="P999">The same, of all but one in a thousand.</param>
/// <param name="Processor">Microseconds of processor time of all its processes for each Request.</param>
/// <param name="Switches">How often the machine changed from one thread to another for each Request.</param>
internal sealed record PaceSample(double Median, double P99, double P999, double Processor, double Switches);

/// <summary>The figures of one peer in one situation, one for each round.</summary>
internal sealed class PaceSeries(PaceSituation situation, Peer peer)
{
    private readonly List<PaceSample> _samples = [];

    /// <summary>The situation.</summary>
    public PaceSituation Situation => situation;

    /// <summary>Of whom.</summary>
    public Peer Peer => peer;

    /// <summary>Why there are fewer figures than rounds; null if there are not.</summary>
    public string? Fault { get; set; }

    /// <summary>The figures in the order of the rounds.</summary>
    public IReadOnlyList<PaceSample> Samples => _samples;

    /// <summary>The figures in the middle; null if there are none.</summary>
    public PaceSample? Middle => _samples.Count == 0 ? null : new PaceSample(
        MiddleOf(s => s.Median), MiddleOf(s => s.P99), MiddleOf(s => s.P999), MiddleOf(s => s.Processor), MiddleOf(s => s.Switches));

    /// <summary>Adds the figures of a round.</summary>
    public void Add(PaceSample sample) => _samples.Add(sample);

    private double MiddleOf(Func<PaceSample, double> figure)
    {
        double[] values = [.. _samples.Select(figure).Order()];
        int half = values.Length / 2;
        return values.Length % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
    }
}
