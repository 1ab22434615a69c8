using Kbus.Linux;

namespace Kbus.Link.Tests;

/// <summary>"I wrote my word, now I look at yours", on both sides at once: at least one of the two must see the other's word.</summary>
[Collection(nameof(Alone))]
public sealed class FenceTests
{
    private const int Rounds = 100_000;

    [Fact]
    public Task A_take_is_observed_or_its_taker_sees_the_flag() => Seeded.Run(seed => Limited.Run(() =>
    {
        using var link = new LinkPair();
        var producer = new DeliveryProducer(link.Bus);
        var consumer = new DeliveryConsumer(link.Client);
        DeliveryToken token = default;
        int observed = 0;
        DeliveryFlags seen = default;
        void Prepare()
        {
            producer.SetFlags(DeliveryFlags.None);
            Assert.True(producer.TryAppend(0, 0, out _));
            producer.Publish();
            Assert.Equal(DeliveryLook.Record, consumer.TryPeek(out _, out token));
        }

        Prepare();
        new Race(seed).Run(
            Rounds,
            () =>
            {
                producer.SetFlags(DeliveryFlags.TellTakes);
                producer.TryObserve(out observed);
            },
            () =>
            {
                consumer.TryTake(token);
                seen = consumer.Flags;
            },
            () =>
            {
                Assert.True(observed == 1 || seen == DeliveryFlags.TellTakes, "a take was neither observed nor told");
                Assert.True(producer.TryObserve(out int later));
                Assert.Equal(1, observed + later);
                Prepare();
            });
    }));

    [Fact]
    public Task A_delivery_is_seen_by_the_client_or_rung_for() => Seeded.Run(seed => Limited.Run(() =>
    {
        using var link = new LinkPair();
        var producer = new DeliveryProducer(link.Bus);
        var consumer = new DeliveryConsumer(link.Client);
        var bus = new BusDoorbell(link.Bus, link.BusSocket);
        var client = new ClientDoorbell(link.Client, link.ClientSocket);
        bool rang = false;
        DeliveryLook look = default;
        new Race(seed).Run(
            Rounds,
            () =>
            {
                producer.TryAppend(0, 0, out _);
                producer.Publish();
                rang = bus.RingIfWanted(LinkNews.Delivery);
            },
            () =>
            {
                client.Arm(LinkNews.Delivery);
                look = consumer.TryPeek(out _, out _);
            },
            () =>
            {
                Assert.True(rang || look == DeliveryLook.Record, "a delivery was neither seen nor rung for");
                Assert.Equal(DeliveryLook.Record, consumer.TryTakeInto(Span<byte>.Empty, out _, out _));
                client.Disarm();
                Assert.True(client.Drain());
            });
    }));

    [Fact]
    public Task A_command_is_seen_by_the_bus_or_rung_for() => Seeded.Run(seed => Limited.Run(() =>
    {
        using var link = new LinkPair();
        var producer = new CommandProducer(link.Client);
        var consumer = new CommandConsumer(link.Bus);
        var bell = new CommandBell(link.Client, link.Bell);
        bool rang = false;
        bool seen = false;
        new Race(seed).Run(
            Rounds,
            () =>
            {
                producer.TryBegin(0, out _);
                producer.Commit(1, 0, 1);
                rang = bell.RingIfWanted();
            },
            () =>
            {
                consumer.AskForBell();
                Fence.Full();
                seen = consumer.HasCommands;
            },
            () =>
            {
                Assert.True(rang || seen, "a command was neither seen nor rung for");
                consumer.ForgoBell();
                Assert.Equal(CommandLook.Command, consumer.TryRead(out _, out _));
                consumer.Advance();
            });
    }));

    [Fact]
    public Task A_result_is_seen_by_the_sleeper_or_it_is_woken() => Seeded.Run(seed => Limited.Run(() =>
    {
        using var link = new LinkPair();
        var writer = new CompletionWriter(link.Bus);
        var reader = new CompletionReader(link.Client, link.ClientSocket);
        ulong sequence = 1;
        bool woken = false;
        bool seen = false;
        new Race(seed).Run(
            Rounds,
            () =>
            {
                writer.Publish(CompletionSlot.Of(sequence, default));
                woken = writer.Wake();
            },
            () =>
            {
                // What a wait does before it sleeps.
                Volatile.Write(ref link.Client.Header.CompletionSleeper, 1);
                Fence.Full();
                seen = reader.TryGet(sequence, out _);
            },
            () =>
            {
                Assert.True(woken || seen, "a result was neither seen nor announced");
                link.Client.Header.CompletionSleeper = 0;
                sequence++;
            });
    }));

    [Fact]
    public Task A_result_that_comes_while_its_waiter_falls_asleep_wakes_it() => Seeded.Run(seed => Limited.Run(() =>
    {
        using var link = new LinkPair();
        var writer = new CompletionWriter(link.Bus);
        var reader = new CompletionReader(link.Client, link.ClientSocket) { SpinNanoseconds = 0, SliceNanoseconds = 3_600_000_000_000 };
        ulong sequence = 1;
        new Race(seed).Run(
            Rounds,
            () => writer.Complete(sequence, default),
            () => Assert.Equal(WaitOutcome.Happened, reader.Wait(sequence, Deadline.Never, out _)),
            () => sequence++);
    }));
}
