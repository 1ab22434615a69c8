using System.Globalization;
using Kbus.Bench.Peers;

namespace Kbus.Bench.Pace;

/// <summary>What the command line of <c>./bench pace</c> says.</summary>
internal sealed record PaceOptions
{
    /// <summary>What <c>--help</c> prints.</summary>
    public const string Usage = """
        Measures Requests at the pace of real programs: how long one takes, and how much processor time all processes use for it.

        usage: ./bench pace [--quick] [--rounds N] [--only PEER,...] [--pace US,...] [--pairs N,...] [--busy N,...]
                            [--one-processor] [--json] [--svg FILE]

          --quick          short measurements, 2 rounds
          --rounds N       how often each measurement is made (5); all are made in turn, again and again
          --only PEER,...  only these peers
          --pace US,...    microseconds from one Request to the next (0,10,100,1000,10000,100000); 0: the next at once
          --pairs N,...    pairs that ask and answer at the same time (1; the first is measured): --pairs 1,10
          --busy N,...     other programs that want the processors all the time (0): --busy 0,2,35
          --one-processor  everything on one processor
          --json           everything as JSON on standard output, nothing else there
          --svg FILE       draws latency and processor time over the pace

        The processor time is that of the asker, the replier and the server together. Only ratios within one run mean anything.

        """;

    /// <summary>Short measurements.</summary>
    public bool Quick { get; init; }

    /// <summary>JSON on standard output.</summary>
    public bool Json { get; init; }

    /// <summary>Everything on one processor.</summary>
    public bool OneProcessor { get; init; }

    /// <summary>How often; null for the usual number.</summary>
    public int? WantedRounds { get; init; }

    /// <summary>How often.</summary>
    public int Rounds => WantedRounds ?? (Quick ? 2 : 5);

    /// <summary>The file for the picture; null for none.</summary>
    public string? Svg { get; init; }

    /// <summary>Names of peers; empty for all.</summary>
    public IReadOnlyList<string> Only { get; init; } = [];

    /// <summary>Microseconds from one Request to the next.</summary>
    public IReadOnlyList<int> Paces { get; init; } = [0, 10, 100, 1000, 10_000, 100_000];

    /// <summary>Numbers of pairs.</summary>
    public IReadOnlyList<int> Pairs { get; init; } = [1];

    /// <summary>Numbers of other programs.</summary>
    public IReadOnlyList<int> Busy { get; init; } = [0];

    /// <summary>The peers that are measured.</summary>
    public IEnumerable<Peer> Peers => AllPeers.List.Where(p => p.Can.HasFlag(Abilities.Pace) && (Only.Count == 0 || Only.Contains(p.Name)));

    /// <summary>Every situation that is measured.</summary>
    public IEnumerable<PaceSituation> Situations =>
        from busy in Busy
        from pairs in Pairs
        from pace in Paces
        select new PaceSituation(pace, pairs, busy, OneProcessor);

    /// <summary>Milliseconds that a measurement at a pace takes: enough for 200 Requests, but 4 seconds at most.</summary>
    public int MillisecondsAt(int pace)
    {
        int least = Quick ? 300 : 1000;
        return Math.Clamp(pace / 1000 * (Quick ? 60 : 200), least, Quick ? 1500 : 4000);
    }

    /// <summary>Reads the command line.</summary>
    /// <exception cref="PeerException">It says something that cannot be.</exception>
    public static PaceOptions Parse(IReadOnlyList<string> arguments)
    {
        var options = new PaceOptions();
        for (int i = 0; i < arguments.Count; i++)
        {
            string? next = i + 1 < arguments.Count ? arguments[i + 1] : null;
            bool takesNext = true;
            switch (arguments[i])
            {
                case "--rounds" when Numbers(next, 1, 1000) is [var rounds]:
                    options = options with { WantedRounds = rounds };
                    break;
                case "--only" when next is not null:
                    options = options with { Only = next.Split(',', StringSplitOptions.RemoveEmptyEntries) };
                    break;
                case "--pace" when Numbers(next, 0, 1_000_000) is { Length: > 0 } paces:
                    options = options with { Paces = paces };
                    break;
                case "--pairs" when Numbers(next, 1, 60) is { Length: > 0 } pairs:
                    options = options with { Pairs = pairs };
                    break;
                case "--busy" when Numbers(next, 0, 1000) is { Length: > 0 } busy:
                    options = options with { Busy = busy };
                    break;
                case "--svg" when next is not null:
                    options = options with { Svg = next };
                    break;
                default:
                    options = WithSwitch(options, arguments[i]);
                    takesNext = false;
                    break;
            }

            i += takesNext ? 1 : 0;
        }

        string? unknown = options.Only.FirstOrDefault(n => !AllPeers.List.Any(p => p.Name == n && p.Can.HasFlag(Abilities.Pace)));
        return unknown is null ? options : throw new PeerException($"There is no peer '{unknown}' for this; ./bench pace --help lists them.");
    }

    private static PaceOptions WithSwitch(PaceOptions options, string argument) => argument switch
    {
        "--quick" => options with { Quick = true },
        "--json" => options with { Json = true },
        "--one-processor" => options with { OneProcessor = true },
        _ => throw new PeerException($"'{argument}' is not understood here, or what follows it; ./bench pace --help shows what is."),
    };

    private static int[]? Numbers(string? text, int least, int most)
    {
        var numbers = new List<int>();
        foreach (string part in text?.Split(',') ?? [])
        {
            if (!int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int number) || number < least || number > most)
            {
                return null;
            }

            numbers.Add(number);
        }

        return [.. numbers];
    }
}
