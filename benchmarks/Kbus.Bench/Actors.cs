using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Kbus.Bench.Hostile;
using Kbus.Bench.Peers;

namespace Kbus.Bench;

/// <summary>The other processes of a measurement: this program run again with a role. Each says "ready" and serves until its input ends.</summary>
internal static class Actors
{
    public const string Marker = "--actor";

    /// <summary>Starts an actor and waits until it is ready.</summary>
    public static Process Start(string role, params string[] arguments)
    {
        string program = Environment.ProcessPath!;
        var start = new ProcessStartInfo(program, [Marker, role, .. arguments]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        Process process = Process.Start(start)!;
        string? line = process.StandardOutput.ReadLine();
        return line == "ready" ? process : throw new InvalidOperationException($"The {role} did not become ready: {line}");
    }

    /// <summary>Ends an actor and gives what it said last.</summary>
    public static string Finish(Process process)
    {
        process.StandardInput.Close();
        string last = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        process.Dispose();
        return last.Trim();
    }

    /// <summary>Plays a role.</summary>
    public static int Play(string role, string[] arguments)
    {
        switch (role)
        {
            case "socket-echo":
                EchoOnSocket(arguments[0]);
                return 0;
            case "replier":
                Reply(arguments[0]);
                return 0;
            case "listener":
                Listen(arguments[0], int.Parse(arguments[1], CultureInfo.InvariantCulture), int.Parse(arguments[2], CultureInfo.InvariantCulture));
                return 0;
            case "idle":
                Idle(arguments[0], int.Parse(arguments[1], CultureInfo.InvariantCulture), int.Parse(arguments[2], CultureInfo.InvariantCulture));
                return 0;
            case BusPeer.Role:
                return BusPeer.Play(arguments);
            case HostileCommand.Name:
                return HostileCommand.Play(arguments);
            default:
                Console.Error.WriteLine($"There is no role '{role}'.");
                return 2;
        }
    }

    private static void Ready()
    {
        Console.Out.WriteLine("ready");
        Console.Out.Flush();
    }

    private static void EchoOnSocket(string path)
    {
        using var listening = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listening.Bind(new UnixDomainSocketEndPoint(path));
        listening.Listen(1);
        Ready();
        using Socket peer = listening.Accept();
        Span<byte> bytes = stackalloc byte[64];
        int count;
        while ((count = peer.Receive(bytes)) > 0)
        {
            peer.Send(bytes[..count]);
        }
    }

    private static void Idle(string directory, int first, int count)
    {
        const int bindings = 10;
        List<Ksock> ksocks = [.. Enumerable.Range(0, count).Select(_ => Ksock.Open(0, options: new KsockOptions { RuntimeDirectory = directory }))];
        for (int i = 0; i < bindings * count; i++)
        {
            ksocks[i % count].Bind(string.Create(CultureInfo.InvariantCulture, $"$.Idle{first + (i % count)}.Name{i / count}"));
        }

        Ready();
        Console.In.ReadToEnd();
        ksocks.ForEach(k => k.Dispose());
    }

    private static void Reply(string directory)
    {
        using Ksock ksock = Ksock.Open(0, options: new KsockOptions { RuntimeDirectory = directory });
        ksock.Bind("$.Bench.Ask", replier: true);
        ksock.Bind("$.Bench.Stop");
        Ready();
        using var buffer = new MessageBuffer();
        while (ksock.WaitForMessage(buffer) && buffer.WantsUsToReply)
        {
            ksock.Reply(buffer, buffer.Data);
        }
    }

    private static void Listen(string directory, int count, int tellEach)
    {
        using Ksock ksock = Ksock.Open(0, options: new KsockOptions { RuntimeDirectory = directory });
        ksock.SetMaxMessages(uint.MaxValue);
        ksock.Bind("$.Bench.Tell");
        Ready();
        using var buffer = new MessageBuffer();
        int untold = 0;
        for (int heard = 0; heard < count && ksock.WaitForMessage(buffer); heard++)
        {
            if (++untold == tellEach || heard == count - 1)
            {
                // So far the announcer may go on.
                ksock.Send("$.Bench.Heard"u8, BitConverter.GetBytes(untold));
                untold = 0;
            }
        }

        Console.In.ReadToEnd();
    }
}
