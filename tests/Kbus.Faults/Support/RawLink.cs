using Kbus.Link;
using Kbus.Linux;

namespace Kbus.Faults;

/// <summary>A link without a library: for members that do not keep to the rules.</summary>
internal sealed unsafe class RawLink : IDisposable
{
    private ulong _tail;

    private RawLink(Descriptor socket, Descriptor bell, SharedMemory memory) => (Socket, Bell, Memory) = (socket, bell, memory);

    public Descriptor Socket { get; }

    public Descriptor Bell { get; }

    public SharedMemory Memory { get; }

    /// <summary>All bytes that the link shares, from the header to the end of the first copy of the delivery ring.</summary>
    public Span<byte> Bytes => new(Memory.Completions - LinkLayout.HeaderSize, Memory.Layout.DeliveryRingOffset);

    public Span<byte> Deliveries => new(Memory.Deliveries, Memory.Layout.DeliveryRingSize);

    /// <summary>Whether the bus has ended the link.</summary>
    public bool IsBusGone => PeerSocket.HasHungUp(Socket.Number);

    /// <summary>Connects and says nothing.</summary>
    public static Descriptor Connect(string directory)
    {
        int result = UnixSocket.Connect(RuntimeDirectory.BusSocket(directory, 0), Deadline.After(TimeSpan.FromSeconds(180)), out Descriptor? socket);
        Assert.True(result >= 0, $"cannot connect: {result}");
        return socket!;
    }

    /// <summary>Opens a link that wishes so many completion slots, and so many bytes of either ring.</summary>
    public static RawLink Open(string directory, uint slots = 0, uint bytes = 0)
    {
        byte[] hello = new byte[ClientHello.Size];
        new ClientHello(KsockMode.ReadWrite, LibC.ProcessId(), 0, slots, bytes, bytes).Encode(hello);
        return Open(directory, hello, out _);
    }

    /// <summary>Opens a link by a hello that is sent as given.</summary>
    public static RawLink Open(string directory, ReadOnlySpan<byte> hello, out BusWelcome welcome)
    {
        Descriptor socket = Greet(directory, hello, out welcome, out Descriptor? file, out Descriptor? bell);
        using (file)
        {
            Assert.True(SharedMemory.Map(file!, welcome.Layout!, out SharedMemory? memory) >= 0);
            return new RawLink(socket, bell!, memory!);
        }
    }

    /// <summary>What the bus says to a hello that it refuses.</summary>
    public static BusWelcome Refused(string directory, ReadOnlySpan<byte> hello)
    {
        using Descriptor socket = Greet(directory, hello, out BusWelcome welcome, out _, out _);
        Assert.NotEqual(0, welcome.Error);
        return welcome;
    }

    private static Descriptor Greet(string directory, ReadOnlySpan<byte> hello, out BusWelcome welcome, out Descriptor? file, out Descriptor? bell)
    {
        Descriptor socket = Connect(directory);
        Assert.Equal(hello.Length, LibC.Send(socket.Number, hello, 0));
        HandshakeFault fault = HandshakeExchange.ReceiveWelcome(
            socket, Deadline.After(TimeSpan.FromSeconds(180)), out BusWelcome? answer, out file, out bell);
        Assert.Equal(HandshakeFault.None, fault);
        welcome = answer!;
        return socket;
    }

    /// <summary>Writes a record into the command ring exactly as given, right or wrong, and rings.</summary>
    public void Write(CommandRecord record, ReadOnlySpan<byte> body)
    {
        int at = (int)(_tail & ((ulong)Memory.Layout.CommandRingSize - 1));
        *(CommandRecord*)(Memory.Commands + at) = record;
        body.CopyTo(new Span<byte>(Memory.Commands + at + CommandRecord.HeaderSize, body.Length));
        _tail += CommandRecord.Padded((uint)body.Length + CommandRecord.HeaderSize);
        Volatile.Write(ref Memory.Header.CommandTail, _tail);
        Ring();
    }

    /// <summary>A command as the library would write it.</summary>
    public void Write(ushort code, ushort flags, ulong sequence, ReadOnlySpan<byte> body) =>
        Write(new CommandRecord((uint)body.Length + CommandRecord.HeaderSize, code, flags, sequence), body);

    public void Ring() => LibC.SignalEvent(Bell.Number);

    public void Dispose()
    {
        Memory.Dispose();
        Bell.Dispose();
        Socket.Dispose();
    }
}
