using System.Text;
using Kbus.Core;

namespace Kbus.Limpets.Tests;

/// <summary>A peer that is no Limpet of ours: it says what a test wants, right or wrong.</summary>
internal sealed class RawPeer(Stream stream) : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);
    private readonly FrameReader _reader = new(stream, 64 * 1024 * 1024);

    /// <summary>A message that has come.</summary>
    public sealed record Frame(MessageHeader Header, string Name, byte[] Data);

    /// <summary>Attaches a Limpet to a stream whose other end is the peer, which has greeted.</summary>
    public static (Limpet Limpet, RawPeer Peer) Attach(LimpetOptions options, uint networkId, Way way = Way.Unix)
    {
        (Stream ours, Stream theirs) = StreamPair.WithPlainPeer(way);
        var peer = new RawPeer(theirs);
        peer.Write(Greeting.Of(networkId));
        Limpet limpet = Limpet.Attach(ours, options);
        theirs.ReadExactly(new byte[Greeting.Length]);
        return (limpet, peer);
    }

    /// <summary>Writes bytes as they are.</summary>
    public void Write(ReadOnlySpan<byte> bytes) => stream.Write(bytes);

    /// <summary>Writes a message.</summary>
    public void Send(MessageHeader header, string name, ReadOnlySpan<byte> data = default) => Write(Bytes(header, name, data));

    /// <summary>Writes a Request that is to be answered.</summary>
    public void Ask(MessageId id, string name, MessageFlags flags = MessageFlags.None) => Send(
        new MessageHeader { Id = id, From = 9, OrigFrom = new OrigFrom(id.NetworkId, 3), Flags = flags | MessageFlags.WantAReply | MessageFlags.WantYouToReply },
        name);

    /// <summary>Says that a replier has bound beyond, or unbound.</summary>
    public void TellBind(string name, bool isBind = true) => Send(default, ReplierBindEvent.MessageName, BindEvent(name, isBind));

    /// <summary>The bytes of a message.</summary>
    public static byte[] Bytes(MessageHeader header, string name, ReadOnlySpan<byte> data = default)
    {
        byte[] nameBytes = Encoding.Latin1.GetBytes(name);
        byte[] frame = new byte[Limpets.Frame.Length((uint)nameBytes.Length, (uint)data.Length)];
        Limpets.Frame.Write(frame, header, nameBytes, data);
        return frame;
    }

    /// <summary>The data of a bind event, in this machine's order.</summary>
    public static byte[] BindEvent(string name, bool isBind, uint binder = 5)
    {
        byte[] data = new byte[12 + MessageLayout.PaddedNameLength((uint)name.Length)];
        BitConverter.TryWriteBytes(data, isBind ? 1u : 0);
        BitConverter.TryWriteBytes(data.AsSpan(4), binder);
        BitConverter.TryWriteBytes(data.AsSpan(8), (uint)name.Length);
        Encoding.Latin1.GetBytes(name, data.AsSpan(12));
        return data;
    }

    /// <summary>The next message that comes, bind events aside; null at the end of the stream.</summary>
    public Frame? Next(bool alsoBindEvents = false)
    {
        stream.ReadTimeout = (int)Limit.TotalMilliseconds;
        var header = default(MessageHeader);
        while (true)
        {
            while (_reader.TryRead(ref header))
            {
                var frame = new Frame(header, Encoding.Latin1.GetString(_reader.Name), _reader.Data.ToArray());
                if (alsoBindEvents || frame.Name != ReplierBindEvent.MessageName)
                {
                    return frame;
                }
            }

            if (!_reader.Fill())
            {
                return null;
            }
        }
    }

    /// <summary>Closes the connection.</summary>
    public void Dispose() => stream.Dispose();
}
