using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Kbus.Bench.Peers;

/// <summary>Times one thing again and again, as time_round_trips of benchmarks/peers/peer.h does.</summary>
internal static partial class RoundTripSamples
{
    private const int Most = 2_000_000;
    private const int Monotonic = 1;
    private const int AbsoluteTime = 1;
    private const int TimerSlack = 29;
    private const long NanosecondsInSecond = 1_000_000_000;

    /// <summary>Does it for so long without, then for so long with taking the time, and says how long it took each time.</summary>
    public static void Take(ActorArguments given, Action roundTrip)
    {
        uint[] samples = new uint[Most];
        Array.Fill(samples, 1u);
        for (long end = Now() + (given.WarmUp * 1_000_000); Now() < end;)
        {
            roundTrip();
        }

        long due = Now();
        if (given.Pace > 0)
        {
            _ = SetProcess(TimerSlack, 1, 0, 0, 0);
            for (long left = Math.Clamp(500_000 / given.Pace, 3, 50); left > 0; left--)
            {
                WaitUntilDue(given.Pace, ref due);
                roundTrip();
            }
        }

        int[] processes = given.Processes;
        int count = 0;
        long processor = ProcessorTime(processes), switches = ThreadSwitches(), before = Now(), last = before + (given.Milliseconds * 1_000_000);
        while (before < last && count < Most)
        {
            if (given.Pace > 0)
            {
                WaitUntilDue(given.Pace, ref due);
                before = Now();
            }

            roundTrip();
            long after = Now();
            samples[count++] = (uint)Math.Min(after - before, uint.MaxValue);
            before = after;
        }

        processor = ProcessorTime(processes) - processor;
        switches = ThreadSwitches() - switches;
        Span<uint> taken = samples.AsSpan(0, count);
        taken.Sort();
        Console.WriteLine(FormattableString.Invariant(
            $"count={count} median_ns={taken[count / 2]} p99_ns={taken[(int)(count * 99L / 100)]} p999_ns={taken[(int)(count * 999L / 1000)]} max_ns={taken[count - 1]} cpu_ns={processor / count} switches={(double)switches / count:F3}"));
    }

    private static long Now() => Stopwatch.GetTimestamp() * (NanosecondsInSecond / Stopwatch.Frequency);

    /// <summary>Waits until the next is due. One that is late begins at once, and the next ones are due after it.</summary>
    private static void WaitUntilDue(long pace, ref long due)
    {
        due = Math.Max(due + (pace * 1000), Now());
        var time = new Time(due / NanosecondsInSecond, due % NanosecondsInSecond);
        while (Sleep(Monotonic, AbsoluteTime, time, 0) != 0)
        {
            // Interrupted by a signal.
        }
    }

    private static long ProcessorTime(int[] processes)
    {
        long sum = 0;
        foreach (int process in (int[])[Environment.ProcessId, .. processes])
        {
            sum += ClockOf(process, out int clock) == 0 && ReadClock(clock, out Time time) == 0 ? (time.Seconds * NanosecondsInSecond) + time.Nanoseconds : 0;
        }

        return sum;
    }

    private static long ThreadSwitches() => long.Parse(
        File.ReadLines("/proc/stat").First(l => l.StartsWith("ctxt ", StringComparison.Ordinal))["ctxt ".Length..], CultureInfo.InvariantCulture);

    [LibraryImport("libc", EntryPoint = "clock_nanosleep")]
    private static partial int Sleep(int clock, int flags, in Time until, nint left);

    [LibraryImport("libc", EntryPoint = "clock_getcpuclockid")]
    private static partial int ClockOf(int process, out int clock);

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int ReadClock(int clock, out Time time);

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int SetProcess(int option, nuint value, nuint third, nuint fourth, nuint fifth);

    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct Time(long Seconds, long Nanoseconds);
}
