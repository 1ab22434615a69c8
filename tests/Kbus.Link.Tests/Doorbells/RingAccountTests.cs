using Kbus.Linux;

namespace Kbus.Link.Tests;

/// <summary>A client that keeps account knows at every moment whether a ring is in its socket.</summary>
[Collection(nameof(Alone))]
public sealed class RingAccountTests
{
    [Fact]
    public void A_wish_is_followed_by_one_ring_or_taken_back_without_any()
    {
        using var link = new LinkPair();
        var bus = new BusDoorbell(link.Bus, link.BusSocket);
        var client = new ClientDoorbell(link.Client, link.ClientSocket);
        client.BeginAccount();
        client.ArmCounted(LinkNews.Delivery);
        Assert.True(client.IsArmed(LinkNews.Delivery));
        Assert.Equal(0, client.RingsOwed);
        client.DisarmCounted(LinkNews.Delivery);
        Assert.False(bus.RingIfWanted(LinkNews.All));
        Assert.Equal(0, client.RingsOwed);
        client.ArmCounted(LinkNews.Delivery);
        Assert.True(bus.RingIfWanted(LinkNews.Delivery));
        client.DisarmCounted(LinkNews.Delivery);
        client.ArmCounted(LinkNews.Delivery);
        Assert.Equal(1, client.RingsOwed);
        client.NoteHeard(Received(link));
        Assert.Equal(0, client.RingsOwed);
        Assert.True(client.IsArmed(LinkNews.Delivery));
    }

    [Fact]
    public void Only_what_is_no_longer_wanted_is_taken_back()
    {
        using var link = new LinkPair();
        var bus = new BusDoorbell(link.Bus, link.BusSocket);
        var client = new ClientDoorbell(link.Client, link.ClientSocket);
        client.ArmCounted(LinkNews.Delivery | LinkNews.Failure);
        client.DisarmCounted(LinkNews.Delivery);
        Assert.False(bus.RingIfWanted(LinkNews.Delivery));
        Assert.True(bus.RingIfWanted(LinkNews.Failure));
        Assert.Equal(1, client.RingsOwed);
    }

    [Fact]
    public void Who_has_taken_everything_is_not_rung_for_it()
    {
        using var link = new LinkPair();
        var bus = new BusDoorbell(link.Bus, link.BusSocket);
        var client = new ClientDoorbell(link.Client, link.ClientSocket);
        var producer = new DeliveryProducer(link.Bus);
        var consumer = new DeliveryConsumer(link.Client);
        client.ArmCounted(LinkNews.Delivery);
        Deliver(producer, 1);
        Assert.Equal(1ul, Take(consumer));
        Assert.False(bus.RingIfWantedAfterFence(LinkNews.Delivery, producer));
        Deliver(producer, 2);
        Assert.True(bus.RingIfWantedAfterFence(LinkNews.Delivery, producer));
        Assert.Equal(1, client.RingsOwed);
    }

    [Fact]
    public void Who_keeps_no_account_is_rung_also_for_what_was_taken()
    {
        using var link = new LinkPair();
        var bus = new BusDoorbell(link.Bus, link.BusSocket);
        var client = new ClientDoorbell(link.Client, link.ClientSocket);
        var producer = new DeliveryProducer(link.Bus);
        client.Arm(LinkNews.Delivery);
        Deliver(producer, 1);
        Assert.Equal(1ul, Take(new DeliveryConsumer(link.Client)));
        Assert.True(bus.RingIfWantedAfterFence(LinkNews.Delivery, producer));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(300)]
    public Task A_client_that_takes_as_soon_as_it_can_always_knows_how_many_rings_there_are(int spins) => Seeded.Run(seed => Limited.Run(() =>
    {
        const int Deliveries = 60_000;
        using var link = new LinkPair();
        int rung = 0;
        Limited.Run(
            () => rung = DeliverAndRing(link, Deliveries, seed, spins),
            () => TakeAndCount(link, Deliveries, seed, spins)).GetAwaiter().GetResult();
        Assert.InRange(rung, 0, Deliveries);
    }));

    /// <summary>The bus: each delivery is followed by a ring, if it is wanted.</summary>
    private static int DeliverAndRing(LinkPair link, int count, int seed, int spins)
    {
        var producer = new DeliveryProducer(link.Bus);
        var bus = new BusDoorbell(link.Bus, link.BusSocket);
        var random = new Random(seed);
        int rung = 0;
        for (ulong number = 1; number <= (ulong)count; number++)
        {
            while (!TryDeliver(producer, number))
            {
                Thread.Yield();
            }

            Thread.SpinWait(random.Next(spins + 1));
            Fence.Full();
            rung += bus.RingIfWantedAfterFence(LinkNews.Delivery, producer) ? 1 : 0;
        }

        return rung;
    }

    /// <summary>The client: whenever it has taken everything it takes exactly the rings away that it is owed, and then sleeps for one.</summary>
    private static void TakeAndCount(LinkPair link, int count, int seed, int spins)
    {
        var consumer = new DeliveryConsumer(link.Client);
        var client = new ClientDoorbell(link.Client, link.ClientSocket);
        var random = new Random(seed + 1);
        client.BeginAccount();
        for (ulong number = 1; number <= (ulong)count;)
        {
            if (consumer.HasRecord)
            {
                Assert.Equal(number++, Take(consumer));
                Thread.SpinWait(random.Next(spins + 1));
                continue;
            }

            client.ArmCounted(LinkNews.Delivery);
            while (client.RingsOwed > 0)
            {
                // Promised, and there as soon as the bus comes to it.
                Assert.Equal(WaitOutcome.Happened, client.Wait(Deadline.Never));
                client.NoteHeard(Received(link));
            }

            Assert.InRange(client.RingsOwed, 0, 1);
            client.ArmCounted(LinkNews.Delivery);
            if (!consumer.HasRecord)
            {
                Assert.Equal(WaitOutcome.Happened, client.Wait(Deadline.Never));
                Assert.Equal(1, client.RingsOwed);
            }
        }
    }

    private static int Received(LinkPair link) => LibC.Receive(link.ClientSocket.Number, stackalloc byte[1], LibC.MessageDontWait);

    private static void Deliver(DeliveryProducer producer, ulong number) => Assert.True(TryDeliver(producer, number));

    private static bool TryDeliver(DeliveryProducer producer, ulong number)
    {
        if (!producer.TryAppend(8, 0, out Span<byte> record))
        {
            return false;
        }

        Pattern.Fill(record, number);
        producer.Publish();
        return true;
    }

    private static ulong Take(DeliveryConsumer consumer)
    {
        Span<byte> room = stackalloc byte[64];
        Assert.Equal(DeliveryLook.Record, consumer.TryTakeInto(room, out int length, out _));
        return Pattern.Number(room[..length]);
    }
}
