namespace Kbus.Link.Tests;

public sealed unsafe class DeliveryHostileTests : IDisposable
{
    private readonly LinkPair _link = new();
    private readonly DeliveryProducer _producer;

    public DeliveryHostileTests()
    {
        _producer = new DeliveryProducer(_link.Bus);
        for (int i = 0; i < 3; i++)
        {
            Assert.True(_producer.TryAppend(24, 0, out Span<byte> record));
            record.Clear();
        }

        _producer.Publish();
        Assert.True(_producer.TryAppend(24, 0, out _));
    }

    public void Dispose() => _link.Dispose();

    [Fact]
    public void Taking_more_than_was_published_is_a_fault() => Expect(LinkFault.DeliveryHeadImpossible, Word.At(16));

    [Fact]
    public void Going_back_is_a_fault() => Expect(LinkFault.DeliveryHeadImpossible, Word.At(DeliveryHead.PositionMask));

    [Fact]
    public void Taking_a_part_of_a_record_is_a_fault() => Expect(LinkFault.DeliveryHeadInsideRecord, Word.At(5));

    [Fact]
    public void Changing_the_head_without_taking_is_a_fault() => Expect(LinkFault.DeliveryHeadForged, Word.At(0));

    [Fact]
    public void Setting_the_busy_bit_is_a_fault() => Expect(LinkFault.DeliveryHeadForged, Word.At(4).Busy());

    [Fact]
    public void Choosing_another_tail_is_a_fault() => Expect(LinkFault.DeliveryHeadForged, Word.Free(4, 1));

    [Fact]
    public void Taking_several_at_once_is_none()
    {
        _link.Client.Header.DeliveryHeadWord() = Word.At(12).Word;
        Assert.True(_producer.TryObserve(out int taken));
        Assert.Equal(3, taken);
    }

    [Fact]
    public void A_fault_shows_in_every_operation_that_looks()
    {
        _link.Client.Header.DeliveryHeadWord() = Word.At(5).Word;
        Assert.False(_producer.TryBeginRewrite());
        Assert.False(_producer.TryObserve(out _));
        Assert.False(_producer.TryAppend(_producer.MaxLength, 0, out _));
        Assert.Equal(LinkFault.DeliveryHeadInsideRecord, _producer.Fault);
    }

    [Fact]
    public void Changing_the_head_while_the_bus_rewrites_is_a_fault()
    {
        Assert.True(_producer.TryBeginRewrite());
        _link.Client.Header.DeliveryHeadWord() = Word.At(4).Word;
        Assert.False(_producer.TryEndRewrite());
        Assert.Equal(LinkFault.DeliveryHeadStolen, _producer.Fault);
        Assert.False(_producer.TryObserve(out _));
    }

    [Theory]
    [InlineData(513ul * 8, 0u, LinkFault.DeliveryTailImpossible)]
    [InlineData(ulong.MaxValue - 7, 0u, LinkFault.DeliveryTailImpossible)]
    [InlineData(32ul, 25u, LinkFault.DeliveryTooLong)]
    [InlineData(32ul, uint.MaxValue, LinkFault.DeliveryTooLong)]
    [InlineData(32ul, uint.MaxValue - 7, LinkFault.DeliveryTooLong)]
    [InlineData(32ul, 0x80000000, LinkFault.DeliveryTooLong)]
    internal void Nonsense_of_the_bus_is_a_fault_for_the_client(ulong tail, uint length, LinkFault fault)
    {
        *(uint*)_link.Bus.Deliveries = length;
        _link.Bus.Header.DeliveryTail(0) = tail;
        var consumer = new DeliveryConsumer(_link.Client);
        Assert.Equal(DeliveryLook.Malformed, consumer.TryPeek(out _, out _));
        Assert.Equal(fault, consumer.Fault);
    }

    private DeliveryHead Word => new(_link.Client.Header.DeliveryHeadWord());

    private void Expect(LinkFault fault, DeliveryHead written)
    {
        _link.Client.Header.DeliveryHeadWord() = written.Word;
        Assert.False(_producer.TryObserve(out _));
        Assert.Equal(fault, _producer.Fault);
    }
}
