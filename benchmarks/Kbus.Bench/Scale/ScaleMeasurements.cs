using System.Diagnostics;
using System.Globalization;

namespace Kbus.Bench;

/// <summary>How the costs of a bus grow with what is on it. One process, its Ksocks on a kbusd of the measurement's own.</summary>
/// <remarks>
/// Blocking calls, one after the other: a message that was sent can be taken at once, so no waiting is measured, only what the
/// operations themselves cost between two processes.
/// </remarks>
internal static class ScaleMeasurements
{
    private const int LeastRepetitions = 7;
    private const int Batch = 50;
    private static readonly TimeSpan Span = TimeSpan.FromSeconds(0.5);
    private static readonly byte[] Small = new byte[64];

    /// <summary>All of them, in the order in which they are made.</summary>
    public static IReadOnlyList<(string Name, Func<ScaleSeries> Measure)> All { get; } =
    [
        ("ksocks", WithKsocks),
        ("bindings", WithBindings),
        ("listeners", WithListeners),
        ("payload", WithPayload),
        ("outstanding", WithOutstandingRequests),
    ];

    private static ScaleSeries WithKsocks()
    {
        // One process may have a quarter of what all may have together.
        using var daemon = BenchDaemon.Start("--max-ksocks", "60000", "--max-bindings", "1000000");
        using Pair pair = new(daemon);
        var idle = new List<Process>();
        var points = new List<(int, double)>();
        int open = 2;
        foreach (int count in new[] { 10, 100, 1_000, 10_000 })
        {
            for (int more; (more = Math.Min(count - open, 3_000)) > 0; open += more)
            {
                // In other processes, which may have so many descriptors each.
                idle.Add(Actors.Start("idle", daemon.Directory, Text(open), Text(more)));
            }

            points.Add((count, pair.Announce(Small)));
        }

        idle.ForEach(i => Actors.Finish(i));
        return new ScaleSeries("Ksocks with ten bindings each, one matching", "Ksocks", "us for an announcement, sent and taken", points);
    }

    private static ScaleSeries WithBindings()
    {
        using var daemon = BenchDaemon.Start("--max-bindings", "1000000");
        using Pair pair = new(daemon);
        using Ksock other = daemon.Open();
        var points = new List<(int, double)>();
        int bound = 1;
        foreach (int count in new[] { 10, 100, 1_000, 10_000, 100_000 })
        {
            for (; bound < count; bound++)
            {
                other.Bind(string.Create(CultureInfo.InvariantCulture, $"$.Other{bound}.Name"), replier: bound % 2 == 0);
            }

            points.Add((count, pair.Announce(Small)));
        }

        return new ScaleSeries("Bindings on the bus, one of them matching", "bindings", "us for an announcement, sent and taken", points);
    }

    private static ScaleSeries WithListeners()
    {
        using var daemon = BenchDaemon.Start();
        using Ksock sender = daemon.Open();
        var listeners = new List<Ksock>();
        using var buffer = new MessageBuffer();
        var points = new List<(int, double)>();
        foreach (int count in new[] { 1, 10, 100, 1_000 })
        {
            while (listeners.Count < count)
            {
                Ksock listener = daemon.Open();
                listener.Bind("$.Bench.Tell");
                listeners.Add(listener);
            }

            double time = Middle(() =>
            {
                for (int i = 0; i < Batch; i++)
                {
                    sender.Send("$.Bench.Tell"u8, Small);
                }

                foreach (Ksock listener in listeners)
                {
                    while (listener.TryReadNext(buffer))
                    {
                    }
                }
            });
            points.Add((count, time / Batch / count));
        }

        listeners.ForEach(k => k.Dispose());
        return new ScaleSeries("Listeners of one announcement", "listeners", "us for each delivery, sent and taken", points);
    }

    private static ScaleSeries WithPayload()
    {
        using var daemon = BenchDaemon.Start();
        using Pair pair = new(daemon);
        pair.AllowBigMessages();
        var points = new List<(int, double)>();
        for (int size = 64; size <= 16 << 20; size *= 4)
        {
            points.Add((size, pair.Announce(new byte[size])));
        }

        return new ScaleSeries("Bytes in a message", "bytes", "us for an announcement, sent and taken", points);
    }

    private static ScaleSeries WithOutstandingRequests()
    {
        using var daemon = BenchDaemon.Start();
        using Ksock asker = daemon.Open();
        using Ksock replier = daemon.Open();
        asker.SetMaxMessages(uint.MaxValue);
        replier.SetMaxMessages(uint.MaxValue);
        replier.Bind("$.Bench.Ask", replier: true);
        using var buffer = new MessageBuffer();
        var points = new List<(int, double)>();
        int outstanding = 0;
        foreach (int count in new[] { 1, 10, 100, 1_000, 10_000 })
        {
            for (; outstanding < count; outstanding++)
            {
                asker.Send("$.Bench.Ask"u8, Small, MessageFlags.WantAReply);
                replier.TryReadNext(buffer);
            }

            double time = Middle(() =>
            {
                for (int i = 0; i < Batch; i++)
                {
                    asker.Send("$.Bench.Ask"u8, Small, MessageFlags.WantAReply);
                    replier.TryReadNext(buffer);
                    replier.Reply(buffer, Small);
                    asker.TryReadNext(buffer);
                }
            });
            points.Add((count, time / Batch));
        }

        return new ScaleSeries("Requests that wait for their answers", "requests", "us for a further Request and its Reply", points);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>Microseconds that an action takes: the middle of many repetitions, after some that do not count.</summary>
    private static double Middle(Action action)
    {
        _ = Repeat(action);
        double[] times = [.. Repeat(action).Order()];
        return times[times.Length / 2];
    }

    private static List<double> Repeat(Action action)
    {
        var times = new List<double>();
        long begin = Stopwatch.GetTimestamp();
        while (times.Count < LeastRepetitions || Stopwatch.GetElapsedTime(begin) < Span)
        {
            long start = Stopwatch.GetTimestamp();
            action();
            times.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
        }

        return times;
    }

    /// <summary>A sender and its one listener.</summary>
    private sealed class Pair : IDisposable
    {
        private readonly Ksock _sender;
        private readonly Ksock _listener;
        private readonly MessageBuffer _buffer = new();

        public Pair(BenchDaemon daemon)
        {
            _sender = daemon.Open();
            _listener = daemon.Open();
            _listener.Bind("$.Bench.Tell");
        }

        public void AllowBigMessages() => _sender.SetMaxMessageSize(_sender.AbsoluteMaxMessageSize);

        /// <summary>Microseconds for an announcement, sent and taken and, if it is read in place, given back.</summary>
        public double Announce(byte[] data)
        {
            int batch = Math.Clamp((16 << 20) / data.Length, 1, Batch * 20);
            return Middle(() =>
            {
                for (int i = 0; i < batch; i++)
                {
                    _sender.Send("$.Bench.Tell"u8, data);
                    if (!_listener.TryReadNext(_buffer))
                    {
                        throw new InvalidOperationException("The announcement did not come.");
                    }
                }

                _buffer.Clear();
            }) / batch;
        }

        public void Dispose()
        {
            _buffer.Dispose();
            _sender.Dispose();
            _listener.Dispose();
        }
    }
}
