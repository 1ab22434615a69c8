using System.Diagnostics;
using System.Net.Sockets;

namespace Kbus.Bench;

/// <summary>What the machine can do without KBUS: figures of different machines can be compared only beside these.</summary>
internal static class MachineBaseline
{
    private const int RoundTrips = 20_000;
    private const int Copies = 2_000;

    /// <summary>Microseconds for one byte there and back over a Unix socket, between two threads that sleep while they wait.</summary>
    public static double SocketRoundTrip()
    {
        string path = Path.Combine(Directory.CreateTempSubdirectory("kbus-bench-").FullName, "socket");
        try
        {
            using var listening = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            listening.Bind(new UnixDomainSocketEndPoint(path));
            listening.Listen(1);
            using var near = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            near.Connect(new UnixDomainSocketEndPoint(path));
            using Socket far = listening.Accept();
            var echo = new Thread(() => Echo(far));
            echo.Start();
            Trips(near, RoundTrips / 10);
            long start = Stopwatch.GetTimestamp();
            Trips(near, RoundTrips);
            double microseconds = Stopwatch.GetElapsedTime(start).TotalMicroseconds / RoundTrips;
            near.Shutdown(SocketShutdown.Both);
            echo.Join();
            return microseconds;
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
        }
    }

    /// <summary>Microseconds for copying 1 MiB that is not in the processor's nearest cache.</summary>
    public static double CopyMebibyte()
    {
        byte[] from = new byte[1 << 20], to = new byte[1 << 20];
        Random.Shared.NextBytes(from);
        from.CopyTo(to, 0);
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < Copies; i++)
        {
            from.CopyTo(to, 0);
        }

        return Stopwatch.GetElapsedTime(start).TotalMicroseconds / Copies;
    }

    private static void Trips(Socket socket, int count)
    {
        Span<byte> one = stackalloc byte[1];
        for (int i = 0; i < count; i++)
        {
            socket.Send(one);
            socket.Receive(one);
        }
    }

    private static void Echo(Socket socket)
    {
        Span<byte> one = stackalloc byte[1];
        while (socket.Receive(one) == 1)
        {
            socket.Send(one);
        }
    }
}
