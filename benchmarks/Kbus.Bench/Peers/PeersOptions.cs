using System.Globalization;

namespace Kbus.Bench.Peers;

/// <summary>What the command line of <c>./bench peers</c> says.</summary>
internal sealed record PeersOptions
{
    /// <summary>What <c>--help</c> prints.</summary>
    public const string Usage = """
        Measures KBUS beside other buses, each on its own best client, and beside what the machine itself can do.

        usage: ./bench peers [--quick] [--rounds N] [--only NAME,...] [--json] [--save]

          --quick         short measurements, 2 rounds: within 2 minutes (all: 5 rounds, within 15)
          --rounds N      how often each measurement is made; all are made in turn, again and again
          --only NAME,... only these peers, or these measurements, or these measurements of these peers
          --json          everything as JSON on standard output, nothing else there
          --save          also writes benchmarks/results/<date>-<processor>.md and .json

        What is missing is installed with apt-get; servers run on Unix sockets or the loopback, in a folder of their own, and end
        with their measurement. Only ratios within one run mean anything: machines differ, and so do hours.

        """;

    /// <summary>Short measurements.</summary>
    public bool Quick { get; init; }

    /// <summary>JSON on standard output.</summary>
    public bool Json { get; init; }

    /// <summary>Keep the results.</summary>
    public bool Save { get; init; }

    /// <summary>How often; null for the usual number.</summary>
    public int? Rounds { get; init; }

    /// <summary>Names of peers and measurements; empty for all.</summary>
    public IReadOnlyList<string> Only { get; init; } = [];

    /// <summary>How long and how often.</summary>
    public Durations Durations
    {
        get
        {
            Durations usual = Quick ? Durations.Quick : Durations.Full;
            return usual with { Rounds = Rounds ?? usual.Rounds };
        }
    }

    /// <summary>Reads the command line.</summary>
    /// <exception cref="PeerException">It says something that cannot be.</exception>
    public static PeersOptions Parse(IReadOnlyList<string> arguments)
    {
        var options = new PeersOptions();
        for (int i = 0; i < arguments.Count; i++)
        {
            string? next = i + 1 < arguments.Count ? arguments[i + 1] : null;
            switch (arguments[i])
            {
                case "--quick":
                    options = options with { Quick = true };
                    break;
                case "--json":
                    options = options with { Json = true };
                    break;
                case "--save":
                    options = options with { Save = true };
                    break;
                case "--rounds" when int.TryParse(next, NumberStyles.None, CultureInfo.InvariantCulture, out int rounds) && rounds > 0:
                    options = options with { Rounds = rounds };
                    i++;
                    break;
                case "--only" when next is not null:
                    options = options with { Only = next.Split(',', StringSplitOptions.RemoveEmptyEntries) };
                    i++;
                    break;
                default:
                    throw new PeerException($"'{arguments[i]}' is not understood here; ./bench peers --help shows what is.");
            }
        }

        string? unknown = options.Only.FirstOrDefault(n => !IsPeer(n) && !IsMeasurement(n));
        return unknown is null ? options : throw new PeerException($"There is no peer and no measurement '{unknown}'; ./bench peers --help lists them.");
    }

    /// <summary>Whether a measurement of a peer is wanted.</summary>
    public bool Wants(PeerMeasurement measurement, Peer peer) =>
        (!Only.Any(IsMeasurement) || Only.Contains(measurement.Name)) && (!Only.Any(IsPeer) || Only.Contains(peer.Name));

    private static bool IsPeer(string name) => AllPeers.List.Any(p => p.Name == name);

    private static bool IsMeasurement(string name) => PeerMeasurement.All.Any(m => m.Name == name);
}
