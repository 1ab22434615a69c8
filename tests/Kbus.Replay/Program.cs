using Kbus.Replay;
using Stopwatch = System.Diagnostics.Stopwatch;

const string Usage = """
    Plays recorded traces on a fresh bus system and prints the first difference of each trace that differs.

    usage: ./test --traces PATH [--via HOST] [--only TEXT]

      PATH         a trace (*.jsonl), a folder of traces, or an archive (*.tar.br)
      --via HOST   what carries the operations; default: every host, one after the other
      --only TEXT  only the traces whose file name contains TEXT

    The last line of each host is 'N identical, M different'. Exit code 0 if everything was identical, 1 if not, 2 if PATH or HOST is wrong.

    hosts:
    """;

string? path = null, via = null, only = null;
for (int i = 0; i < args.Length; i++)
{
    switch (args[i])
    {
        case "--traces" when i + 1 < args.Length: path = args[++i]; break;
        case "--via" when i + 1 < args.Length: via = args[++i]; break;
        case "--only" when i + 1 < args.Length: only = args[++i]; break;
        case "--help" or "-h":
            PrintUsage(Console.Out);
            return 0;
        case var other when path is null && !other.StartsWith('-'): path = other; break;
        default:
            PrintUsage(Console.Error);
            return 2;
    }
}

if (path is null || !(Directory.Exists(path) || File.Exists(path)))
{
    Console.Error.WriteLine(path is null ? "Say where the traces are: --traces PATH." : $"There is nothing at {path}.");
    return 2;
}

if (TraceHosts.All.All(h => via is not null && h.Name != via))
{
    Console.Error.WriteLine($"There is no host '{via}'. There are: {string.Join(", ", TraceHosts.All.Select(h => h.Name))}.");
    return 2;
}

IReadOnlyList<Trace> traces = [.. TraceReader.Read(path).Where(t => only is null || t.File.Contains(only, StringComparison.Ordinal))];
if (traces.Count == 0)
{
    Console.Error.WriteLine($"There are no traces at {path}{(only is null ? "" : $" with '{only}' in their names")}.");
    return 2;
}

int differing = 0;
foreach (ITraceHostFactory factory in TraceHosts.All.Where(h => via is null || h.Name == via))
{
    differing += PlayAll(factory);
}

return differing > 0 ? 1 : 0;

int PlayAll(ITraceHostFactory factory)
{
    if (factory.WhyNot is { } reason)
    {
        Console.WriteLine($"{factory.Name}: NOTHING PLAYED on this machine: {reason}.");
        return via is null ? 0 : traces.Count;
    }

    var clock = Stopwatch.StartNew();
    int different = 0;
    foreach (Trace trace in traces)
    {
        if (TracePlayer.Play(trace, factory) is { } difference)
        {
            different++;
            Console.WriteLine(difference);
        }
    }

    int operations = traces.Sum(t => t.Operations.Count);
    Console.WriteLine($"{factory.Name}: {operations} operations in {clock.Elapsed.TotalSeconds:F1} s");
    Console.WriteLine($"{traces.Count - different} identical, {different} different");
    return different;
}

static void PrintUsage(TextWriter to)
{
    to.WriteLine(Usage);
    foreach (ITraceHostFactory host in TraceHosts.All)
    {
        to.WriteLine($"  {host.Name,-8} {host.Description}");
    }
}
