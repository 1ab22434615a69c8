using Kbus.Link;
using Kbus.Linux;

namespace Kbus.Bench.Hostile;

/// <summary>A link without a library: for a member that keeps to no rules, or that asks for much at once.</summary>
internal sealed unsafe class RawMember : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private readonly CompletionReader _completions;
    private ulong _tail;
    private ulong _sequence;

    private RawMember(Descriptor socket, Descriptor bell, SharedMemory memory)
    {
        (Socket, Bell, Memory) = (socket, bell, memory);
        _completions = new CompletionReader(memory, socket);
    }

    /// <summary>The link's socket.</summary>
    public Descriptor Socket { get; }

    /// <summary>The bus's bell.</summary>
    public Descriptor Bell { get; }

    /// <summary>What it shares with the bus.</summary>
    public SharedMemory Memory { get; }

    /// <summary>All bytes that the link shares, from the header to the end of the first copy of the delivery ring.</summary>
    public Span<byte> Bytes => new(Memory.Completions - LinkLayout.HeaderSize, Memory.Layout.DeliveryRingOffset);

    /// <summary>Whether the bus has ended the link.</summary>
    public bool IsEnded => PeerSocket.HasHungUp(Socket.Number);

    /// <summary>Opens a link.</summary>
    /// <returns>Null if the bus refuses it, or does not answer.</returns>
    public static RawMember? Open(string directory)
    {
        Deadline deadline = Deadline.After(Limit);
        if (UnixSocket.Connect(RuntimeDirectory.BusSocket(directory, 0), deadline, out Descriptor? socket) < 0)
        {
            return null;
        }

        var hello = new ClientHello(KsockMode.ReadWrite, LibC.ProcessId(), 0, 0, 0, 0);
        if (HandshakeExchange.SendHello(socket!, hello, deadline) == HandshakeFault.None
            && HandshakeExchange.ReceiveWelcome(socket!, deadline, out BusWelcome? welcome, out Descriptor? file, out Descriptor? bell) == HandshakeFault.None
            && welcome is { Layout: { } layout })
        {
            using (file)
            {
                if (SharedMemory.Map(file!, layout, out SharedMemory? memory) >= 0)
                {
                    return new RawMember(socket!, bell!, memory!);
                }
            }

            bell?.Dispose();
        }

        socket!.Dispose();
        return null;
    }

    /// <summary>Writes a command and rings; waits while the ring has no room for it.</summary>
    /// <returns>False if the bus has ended the link.</returns>
    public bool Write(CommandCode code, ReadOnlySpan<byte> body, ushort flags = 0)
    {
        var record = new CommandRecord((uint)body.Length + CommandRecord.HeaderSize, (ushort)code, flags, ++_sequence);
        uint padded = CommandRecord.Padded(record.Length);
        ulong size = (ulong)Memory.Layout.CommandRingSize;
        while (_tail + padded - Volatile.Read(ref Memory.Header.CommandHead) > size)
        {
            if (IsEnded)
            {
                return false;
            }

            Ring();
            Thread.Yield();
        }

        int at = (int)(_tail & (size - 1));
        *(CommandRecord*)(Memory.Commands + at) = record;
        body.CopyTo(new Span<byte>(Memory.Commands + at + CommandRecord.HeaderSize, body.Length));
        _tail += padded;
        Volatile.Write(ref Memory.Header.CommandTail, _tail);
        if (Interlocked.Exchange(ref Memory.Header.BusWantsBell, 0) != 0)
        {
            Ring();
        }

        return true;
    }

    /// <summary>Waits until the bus has carried out all commands, or has ended the link.</summary>
    /// <returns>What came of the last one; EPIPE if the bus has ended the link, or does not answer.</returns>
    public Errno Drain()
    {
        Ring();
        return _completions.Wait(_sequence, Deadline.After(Limit), out Completion completion) == WaitOutcome.Happened ? (Errno)completion.Error : Errno.EPIPE;
    }

    /// <summary>Rings the bus's bell.</summary>
    public void Ring() => _ = LibC.SignalEvent(Bell.Number);

    /// <inheritdoc/>
    public void Dispose()
    {
        Memory.Dispose();
        Bell.Dispose();
        Socket.Dispose();
    }
}
