using System.Net.Sockets;
using System.Runtime.InteropServices;
using Kbus.Limpets;

namespace Kbus.Faults;

/// <summary>A process that can have no further thread. It says what becomes of each call that needs one, a line each.</summary>
internal static unsafe partial class ThreadlessActor
{
    private const int LimitProcesses = 6;
    private const uint Own = 1, Other = 2;

    public static void Run(string directory)
    {
        Ksock waiting = ActorProgram.Open(directory);
        Ksock closing = ActorProgram.Open(directory);
        (Stream stream, Socket peer) = Connected();
        peer.Send(Greeting.Of(Other));
        ActorProgram.Say("ready");
        ulong* none = stackalloc ulong[2] { 1, 1 };
        if (SetLimit(LimitProcesses, none) != 0)
        {
            ActorProgram.Say("no limit");
            return;
        }

        ActorProgram.Say(Said(() => Ksock.OpenAsync(0, options: ActorProgram.Options(directory)).GetAwaiter().GetResult()));
        ActorProgram.Say(Said(() => waiting.ReceiveAsync().AsTask().GetAwaiter().GetResult()));
        ActorProgram.Say(Said(() => closing.DisposeAsync().AsTask().GetAwaiter().GetResult()));
        var options = new LimpetOptions { NetworkId = Own, OpenKsock = () => ActorProgram.Open(directory) };
        ActorProgram.Say(Said(() => Limpet.Attach(stream, options)));
        while (!ActorProgram.ShouldStop)
        {
            Thread.Yield();
        }
    }

    private static string Said(Action call)
    {
        try
        {
            call();
            return "done";
        }
        catch (KbusException e)
        {
            return e.Message;
        }
        catch (Exception e)
        {
            return e.GetType().Name;
        }
    }

    private static (Stream Stream, Socket Peer) Connected()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        listener.Listen();
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Connect(listener.LocalEndPoint!);
        return (new NetworkStream(socket, ownsSocket: true), listener.Accept());
    }

    [LibraryImport("libc", EntryPoint = "setrlimit")]
    private static partial int SetLimit(int resource, ulong* limit);
}
