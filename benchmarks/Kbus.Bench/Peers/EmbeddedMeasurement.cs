using System.Diagnostics;

namespace Kbus.Bench.Peers;

/// <summary>A send and a take on a bus inside the process: how long, and how many bytes are allocated.</summary>
internal static class EmbeddedMeasurement
{
    private const int Batch = 10_000;

    /// <summary>Plays the role.</summary>
    public static void Run(ActorArguments given)
    {
        using var kbus = new EmbeddedKbus();
        using Ksock sender = kbus.Open(), listener = kbus.Open();
        listener.Bind(BusListener.Told);
        using var buffer = new MessageBuffer();
        byte[] data = new byte[given.Size];
        for (long end = Stopwatch.GetTimestamp() + (given.WarmUp * Stopwatch.Frequency / 1000); Stopwatch.GetTimestamp() < end;)
        {
            SendAndTake(sender, listener, buffer, data);
        }

        var times = new List<double>(1_000_000);
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        for (long end = Stopwatch.GetTimestamp() + (given.Milliseconds * Stopwatch.Frequency / 1000); Stopwatch.GetTimestamp() < end;)
        {
            long start = Stopwatch.GetTimestamp();
            SendAndTake(sender, listener, buffer, data);
            times.Add(Stopwatch.GetElapsedTime(start).TotalNanoseconds / Batch);
        }

        double bytes = (GC.GetAllocatedBytesForCurrentThread() - allocated) / ((double)times.Count * Batch);
        times.Sort();
        Console.WriteLine(FormattableString.Invariant($"ns={times[times.Count / 2]:F1} bytes={bytes:F3}"));
    }

    private static void SendAndTake(Ksock sender, Ksock listener, MessageBuffer buffer, byte[] data)
    {
        for (int i = 0; i < Batch; i++)
        {
            sender.Send("$.Bench.Tell"u8, data);
            if (!listener.TryReadNext(buffer))
            {
                throw new InvalidOperationException("The announcement did not come.");
            }
        }
    }
}
