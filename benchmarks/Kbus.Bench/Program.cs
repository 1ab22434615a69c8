using Kbus.Bench;
using Kbus.Bench.Hostile;
using Kbus.Bench.Pace;
using Kbus.Bench.Peers;

const string Usage = """
    Measures KBUS on this machine, and for comparison what the machine itself can do.

    usage: ./bench [NAME ...] [--rounds N]    first looks; what the names mean stands below
           ./bench micro [arguments]          single operations, with what they allocate (BenchmarkDotNet)
           ./bench scale [arguments]          how costs grow with what is on a bus
           ./bench peers [arguments]          KBUS beside other buses
           ./bench pace [arguments]           Requests at the pace of real programs, and their processor time
           ./bench hostile [arguments]        attacks on the bus, and what an honest pair suffers

    With no NAME every measurement is made. --rounds says how often each is repeated.

    measurements:
    """;

if (args is [Actors.Marker, var role, .. var rest])
{
    return Actors.Play(role, rest);
}

if (args is ["scale", ..])
{
    return ScaleProgram.Run(args.AsSpan(1));
}

if (args is [PeersCommand.Name, .. var forPeers])
{
    return PeersCommand.Run(forPeers);
}

if (args is [PaceCommand.Name, .. var forPace])
{
    return PaceCommand.Run(forPace);
}

if (args is [HostileCommand.Name, .. var forHostile])
{
    return HostileCommand.Run(forHostile);
}

int rounds = 5;
var names = new List<string>();
for (int i = 0; i < args.Length; i++)
{
    switch (args[i])
    {
        case "-h" or "--help":
            Console.WriteLine(Usage);
            foreach (Measurement m in Measurements.All)
            {
                Console.WriteLine($"  {m.Name,-16} {m.Description}");
            }

            return 0;
        case "--rounds" when i + 1 < args.Length && int.TryParse(args[i + 1], out rounds) && rounds > 0:
            i++;
            break;
        case var name when Measurements.All.Any(m => m.Name == name):
            names.Add(name);
            break;
        default:
            Console.Error.WriteLine($"There is no measurement '{args[i]}'; --help lists them.");
            return 2;
    }
}

foreach (Measurement measurement in Measurements.All.Where(m => names.Count == 0 || names.Contains(m.Name)))
{
    double[] results = [.. Enumerable.Range(0, rounds).Select(_ => measurement.Run()).Order()];
    Console.WriteLine(
        $"{measurement.Name,-16} median {results[rounds / 2],10:F2} {measurement.Unit}   (from {results[0]:F2} to {results[^1]:F2} in {rounds} rounds)");
}

return 0;
