using System.Buffers.Binary;
using Kbus.Daemon;
using Kbus.Link;
using Kbus.Linux;

namespace Kbus.Fuzz;

/// <summary>The first bytes of a link: what a process says to the daemon, and what the daemon, or a stranger in its place, says to a process.</summary>
/// <remarks>
/// The first byte says which side reads, in how many pieces the bytes come, and which files come with an answer. A descriptor that came is kept by
/// nobody once the handshake is over.
/// </remarks>
internal sealed class HandshakeTarget : Target
{
    private const int ToDaemon = 1;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <inheritdoc/>
    public override string Name => "handshake";

    /// <inheritdoc/>
    public override string About => "the handshake of a link, on both sides";

    /// <inheritdoc/>
    public override int LongestInput => 1500;

    /// <inheritdoc/>
    public override IEnumerable<byte[]> Seeds
    {
        get
        {
            byte[] hello = new byte[ClientHello.Size];
            new ClientHello(KsockMode.ReadWrite, Environment.ProcessId, 0, 0, 0, 0).Encode(hello);
            BinaryPrimitives.WriteInt32LittleEndian(hello.AsSpan(12), 1);
            byte[] refused = BusWelcome.Refusal((int)Errno.EPERM, "No.").Encode();
            byte[] link = BusWelcome.Link(3, 0, RawLink.Layout, new BusLimits(100, 4096, 8192)).Encode();
            return [[ToDaemon, .. hello], [ToDaemon | 8, .. hello[..40]], [0, .. refused], [2, .. link], [2 | 16, .. link], [2 | 4, .. link], [32, .. link]];
        }
    }

    /// <inheritdoc/>
    public override void Play(ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty)
        {
            return;
        }

        byte how = input[0];
        Check(LibC.StreamSocketPair(blocking: false, out int first, out int second));
        using var own = new Descriptor(first);
        if ((how & ToDaemon) != 0)
        {
            Greet(own, new Descriptor(second), input[1..], pieces: (how >> 3) & 3);
        }
        else
        {
            using var other = new Descriptor(second);
            Welcome(own, other, how, input[1..]);
        }
    }

    /// <summary>The daemon hears a process.</summary>
    private static void Greet(Descriptor own, Descriptor others, ReadOnlySpan<byte> bytes, int pieces)
    {
        using var connection = new PendingConnection(others, FuzzedDaemon.ForVisitors(), 0);
        int piece = (bytes.Length / (pieces + 1)) + 1;
        bool isOver = false;
        while (!isOver && !bytes.IsEmpty)
        {
            int count = Math.Min(piece, bytes.Length);
            Check(LibC.Send(own.Number, bytes[..count], LibC.MessageDontWait));
            bytes = bytes[count..];
            isOver = connection.TryHear();
        }

        if (!isOver)
        {
            return;
        }

        HandshakeFault fault = HandshakeExchange.ReceiveWelcome(
            own, Deadline.After(Limit), out BusWelcome? welcome, out Descriptor? memory, out Descriptor? bell);
        using (memory)
        using (bell)
        {
            Expect(fault == HandshakeFault.None, $"the daemon's answer is {fault}");
            Expect(welcome!.Error == 0 == memory is not null && welcome.Error == 0 == bell is not null, "a link has descriptors, a refusal none");
            if (memory is not null)
            {
                Check(SharedMemory.Map(memory, welcome.Layout!, out SharedMemory? mapped));
                mapped!.Dispose();
            }
        }
    }

    /// <summary>A process hears what may be a daemon.</summary>
    private static void Welcome(Descriptor own, Descriptor other, byte how, ReadOnlySpan<byte> bytes)
    {
        Check(LibC.Pipe(out int read, out int write));
        using var witness = new Descriptor(read);
        int memory = Memory(how);
        int[] passed = ((how >> 1) & 3) switch
        {
            0 => [],
            1 => [memory, write],
            2 => [write],
            _ => [write, write, memory],
        };
        int sent = bytes.IsEmpty ? 0 : LibC.SendMessage(own.Number, bytes, passed, LibC.MessageDontWait);
        _ = LibC.Close(write);
        _ = LibC.Close(memory);
        Check(sent);
        HandshakeFault fault = HandshakeExchange.ReceiveWelcome(other, Deadline.Passed, out BusWelcome? welcome, out Descriptor? file, out Descriptor? bell);
        using (file)
        using (bell)
        {
            if (fault == HandshakeFault.None)
            {
                Expect((welcome!.Layout is not null) == (file is not null), "what is no link came with a descriptor");
                CheckAgain(welcome, bytes);
                if (file is not null && SharedMemory.Map(file, welcome.Layout!, out SharedMemory? mapped) >= 0)
                {
                    mapped!.Dispose();
                }
            }
        }

        other.Dispose();
        Expect(IsAbandoned(witness), "a descriptor that came is still open");
    }

    /// <summary>A record that was understood is the same when it is written again.</summary>
    private static void CheckAgain(BusWelcome welcome, ReadOnlySpan<byte> bytes)
    {
        byte[] again = welcome.Encode();
        if (welcome.Error == 0)
        {
            Expect(bytes.StartsWith(again), "a record that was read and written again is another one");
            return;
        }

        HandshakeFault fault = BusWelcome.Decode(again, out BusWelcome? same);
        Expect(fault == HandshakeFault.None && same!.Error == welcome.Error, "a refusal that is written again is not understood");
    }

    /// <summary>A file such as a daemon passes; or one that has other sizes, or no seals.</summary>
    private static int Memory(byte how)
    {
        int file = LibC.CreateMemoryFile("fuzz");
        Check(file);
        Check(LibC.Truncate(file, RawLink.Layout.FileSize + ((how & 8) != 0 ? 1 : 0)));
        Check((how & 16) != 0 ? 0 : LibC.AddSeals(file, LibC.SealShrink | LibC.SealGrow | LibC.SealSeal));
        return file;
    }

    /// <summary>True if nobody has the pipe's other end.</summary>
    private static bool IsAbandoned(Descriptor pipe) => LibC.Read(pipe.Number, new byte[1]) == 0;

    private static void Check(int result)
    {
        if (result < 0)
        {
            throw new InvalidOperationException($"The handshake cannot be set up: {(Errno)(-result)}.");
        }
    }
}
