using System.Buffers;

namespace Kbus.Link.Tests;

public sealed unsafe class DeliveryRingTests : IDisposable
{
    private readonly LinkPair _link = new();
    private readonly DeliveryProducer _producer;
    private readonly DeliveryConsumer _consumer;

    public DeliveryRingTests()
    {
        _producer = new DeliveryProducer(_link.Bus);
        _consumer = new DeliveryConsumer(_link.Client);
    }

    public void Dispose() => _link.Dispose();

    [Fact]
    public void A_record_can_be_taken_when_it_is_published_and_not_before()
    {
        Append(1, 20);
        Assert.Equal(DeliveryLook.Empty, _consumer.TryPeek(out _, out _));
        _producer.Publish();
        Assert.Equal(DeliveryLook.Record, _consumer.TryPeek(out ReadOnlySpan<byte> record, out DeliveryToken token));
        Assert.Equal(20, record.Length);
        Assert.Equal(1ul, Pattern.Number(record));
        Assert.Equal(101u, token.Kind);
        Observe(0);
        Assert.True(_consumer.TryTake(token));
        Assert.False(_consumer.TryTake(token));
        Observe(1);
        Observe(0);
        Assert.Equal(DeliveryLook.Empty, _consumer.TryPeek(out _, out _));
    }

    [Fact]
    public void A_record_is_copied_to_where_the_caller_wants_it()
    {
        Append(1, 20);
        Append(2, 30);
        Append(3, 0);
        _producer.Publish();
        Span<byte> room = stackalloc byte[25];
        Assert.Equal(DeliveryLook.Record, _consumer.TryTakeInto(room, out int length, out uint kind));
        Assert.Equal((20, 101u, 1ul), (length, kind, Pattern.Number(room[..length])));
        Assert.Equal(DeliveryLook.TooLong, _consumer.TryTakeInto(room, out length, out _));
        Assert.Equal(30, length);
        var writer = new ArrayBufferWriter<byte>();
        Assert.Equal(DeliveryLook.Record, _consumer.TryTakeInto(writer, out length, out kind));
        Assert.Equal((30, 102u, 2ul), (length, kind, Pattern.Number(writer.WrittenSpan)));
        Assert.Equal(DeliveryLook.Record, _consumer.TryTakeInto(Span<byte>.Empty, out length, out _));
        Assert.Equal(0, length);
        Assert.Equal(DeliveryLook.Empty, _consumer.TryTakeInto(writer, out length, out _));
        Observe(3);
    }

    [Fact]
    public void Several_records_are_looked_at_and_taken_together()
    {
        for (ulong i = 1; i <= 4; i++)
        {
            Append(i, 20 + (int)i);
        }

        _producer.Publish();
        Assert.Equal(DeliveryLook.Record, _consumer.TryPeek(out _, out DeliveryToken first));
        Assert.True(_consumer.TryPeekBehind(first, out ReadOnlySpan<byte> record, out DeliveryToken second));
        Assert.Equal((2ul, 102u), (Pattern.Number(record), second.Kind));
        Assert.True(_consumer.TryPeekBehind(second, out record, out DeliveryToken third));
        Assert.Equal(3ul, Pattern.Number(record));
        Observe(0);
        Assert.True(_consumer.TryTake(third));
        Observe(3);
        Assert.False(_consumer.TryTake(first));
        Assert.False(_consumer.TryTake(third));
        Take(4);
        Observe(1);
    }

    [Fact]
    public void What_is_published_later_is_not_looked_at_together_with_what_was_there()
    {
        Append(1, 20);
        _producer.Publish();
        Assert.Equal(DeliveryLook.Record, _consumer.TryPeek(out _, out DeliveryToken first));
        Append(2, 20);
        _producer.Publish();
        Assert.False(_consumer.TryPeekBehind(first, out _, out _));
        Assert.Equal(LinkFault.None, _consumer.Fault);
        Assert.True(_consumer.TryTake(first));
        Take(2);
    }

    [Fact]
    public void Several_records_are_not_taken_from_a_ring_that_was_rewritten_since()
    {
        Append(1, 20);
        Append(2, 20);
        _producer.Publish();
        Assert.Equal(DeliveryLook.Record, _consumer.TryPeek(out _, out DeliveryToken first));
        Assert.True(_consumer.TryPeekBehind(first, out _, out DeliveryToken second));
        Assert.True(_producer.TryBeginRewrite());
        Assert.True(_producer.TryPrepend(20, 103, out Span<byte> inFront));
        Pattern.Fill(inFront, 3);
        Assert.True(_producer.TryEndRewrite());
        Assert.False(_consumer.TryTake(second));
        Take(3);
        Take(1);
        Take(2);
    }

