using System.Net.Sockets;
using System.Text;
using Kbus.Core;
using Kbus.Limpets;

namespace Kbus.Faults;

/// <summary>The process of a Limpet kept 191 MB after eight frames of 64 MiB.</summary>
public sealed class LimpetMemoryTests
{
    private const int Frames = 8;
    private const int FrameData = 64 * 1024 * 1024;
    private const long KeptAtMost = 40 * 1024 * 1024;

    [Fact]
    public Task A_Limpet_s_process_gives_memory_back_after_long_frames() => Limited.Run(_ =>
    {
        using DaemonProcess daemon = DaemonProcess.Start();
        string path = Path.Join(daemon.Directory, "glass");
        using Actor limpet = Actor.Start("limpet", daemon.Directory, "server", path, "1").Ready();
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(path));
        using var stream = new NetworkStream(socket);
        stream.Write(Greeting.Of(2));
        stream.ReadExactly(new byte[Greeting.Length]);
        Synchronise(stream);
        long before = Signals.Memory(limpet.Id);

        byte[] frame = Frame(new MessageHeader { Id = new MessageId(2, 1), OrigFrom = new OrigFrom(2, 3) }, "$.Long", new byte[FrameData]);
        long most = 0;
        for (int i = 0; i < Frames; i++)
        {
            stream.Write(frame);
            most = Math.Max(most, Signals.Memory(limpet.Id));
        }

        Synchronise(stream);
        Assert.True(most - before > FrameData / 2, $"it never needed memory for them: {before} and then {most} bytes");
        Until.True(() => Signals.Memory(limpet.Id) - before <= KeptAtMost, () => $"it keeps {Signals.Memory(limpet.Id) - before} bytes more than before");
    });

    /// <summary>A Request that nobody replies to is answered when all before it has been handled.</summary>
    private static void Synchronise(NetworkStream stream)
    {
        stream.Write(Frame(
            new MessageHeader { Id = new MessageId(2, 9), From = 9, OrigFrom = new OrigFrom(2, 3), Flags = MessageFlags.WantAReply | MessageFlags.WantYouToReply },
            "$.Nobody.Replies"));
        var reader = new FrameReader(stream, FrameData);
        var header = default(MessageHeader);
        do
        {
            while (!reader.TryRead(ref header))
            {
                Assert.True(reader.Fill(), "the link has ended");
            }
        }
        while (header.InReplyTo != new MessageId(2, 9));
    }

    private static byte[] Frame(MessageHeader header, string name, ReadOnlySpan<byte> data = default)
    {
        byte[] bytes = new byte[Limpets.Frame.Length((uint)name.Length, (uint)data.Length)];
        Limpets.Frame.Write(bytes, header, Encoding.ASCII.GetBytes(name), data);
        return bytes;
    }
}
