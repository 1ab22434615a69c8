using System.Buffers.Binary;
using System.Text;
using Kbus.Core;

namespace Kbus.Limpets.Tests;

public sealed class FrameReaderTests
{
    private const uint MostData = 100_000;

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(64)]
    [InlineData(1000)]
    [InlineData(int.MaxValue)]
    public void Frames_are_read_however_they_come_in_pieces(int piece)
    {
        var all = new MemoryStream();
        for (int i = 3; i <= 60; i++)
        {
            all.Write(RawPeer.Bytes(new MessageHeader { Id = new MessageId(1, (uint)i) }, Name(i), Data(i * 5 % 41)));
        }

        all.Write(RawPeer.Bytes(new MessageHeader { Id = new MessageId(1, 61) }, Name(1000), Data((int)MostData)));
        all.Write(RawPeer.Bytes(new MessageHeader { Id = new MessageId(1, 62) }, Name(3)));
        var reader = new FrameReader(new PieceStream(all.ToArray(), piece), MostData);
        for (int i = 3; i <= 62; i++)
        {
            Assert.Equal(new MessageId(1, (uint)i), ReadOne(reader).Id);
            Assert.Equal(i < 61 ? Name(i) : Name(i == 61 ? 1000 : 3), Encoding.ASCII.GetString(reader.Name));
            Assert.Equal(i < 61 ? Data(i * 5 % 41) : Data(i == 61 ? (int)MostData : 0), reader.Data.ToArray());
        }

        Assert.False(reader.Fill());
    }

    [Fact]
    public void Only_what_has_come_takes_memory_whatever_length_is_announced()
    {
        byte[] frame = RawPeer.Bytes(default, "$.A");
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(14 * 4), 64 * 1024 * 1024);
        var reader = new FrameReader(new PieceStream(frame, int.MaxValue), 64 * 1024 * 1024);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.True(reader.Fill());
        Assert.False(TryRead(reader));
        Assert.Throws<WireException>(() => reader.Fill());
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
    }

    [Theory]
    [InlineData(0, 0x12345678u, "begins with 0x12345678")]
    [InlineData(15, 0u, "header ends with 0x00000000")]
    [InlineData(17, 1u, "not end with its guard, but with 00000001")]
    [InlineData(13, 0u, "a name of 0 bytes")]
    [InlineData(13, 1001u, "a name of 1001 bytes")]
    [InlineData(13, uint.MaxValue, "a name of 4294967295 bytes")]
    [InlineData(14, MostData + 1, "100001 bytes of data; 100000 are the most")]
    [InlineData(14, uint.MaxValue, "4294967295 bytes of data")]
    [InlineData(14, uint.MaxValue - 2, "4294967293 bytes of data")]
    public void What_is_no_frame_is_told_by_its_fault(int word, uint value, string fault)
    {
        byte[] frame = RawPeer.Bytes(default, "$.A");
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(word * 4), value);
        var reader = new FrameReader(new PieceStream(frame, int.MaxValue), MostData);
        Assert.True(reader.Fill());
        Assert.Contains(fault, Assert.Throws<WireException>(() => TryRead(reader)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_end_in_the_middle_of_a_frame_is_not_the_end_between_two()
    {
        byte[] frame = RawPeer.Bytes(default, "$.A");
        for (int length = 1; length < frame.Length; length++)
        {
            var reader = new FrameReader(new PieceStream(frame[..length], int.MaxValue), MostData);
            Assert.True(reader.Fill());
            Assert.False(TryRead(reader));
            Assert.Contains($"after {length} of its bytes", Assert.Throws<WireException>(() => reader.Fill()).Message, StringComparison.Ordinal);
        }
    }

    private static MessageHeader ReadOne(FrameReader reader)
    {
        var header = default(MessageHeader);
        while (!reader.TryRead(ref header))
        {
            Assert.True(reader.Fill());
        }

        return header;
    }

    private static bool TryRead(FrameReader reader)
    {
        var header = default(MessageHeader);
        return reader.TryRead(ref header);
    }

    private static string Name(int length) => "$." + new string('n', length - 2);

    private static byte[] Data(int length) => [.. Enumerable.Range(1, length).Select(i => (byte)i)];

    /// <summary>Gives a few bytes at each read.</summary>
    private sealed class PieceStream(byte[] bytes, int piece) : MemoryStream(bytes)
    {
        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, piece));
    }
}