    [Fact]
    public void A_full_ring_refuses_and_has_room_again_for_what_was_taken()
    {
        Assert.Equal(4096 - 8, _producer.MaxLength);
        Assert.False(_producer.TryAppend(_producer.MaxLength + 1, 0, out _));
        Assert.False(_producer.TryAppend(int.MaxValue, 0, out _));
        Assert.False(_producer.TryAppend(-1, 0, out _));
        for (ulong i = 0; i < 64; i++)
        {
            Append(i, 56);
        }

        _producer.Publish();
        Assert.False(_producer.TryAppend(0, 0, out _));
        Take(0);
        Append(64, 56);
        Assert.False(_producer.TryAppend(0, 0, out _));
        Assert.Equal(64, _producer.Count);
        _producer.Publish();
        Observe(1);
        for (ulong i = 1; i <= 64; i++)
        {
            Take(i);
        }

        Observe(64);
        Append(65, _producer.MaxLength);
        _producer.Publish();
        Take(65);
    }

    [Fact]
    public void A_client_that_keeps_up_makes_do_with_the_beginning_of_the_ring_and_one_that_does_not_has_all_of_it()
    {
        const int Size = 1024 * 1024;
        using var link = new LinkPair(deliveryRing: Size);
        var producer = new DeliveryProducer(link.Bus);
        var consumer = new DeliveryConsumer(link.Client);
        byte[] room = new byte[256];
        ulong taken = 0;
        ulong number = 0;
        uint Append()
        {
            number++;
            Assert.True(producer.TryAppend(Pattern.Length(number, 200), (uint)number, out Span<byte> record));
            Pattern.Fill(record, number);
            producer.Publish();
            return (producer[producer.Count - 1].Place << 3) % Size;
        }

        void Take()
        {
            Assert.Equal(DeliveryLook.Record, consumer.TryTakeInto(room, out int length, out _));
            Assert.Equal(++taken, Pattern.Number(room.AsSpan(0, length)));
        }

        uint furthest = 0;
        while (number < 100_000)
        {
            furthest = Math.Max(furthest, Append());
            Take();
        }

        Assert.InRange(furthest, 32u * 1024, 64u * 1024);

        // Three are always left.
        furthest = 0;
        while (number < 110_000)
        {
            furthest = Math.Max(furthest, Append());
            if (number > taken + 3)
            {
                Take();
            }
        }

        Assert.InRange(furthest, (uint)Size - 256, (uint)Size);
        Assert.True(producer.TryObserve(out int observed));
        Assert.Equal(taken, (ulong)observed);
        Assert.Equal(LinkFault.None, producer.Fault);
    }

    [Fact]
    public void An_urgent_record_goes_in_front_of_what_is_unread_also_before_the_very_first_place()
    {
        Append(1, 100);
        Append(2, 100);
        _producer.Publish();
        Prepend(3, 50);
        Take(3);
        Take(1);
        Prepend(4, 200);
        Prepend(5, 10);
        Take(5);
        Take(4);
        Take(2);
        Assert.Equal(DeliveryLook.Empty, _consumer.TryPeek(out _, out _));
        Observe(5);
    }

    [Fact]
    public void A_full_ring_gives_back_its_last_records_for_one_in_front()
    {
        for (ulong i = 1; i <= 64; i++)
        {
            Append(i, 56);
        }

        _producer.Publish();
        Assert.Equal(DeliveryLook.Record, _consumer.TryPeek(out _, out DeliveryToken seen));
        Assert.True(_producer.TryBeginRewrite());
        Assert.False(_producer.HasRoomFor(1, 100));
        Assert.Equal((64, 64), (_producer.DropLast(), _producer.DropLast()));

        // What was taken back may not be written over before the client knows of it.
        Assert.False(_producer.HasRoomFor(1, 100));
        Assert.False(_producer.TryPrepend(100, 0, out _));
        Assert.True(_producer.TryEndRewrite());
        Assert.False(_consumer.TryTake(seen));
        Prepend(65, 100);
        Assert.False(_producer.TryAppend(56, 0, out _));
        Take(65);
        for (ulong i = 1; i <= 62; i++)
        {
            Take(i);
        }

        Assert.Equal(DeliveryLook.Empty, _consumer.TryPeek(out _, out _));
        Observe(63);
    }

