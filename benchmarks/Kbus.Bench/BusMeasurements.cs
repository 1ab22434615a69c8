using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;

namespace Kbus.Bench;

/// <summary>KBUS between processes: each actor, and the daemon, is a process of its own.</summary>
internal static class BusMeasurements
{
    private const int RoundTrips = 20_000;
    private const int Sends = 50_000;
    private const int Announcements = 4_000_000;
    private const int BigAnnouncements = 500;
    private static readonly byte[] Small = new byte[64];

    /// <summary>Microseconds for 64 bytes there and back over a Unix socket, between two processes.</summary>
    public static double RawRoundTrip()
    {
        string directory = Directory.CreateTempSubdirectory("kbus-bench-").FullName;
        string path = Path.Combine(directory, "socket");
        Process echo = Actors.Start("socket-echo", path);
        double time;
        using (var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            byte[] bytes = new byte[64];
            time = Time(RoundTrips, () =>
            {
                socket.Send(Small);
                socket.Receive(bytes);
            });
        }

        Actors.Finish(echo);
        Directory.Delete(directory, recursive: true);
        return time;
    }

    /// <summary>Microseconds for a Request of 64 bytes and its Reply, blocking, each in a process of its own (B1).</summary>
    public static double RequestAndReply()
    {
        using var daemon = BenchDaemon.Start();
        Process replier = Actors.Start("replier", daemon.Directory);
        double time;
        using (Ksock ksock = Ksock.Open(0, options: daemon.Options))
        {
            using var answer = new MessageBuffer();
            time = Time(RoundTrips, () =>
            {
                ksock.Send("$.Bench.Ask"u8, Small, MessageFlags.WantAReply);
                ksock.WaitForMessage(answer);
            });
            ksock.Send("$.Bench.Stop"u8, default);
        }

        Actors.Finish(replier);
        return time;
    }

    /// <summary>Microseconds for one Send with its immediate answer, nobody listening (B3).</summary>
    public static double SendWithAnswer()
    {
        using var daemon = BenchDaemon.Start();
        using Ksock ksock = Ksock.Open(0, options: daemon.Options);
        return Time(Sends, () => ksock.Send("$.Bench.Nobody"u8, Small));
    }

    /// <summary>Announcements of 64 bytes from one process to another, pipelined, in thousands for each second (B4).</summary>
    public static double AnnouncementsPerMillisecond() => Rate(Announcements, Small) / 1000;

    /// <summary>Payloads of 1 MiB from one process to another, in MiB for each second (B6).</summary>
    public static double BigPayloads() => Rate(BigAnnouncements, new byte[1 << 20]);

    private static double Rate(int count, byte[] data)
    {
        using var daemon = BenchDaemon.Start();

        // Half of what may wait in a queue, because what the listener still reads counts, too: it must miss nothing.
        int mostBehind = Math.Clamp((32 << 20) / data.Length, 16, 32 * 1024);
        Process listener = Actors.Start("listener", daemon.Directory, Text(count), Text(mostBehind / 4));
        double seconds;
        using (Ksock ksock = Ksock.Open(0, options: daemon.Options))
        {
            if (data.Length > 300_000)
            {
                ksock.SetMaxMessageSize(ksock.AbsoluteMaxMessageSize);
            }

            ksock.Bind("$.Bench.Heard");
            long start = Stopwatch.GetTimestamp();
            Pipeline(ksock, count, data, mostBehind).GetAwaiter().GetResult();
            seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }

        Actors.Finish(listener);
        return count / seconds;
    }

    /// <summary>Keeps a few hundred sends in flight, and waits when the listener falls too far behind, so that it misses nothing.</summary>
    private static async Task Pipeline(Ksock ksock, int count, byte[] data, int mostBehind)
    {
        const int window = 512;
        var inFlight = new ValueTask<MessageId>[window];
        using var buffer = new MessageBuffer();
        int heard = 0;
        for (int i = 0; i < count + window; i++)
        {
            if (i >= window)
            {
                await inFlight[i % window];
            }

            if (i < count)
            {
                inFlight[i % window] = ksock.SendAsync("$.Bench.Tell"u8, data);
            }

            while (Math.Min(i, count) - heard > (i < count ? mostBehind : 0) && ksock.WaitForMessage(buffer))
            {
                heard += BitConverter.ToInt32(buffer.Data);
            }
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static double Time(int count, Action action)
    {
        for (int i = 0; i < count / 10; i++)
        {
            action();
        }

        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < count; i++)
        {
            action();
        }

        return Stopwatch.GetElapsedTime(start).TotalMicroseconds / count;
    }
}
