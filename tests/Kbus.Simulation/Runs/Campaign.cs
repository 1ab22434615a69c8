using System.Diagnostics;
using System.Globalization;

namespace Kbus.Simulation;

/// <summary>Plays seed after seed, and tells of the first that breaks a promise.</summary>
internal static class Campaign
{
    private const string Failed = "exception";

    /// <summary>Plays seeds, as the command line says: the first seed, how many, and words.</summary>
    /// <remarks>
    /// 'promises' has Core's own assertions say nothing, 'quiet' tells a fault without making its run shorter, 'every N' plays every N-th seed, and
    /// 'together' plays on all processors.
    /// </remarks>
    /// <returns>0 if all went well, 1 if not; then the last line begins with <c>seed</c> and says which was the first to fail.</returns>
    public static int Run(string[] arguments)
    {
        ulong first = Number(arguments[0]);
        ulong count = Number(arguments[1]);
        bool isQuiet = arguments.Contains("quiet");
        int every = Array.IndexOf(arguments, "every");
        ulong stride = every < 0 ? 1 : Number(arguments[every + 1]);
        long begun = Stopwatch.GetTimestamp();
        if (arguments.Contains("together"))
        {
            if (Workers.Play(first, count, [.. arguments.Skip(2).Where(a => a != "together")]) is { } report)
            {
                Console.WriteLine(report.TrimEnd());
                return 1;
            }
        }
        else if (!PlayAll(first, count, stride, isQuiet, arguments.Contains("promises")))
        {
            return 1;
        }

        double seconds = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{count} seeds from {first} in {seconds:0.0} s: every promise kept"));
        return 0;
    }

    private static bool PlayAll(ulong first, ulong count, ulong stride, bool isQuiet, bool promisesAlone)
    {
        ListenToAssertions(promisesAlone);
        for (ulong i = 0; i < count; i++)
        {
            ulong seed = first + (i * stride);
            if (FaultOf(Scenario.Of(seed), out Exception? fault) is not null)
            {
                string report = isQuiet ? fault!.Message : Report(seed);
                Console.WriteLine($"{report}\nseed {seed}, after {i + 1}");
                return false;
            }
        }

        return true;
    }

    private static ulong Number(string text) => ulong.Parse(text, CultureInfo.InvariantCulture);

    /// <summary>What Core asserts of its books in this build becomes an exception, or nothing.</summary>
    public static void ListenToAssertions(bool saysNothing)
    {
        Trace.Listeners.Clear();
        if (!saysNothing)
        {
            Trace.Listeners.Add(new AssertionListener());
        }
    }

    /// <summary>Plays a scenario; in which promise it fails, or null.</summary>
    public static string? FaultOf(Scenario scenario, out Exception? fault)
    {
        fault = null;
        try
        {
            _ = World.Play(scenario);
            return null;
        }
        catch (BrokenPromiseException broken)
        {
            fault = broken;
            return broken.Promise;
        }
        catch (Exception other)
        {
            fault = other;
            return $"{Failed} {other.GetType().Name}";
        }
    }

    /// <summary>A seed that fails, made as short as it can be, in words.</summary>
    public static string Report(ulong seed) =>
        $"Seed {seed} breaks a promise. Play it again with: ./test Simulation --seed {seed} --seeds 1\n{Report(Scenario.Of(seed))}";

    /// <summary>A scenario that fails, made as short as it can be, in words.</summary>
    public static string Report(Scenario whole)
    {
        Scenario shortest = Shrinker.Shrink(whole, s => FaultOf(s, out _));
        List<string> log = [];
        Exception? fault = null;
        try
        {
            _ = World.Play(shortest, log);
        }
        catch (Exception e)
        {
            fault = e;
        }

        return $"""
            Of {whole.Steps.Count} steps these {shortest.Steps.Count} do it, with {shortest.Buses} bus(es) and {shortest.Options}:
              {string.Join("\n  ", shortest.Steps)}
            What happened:
              {string.Join("\n  ", log)}
            {(fault is BrokenPromiseException ? fault.Message : fault?.ToString() ?? "It does not fail when it is played again.")}
            """;
    }
}