    [Fact]
    public void What_was_appended_and_not_published_can_be_taken_back()
    {
        Append(1, 56);
        _producer.Publish();
        Append(2, 56);
        Append(3, 56);
        Assert.True(_producer.TryBeginRewrite());
        _ = _producer.DropLast();
        Assert.True(_producer.TryEndRewrite());
        Take(1);
        Take(2);
        Assert.Equal(DeliveryLook.Empty, _consumer.TryPeek(out _, out _));
        Append(4, 56);
        _producer.Publish();
        Take(4);
        Observe(3);
    }

    [Fact]
    public void A_record_looked_at_before_a_rewrite_cannot_be_taken_after_it()
    {
        Append(1, 100);
        _producer.Publish();
        Assert.Equal(DeliveryLook.Record, _consumer.TryPeek(out _, out DeliveryToken token));
        Assert.True(_consumer.StillHolds(token));
        Assert.True(_producer.TryBeginRewrite());
        Assert.False(_consumer.TryTake(token));
        Assert.False(_consumer.StillHolds(token));
        Assert.Equal(DeliveryLook.Busy, _consumer.TryPeek(out _, out _));
        Assert.True(_producer.TryEndRewrite());
        Assert.False(_consumer.TryTake(token));
        Take(1);
    }

    [Fact]
    public void A_rewrite_knows_exactly_what_has_been_taken()
    {
        for (ulong i = 0; i < 5; i++)
        {
            Append(i, 24);
        }

        _producer.Publish();
        Take(0);
        Take(1);
        Assert.True(_producer.TryBeginRewrite());
        Assert.True(_producer.TryObserve(out int taken));
        Assert.Equal(2, taken);
        Assert.Equal(3, _producer.Count);
        _producer.Clear();
        Assert.Equal(0, _producer.Count);
        Append(4, 24);
        Append(2, 24);
        Assert.True(_producer.TryEndRewrite());
        Take(4);
        Take(2);
        Assert.Equal(DeliveryLook.Empty, _consumer.TryPeek(out _, out _));
        Observe(2);
    }

    [Fact]
    public void What_does_not_fit_beside_the_old_records_is_appended_after_the_rewrite()
    {
        for (ulong i = 0; i < 4; i++)
        {
            Append(i, 1016);
        }

        _producer.Publish();
        Take(0);
        Assert.True(_producer.TryBeginRewrite());
        _producer.Clear();
        Append(3, 1016);
        Assert.False(_producer.TryAppend(1016, 0, out _));
        _producer.Publish();
        Assert.True(_producer.TryEndRewrite());
        Append(2, 1016);
        Append(1, 1016);
        Append(9, 1016);
        Assert.False(_producer.TryAppend(0, 0, out _));
        _producer.Publish();
        Take(3);
        Take(2);
        Take(1);
        Take(9);
        Observe(5);
    }

    [Fact]
    public void A_cleared_ring_is_empty_for_a_client_that_has_seen_it_full()
    {
        for (int round = 0; round < 5; round++)
        {
            Append(1, 24);
            Append(2, 24);
            _producer.Publish();
            Assert.Equal(DeliveryLook.Record, _consumer.TryPeek(out _, out DeliveryToken token));
            Assert.True(_producer.TryBeginRewrite());
            _producer.Clear();
            Assert.True(_producer.TryEndRewrite());
            Assert.Equal(DeliveryLook.Empty, _consumer.TryPeek(out _, out _));
            Assert.False(_consumer.TryTake(token));
        }
    }

