using Kbus.Core;

namespace Kbus.Link.Tests;

/// <summary>What the bus is told of the records that its client took.</summary>
public sealed class DeliveryTakesTests
{
    [Fact]
    public void What_was_taken_is_noted_in_its_order_through_every_change_of_the_ring()
    {
        using var link = new LinkPair();
        List<Take> takes = [];
        var producer = new DeliveryProducer(link.Bus, takes: takes);
        var consumer = new DeliveryConsumer(link.Client);
        byte[] room = new byte[64];
        void Append(uint number) => Assert.True(producer.TryAppend(24, 0, out _, new Take(number, IsHeld: number % 2 == 0)));
        void TakeOne() => Assert.Equal(DeliveryLook.Record, consumer.TryTakeInto(room, out _, out _));

        for (uint i = 1; i <= 20; i++)
        {
            Append(i);
        }

        producer.Publish();
        TakeOne();
        TakeOne();
        Assert.True(producer.TryBeginRewrite());
        Assert.Equal([new Take(1), new Take(2, IsHeld: true)], takes);
        Assert.True(producer.TryPrepend(24, 0, out _, new Take(21)));
        _ = producer.DropLast();
        Assert.Equal((21u, 19u), (producer[0].Take.Number, producer[producer.Count - 1].Take.Number));
        Assert.True(producer.TryEndRewrite());
        TakeOne();
        TakeOne();
        Assert.True(producer.TryBeginRewrite());
        producer.Clear();
        Append(30);
        Assert.True(producer.TryEndRewrite());
        TakeOne();
        Assert.True(producer.TryObserve(out int taken));
        Assert.Equal(takes.Count, taken);
        Assert.Equal([1u, 2u, 21u, 3u, 30u], takes.Select(t => t.Number));
    }
}
