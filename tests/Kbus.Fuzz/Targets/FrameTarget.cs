using Kbus.Core;
using Kbus.Limpets;

namespace Kbus.Fuzz;

/// <summary>Frames of a Limpet's peer, read alone and carried to a bus. The first byte says in which pieces they come and how much data is taken.</summary>
/// <remarks>A frame that was read is written again, and must come out as it was, but for padding.</remarks>
internal sealed class FrameTarget : Target
{
    private readonly MessageHeader[] _header = new MessageHeader[1];

    /// <inheritdoc/>
    public override string Name => "frames";

    /// <inheritdoc/>
    public override string About => "frames and the greeting of a Limpet's peer";

    /// <inheritdoc/>
    public override IEnumerable<byte[]> Seeds =>
    [
        [0, .. Greeting.Of(7), .. FrameOf("$.A.B", "some data", MessageFlags.None)],
        [20, .. Greeting.Of(7), .. FrameOf("$.A", "1", MessageFlags.None, 7), .. FrameOf("$.A", "2", MessageFlags.WantAReply | MessageFlags.WantYouToReply, 7), .. FrameOf("$.B", "", MessageFlags.None, 7)],
        [63, .. Greeting.Of(7), .. FrameOf("$.KBUS.ReplierBindEvent", "\0\0\0\u0001\0\0\0\u0003\0\0\0\u0004$.A\0", MessageFlags.Synthetic), .. FrameOf("$.C", "", MessageFlags.None, 2)],
        [3, .. Greeting.Of(1), .. FrameOf("$.KBUS.ReplierBindEvent", "aaaabbbbcccc$.A", MessageFlags.None), .. FrameOf("$.A", "", MessageFlags.WantAReply)],
        [63, .. Greeting.Of(7), .. FrameOf(LongName(1000), "some data", MessageFlags.None), .. FrameOf(LongName(999), "", MessageFlags.WantAReply, 7)],
        [63, .. Greeting.Of(7), .. FrameOf(LongName(997), "1", MessageFlags.None, 7), .. FrameOf("$.KBUS.ReplierBindEvent", BindEvent(LongName(1000)), MessageFlags.Synthetic)],
        [63, .. Greeting.Of(1), .. FrameOf(LongName(1001), "1", MessageFlags.None)],
        [64 + 5, .. Greeting.Of(1), .. FrameOf("$.A", "12345", MessageFlags.Urgent), .. FrameOf("$.A", "1", MessageFlags.AllOrWait)],
    ];

    /// <inheritdoc/>
    public override void Play(ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty)
        {
            return;
        }

        uint mostData = (input[0] & 64) != 0 ? 16u : 64 * 1024 * 1024;
        byte[] wire = input[1..].ToArray();
        try
        {
            _ = Greeting.Read(wire.AsSpan(0, Math.Min(wire.Length, Greeting.Length)).Length == Greeting.Length ? wire.AsSpan(0, Greeting.Length) : new byte[Greeting.Length]);
        }
        catch (WireException)
        {
            // What is no greeting is read as frames all the same.
        }

        byte[] frames = wire.Length > Greeting.Length ? wire[Greeting.Length..] : [];
        CarryBothWays(frames, (input[0] & 63) + 1, mostData);
        using var stream = new PieceStream(frames, (input[0] & 63) + 1);
        var reader = new FrameReader(stream, mostData);
        int at = 0;
        try
        {
            do
            {
                while (reader.TryRead(ref _header[0]))
                {
                    at += CheckFrame(reader, frames.AsSpan(at), mostData);
                }
            }
            while (reader.Fill());

            Expect(at == frames.Length, "the stream ended between two frames, and not all of it was read");
        }
        catch (WireException)
        {
            // The peer does not speak as a Limpet does.
        }
    }

    /// <summary>Announcements have a shorter way to the bus; whichever way all comes, the same arrives.</summary>
    private static void CarryBothWays(byte[] frames, int piece, uint mostData)
    {
        using var usual = new PeerSide(new PieceStream(frames, piece), mostData, isShort: false);
        using var shorter = new PeerSide(new PieceStream(frames, piece), mostData, isShort: true);
        usual.Carry();
        shorter.Carry();
        Expect(usual.Frames == shorter.Frames && usual.IsConfused == shorter.IsConfused, "on the shorter way other frames are read");
        Expect(usual.Got().SequenceEqual(shorter.Got(), SameBytes.Instance), "on the shorter way other messages arrive");
    }

    private int CheckFrame(FrameReader reader, ReadOnlySpan<byte> wire, uint mostData)
    {
        ref MessageHeader header = ref _header[0];
        int length = (int)Frame.Length(header.NameLength, header.DataLength);
        Expect(reader.Name.Length == header.NameLength && reader.Data.Length == header.DataLength, "a frame's lengths are not its header's");
        Expect(header.DataLength <= mostData && header.NameLength is > 0 and <= MessageName.MaxLength, "a frame is longer than it may be");
        byte[] again = new byte[length];
        Frame.Write(again, header, reader.Name, reader.Data);
        byte[] was = wire[..length].ToArray();
        ClearPadding(was, header);
        Expect(was.AsSpan().SequenceEqual(again), "a frame that was read and written again is another one");
        return length;
    }

    private static void ClearPadding(Span<byte> frame, in MessageHeader header)
    {
        int name = Frame.HeaderLength + (int)header.NameLength;
        int data = Frame.HeaderLength + (int)MessageLayout.PaddedNameLength(header.NameLength);
        frame[name..data].Clear();
        frame[(data + (int)header.DataLength)..^MessageLayout.FinalGuardLength].Clear();
    }

    private static string LongName(int length) => "$." + new string('n', length - 2);

    /// <summary>The data of the report that Ksock 3 replies to a name, in the order of bytes that the wire has.</summary>
    private static string BindEvent(string name) =>
        $"\0\0\0\u0001\0\0\0\u0003\0\0{(char)(name.Length >> 8)}{(char)(name.Length & 255)}{name}\0";

    private static byte[] FrameOf(string name, string data, MessageFlags flags, uint network = 0)
    {
        byte[] nameBytes = System.Text.Encoding.Latin1.GetBytes(name);
        byte[] dataBytes = System.Text.Encoding.Latin1.GetBytes(data);
        byte[] frame = new byte[Frame.Length((uint)nameBytes.Length, (uint)dataBytes.Length)];
        Frame.Write(frame, new MessageHeader { Flags = flags, Id = new MessageId(network, 5), From = network }, nameBytes, dataBytes);
        return frame;
    }
}
