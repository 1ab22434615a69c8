using CsCheck;

namespace Kbus.Core.Tests;

/// <summary>Messages as the bus keeps them: lent from a pool, counted, and copied out as each recipient sees them.</summary>
public sealed class StoredMessageTests
{
    private static readonly MessageHeader Header = new() { Id = new MessageId(1, 2), To = 3, Flags = MessageFlags.WantAReply };

    [Fact]
    public void Any_part_can_be_copied_out_wherever_the_data_lives()
    {
        var pool = new MessagePool();
        Gen.Select(Gen.Byte.Array[0, 100], Gen.Int[0, 300], Gen.Int[0, 300]).Sample((data, offset, length) =>
        {
            StoredMessage here = pool.Compose(Header, "$.Name"u8, data);
            StoredMessage elsewhere = WithPayload(pool, data, out Elsewhere payload);
            Assert.Equal(here.EntireLength, elsewhere.EntireLength);
            offset = Math.Min(offset, here.EntireLength);
            length = Math.Min(length, here.EntireLength - offset);
            byte[] one = new byte[length];
            byte[] other = new byte[length];
            const MessageFlags flags = MessageFlags.WantAReply | MessageFlags.WantYouToReply;
            here.CopyEntire(offset, one, flags);
            elsewhere.CopyEntire(offset, other, flags);
            Assert.Equal(one, other);
            byte[] whole = new byte[here.EntireLength];
            here.CopyEntire(0, whole, flags);
            Assert.Equal(whole.AsSpan(offset, length).ToArray(), one);
            Assert.Equal(3, whole[MessageHeader.FlagsOffset]);
            here.Release();
            elsewhere.Release();
            Assert.Equal(1, payload.Releases);
        }, threads: 1);
        Assert.Equal(0, pool.Lent);
    }

    [Fact]
    public void A_message_goes_back_to_its_pool_with_its_last_reference()
    {
        var pool = new MessagePool();
        StoredMessage message = pool.Compose(Header, "$.Name"u8, "data"u8);
        message.Retain();
        message.Retain();
        message.Release();
        message.Release();
        Assert.Equal(1, pool.Lent);
        message.Release();
        Assert.Equal(0, pool.Lent);
        Assert.Same(message, pool.Compose(Header, "$.Other"u8, default));
    }

    [Fact]
    public void A_message_that_is_used_again_shows_nothing_of_what_it_was()
    {
        var pool = new MessagePool();
        byte[] noise = new byte[150];
        Array.Fill(noise, (byte)0xEE);
        pool.Compose(Header, "$.LongName"u8, noise).Release();
        StoredMessage message = pool.Compose(default, "$.A"u8, "1"u8);
        Assert.Equal(88 + 4 + 4 + 4, message.EntireLength);
        Assert.Equal("242e4100" + "31000000" + "7375624b", Convert.ToHexStringLower(message.StoredBytes[88..]));
        Assert.Equal(default, message.Header.Id);
    }

    [Fact]
    public void Every_size_finds_a_buffer_and_hoards_are_bounded()
    {
        var pool = new MessagePool();
        foreach (int length in new[] { 0, 1, 155, 156, 157, 1000, 70_000, 5_000_000 })
        {
            StoredMessage[] many = [.. Enumerable.Range(0, 20).Select(_ => pool.Compose(default, "$.A"u8, new byte[length]))];
            Assert.All(many, m => Assert.Equal(length, m.Data.Length));
            Assert.Equal(20, pool.Lent);
            Array.ForEach(many, m => m.Release());
            Assert.Equal(0, pool.Lent);
        }
    }

    [Fact]
    public void Reading_gives_out_the_message_once_and_in_order()
    {
        var pool = new MessagePool();
        var reading = new MessageReading();
        Gen.Int[1, 50].Array[1, 100].Sample(
            pieces =>
            {
                StoredMessage message = pool.Compose(Header, "$.Name"u8, "some data of it"u8);
                byte[] whole = message.StoredBytes.ToArray();
                reading.Begin(new DeliveredMessage(message, message.Header.Flags));
                List<byte> read = [];
                foreach (int piece in pieces)
                {
                    Assert.Equal(whole.Length - read.Count, reading.Left);
                    byte[] target = new byte[piece];
                    read.AddRange(target[..reading.Read(target)]);
                }

                Assert.Equal(whole[..read.Count], read);
                reading.Drop();
                Assert.Equal((0, 0, 0), (reading.Left, reading.Length, reading.Read(new byte[1])));
            },
            threads: 1);
        Assert.Equal(0, pool.Lent);
    }

    [Theory]
    [InlineData(3, 0, 96)]
    [InlineData(6, 0, 100)]
    [InlineData(6, 7, 108)]
    [InlineData(6, 16, 116)]
    [InlineData(1000, 0xFFFFFFFF, 88 + 1004 + 0x100000000 + 4)]
    public void Entire_lengths_are_those_of_the_specification(uint name, uint data, long entire)
    {
        Assert.Equal(entire, MessageLayout.EntireLength(name, data));
    }

    private static StoredMessage WithPayload(MessagePool pool, byte[] data, out Elsewhere payload)
    {
        payload = new Elsewhere(data);
        int entire = (int)MessageLayout.EntireLength(6, (uint)data.Length);
        StoredMessage message = pool.Rent(entire, MessageLayout.DataOffset(6));
        message.Header = Header;
        message.Header.NameLength = 6;
        message.Header.DataLength = (uint)data.Length;
        "$.Name"u8.CopyTo(message.Buffer[MessageHeader.Size..]);
        message.Payload = payload;
        message.Seal();
        return message;
    }

    private sealed class Elsewhere(byte[] data) : Payload
    {
        public int Releases { get; private set; }

        public override ReadOnlySpan<byte> Bytes => data;

        public override void Release() => Releases++;
    }
}