    [Fact]
    public void Steps_of_a_rewrite_outside_of_one_are_refused()
    {
        Assert.Throws<InvalidOperationException>(() => _producer.TryPrepend(1, 0, out _));
        Assert.Throws<InvalidOperationException>(_producer.Clear);
        Assert.Throws<InvalidOperationException>(() => _producer.DropLast());
        Assert.Throws<InvalidOperationException>(() => _producer.TryEndRewrite());
        Assert.True(_producer.TryBeginRewrite());
        Assert.Throws<InvalidOperationException>(() => _producer.TryBeginRewrite());
        _producer.Clear();
        Assert.Throws<InvalidOperationException>(_producer.Clear);
        Assert.Throws<InvalidOperationException>(() => _producer.TryPrepend(1, 0, out _));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_was_unread_can_be_read_when_the_bus_dies_in_the_middle_of_a_rewrite(bool prepending)
    {
        for (ulong i = 0; i < 40; i++)
        {
            Append(i, 72);
        }

        _producer.Publish();
        Take(0);
        Take(1);
        Assert.True(_producer.TryBeginRewrite());
        if (!prepending)
        {
            _producer.Clear();
        }

        // As much as there is room for: none of it may reach what is unread.
        ulong number = 1000;
        while (prepending ? _producer.TryPrepend(72, 1, out Span<byte> record) : _producer.TryAppend(72, 1, out record))
        {
            Pattern.Fill(record, number++);
        }

        Assert.NotEqual(1000ul, number);
        Assert.Equal(DeliveryLook.Busy, _consumer.TryPeek(out _, out _));
        _consumer.EndRewriteOfDeadBus();
        for (ulong i = 2; i < 40; i++)
        {
            Take(i);
        }

        Assert.Equal(DeliveryLook.Empty, _consumer.TryPeek(out _, out _));
    }

    [Fact]
    public void A_client_that_takes_after_the_flags_were_set_sees_them()
    {
        Append(1, 8);
        _producer.Publish();
        Assert.Equal(DeliveryFlags.None, _consumer.Flags);
        _producer.SetFlags(DeliveryFlags.TellTakes | DeliveryFlags.MoreBehind);
        Take(1);
        Assert.Equal(DeliveryFlags.TellTakes | DeliveryFlags.MoreBehind, _consumer.Flags);
        _producer.SetFlags(DeliveryFlags.None);
        Assert.Equal(DeliveryFlags.None, _consumer.Flags);
    }

    [Fact]
    public void Positions_go_round_without_end()
    {
        // 2^24 units of 8 bytes, which the position counts modulo, are passed by 33,000 records of almost the whole ring.
        for (ulong i = 0; i < 36_000; i++)
        {
            Assert.True(_producer.TryAppend(_producer.MaxLength - 40, (uint)i, out Span<byte> record));
            record[0] = (byte)i;
            _producer.Publish();
            Assert.Equal(DeliveryLook.Record, _consumer.TryPeek(out ReadOnlySpan<byte> read, out DeliveryToken token));
            Assert.Equal(((byte)i, (uint)i), (read[0], token.Kind));
            Assert.True(_consumer.TryTake(token));
        }

        Observe(36_000);
    }

    [Fact]
    public void An_empty_ring_is_empty_however_far_it_has_moved_since_the_client_looked()
    {
        Append(1, 16);
        _producer.Publish();
        Take(1);

        // The bus alone moves the front on, until its position comes close before the tail that the client has seen last.
        const int UnitsOfRing = 512;
        uint left = DeliveryHead.PositionMask - 1;
        while (left > 0)
        {
            uint units = Math.Min(left, UnitsOfRing);
            Assert.True(_producer.TryAppend((int)(units * 8) - DeliveryRecord.HeaderSize, 0, out Span<byte> record));
            record.Clear();
            _producer.Publish();
            Assert.True(_producer.TryBeginRewrite());
            _producer.Clear();
            Assert.True(_producer.TryEndRewrite());
            left -= units;
        }

        new Span<byte>(_link.Client.Deliveries, 4096).Clear();
        Assert.Equal(DeliveryLook.Empty, _consumer.TryPeek(out _, out _));
        Append(2, 16);
        _producer.Publish();
        Take(2);
    }

    private void Append(ulong number, int length)
    {
        Assert.True(_producer.TryAppend(length, 100 + (uint)number, out Span<byte> record));
        if (length >= Pattern.Least)
        {
            Pattern.Fill(record, number);
        }
    }

    private void Prepend(ulong number, int length)
    {
        Assert.True(_producer.TryBeginRewrite());
        Assert.True(_producer.TryPrepend(length, 100 + (uint)number, out Span<byte> record));
        Pattern.Fill(record, number);
        Assert.True(_producer.TryEndRewrite());
    }

    private void Take(ulong number)
    {
        Span<byte> room = stackalloc byte[4096];
        Assert.Equal(DeliveryLook.Record, _consumer.TryTakeInto(room, out int length, out _));
        Assert.Equal(number, Pattern.Number(room[..length]));
    }

    private void Observe(int expected)
    {
        Assert.True(_producer.TryObserve(out int taken));
        Assert.Equal(expected, taken);
    }
}
