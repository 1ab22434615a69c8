using Kbus.Linux;

namespace Kbus.Link.Tests;

/// <summary>One side of a link that was opened by the whole handshake, over a socket with a path.</summary>
internal sealed class OpenedLink : IDisposable
{
    // Far longer than any test takes; a child that is left over ends by it.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(180);

    private OpenedLink(SharedMemory memory, Descriptor socket, Descriptor bell, int peer) =>
        (Memory, Socket, Bell, PeerProcessId) = (memory, socket, bell, peer);

    public SharedMemory Memory { get; }

    public Descriptor Socket { get; }

    public Descriptor Bell { get; }

    public int PeerProcessId { get; }

    /// <summary>A word of the header page that the link itself does not use: how many records a taker has noted as taken.</summary>
    public unsafe ref ulong Noted => ref *(ulong*)(Memory.Completions - 64);

    public static OpenedLink AsBus(Descriptor listener, LinkLayout layout)
    {
        Check.Ok(LibC.Poll(listener.Number, LibC.PollIn, Deadline.After(Limit)));
        var socket = new Descriptor(Check.Ok(LibC.Accept(listener.Number)));
        Expect(HandshakeExchange.ReceiveHello(socket, Deadline.After(Limit), out ClientHello hello));
        Check.Ok(SharedMemory.Create(layout, 1, 0, out SharedMemory? memory, out Descriptor? file));
        var bell = new Descriptor(Check.Ok(LibC.CreateEvent()));
        var welcome = BusWelcome.Link(1, 0, layout, default);
        Expect(HandshakeExchange.SendWelcome(socket, welcome, file, bell, Deadline.After(Limit)));
        file!.Dispose();
        return new OpenedLink(memory!, socket, bell, hello.ProcessId);
    }

    public static OpenedLink AsClient(string path)
    {
        Check.Ok(UnixSocket.Connect(path, Deadline.After(Limit), out Descriptor? socket));
        return AsClient(socket!);
    }

    public static OpenedLink AsClient(Descriptor socket)
    {
        var hello = new ClientHello(KsockMode.ReadWrite, LibC.ProcessId(), 0, 0, 0, 0);
        Expect(HandshakeExchange.SendHello(socket, hello, Deadline.After(Limit)));
        Expect(HandshakeExchange.ReceiveWelcome(socket, Deadline.After(Limit), out BusWelcome? welcome, out Descriptor? file, out Descriptor? bell));
        Check.Ok(SharedMemory.Map(file!, welcome!.Layout!, out SharedMemory? memory));
        file!.Dispose();
        return new OpenedLink(memory!, socket, bell!, 0);
    }

    public void Dispose()
    {
        Memory.Dispose();
        Socket.Dispose();
        Bell.Dispose();
    }

    private static void Expect(HandshakeFault fault) => Assert.Equal(HandshakeFault.None, fault);
}
