using System.Diagnostics;

namespace Kbus.Bench.Peers;

/// <summary>Times one thing again and again, as time_round_trips of benchmarks/peers/peer.h does.</summary>
internal static class RoundTripSamples
{
    private const int Most = 2_000_000;

    /// <summary>Does it for so long without, then for so long with taking the time, and says how long it took each time.</summary>
    public static void Take(long warmUp, long milliseconds, Action roundTrip)
    {
        uint[] samples = new uint[Most];
        Array.Fill(samples, 1u);
        int count = 0;
        long before = Stopwatch.GetTimestamp();
        long begin = before + (warmUp * Stopwatch.Frequency / 1000), end = begin + (milliseconds * Stopwatch.Frequency / 1000);
        while (before < end && count < Most)
        {
            roundTrip();
            long after = Stopwatch.GetTimestamp();
            if (before >= begin)
            {
                samples[count++] = (uint)Math.Min(after - before, uint.MaxValue);
            }

            before = after;
        }

        Span<uint> taken = samples.AsSpan(0, count);
        taken.Sort();
        Console.WriteLine(FormattableString.Invariant(
            $"count={count} median_ns={taken[count / 2]} p99_ns={taken[(int)(count * 99L / 100)]} p999_ns={taken[(int)(count * 999L / 1000)]} max_ns={taken[count - 1]}"));
    }
}
