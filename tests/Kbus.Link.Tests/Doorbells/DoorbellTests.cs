using Kbus.Linux;

namespace Kbus.Link.Tests;

[Collection(nameof(Alone))]
public sealed class DoorbellTests
{
    [Fact]
    public void The_bus_rings_once_for_what_the_client_wants()
    {
        using var link = new LinkPair();
        var bus = new BusDoorbell(link.Bus, link.BusSocket);
        var client = new ClientDoorbell(link.Client, link.ClientSocket);
        Assert.False(bus.RingIfWanted(LinkNews.All));
        client.Arm(LinkNews.Delivery);
        Assert.False(bus.RingIfWanted(LinkNews.Completion));
        Assert.Equal(WaitOutcome.TimedOut, client.Wait(Deadline.Passed));
        Assert.True(bus.RingIfWanted(LinkNews.Delivery));
        Assert.False(bus.RingIfWanted(LinkNews.Delivery));
        Assert.Equal(WaitOutcome.Happened, client.Wait(Deadline.Never));
        Assert.True(client.Drain());
        Assert.Equal(WaitOutcome.TimedOut, client.Wait(Deadline.Passed));
    }

    [Fact]
    public void Wishes_add_up_and_can_be_taken_back()
    {
        using var link = new LinkPair();
        var bus = new BusDoorbell(link.Bus, link.BusSocket);
        var client = new ClientDoorbell(link.Client, link.ClientSocket);
        client.Arm(LinkNews.Delivery);
        client.Arm(LinkNews.Failure);
        client.Disarm();
        Assert.False(bus.RingIfWanted(LinkNews.All));
        client.Arm(LinkNews.Delivery);
        client.Arm(LinkNews.Failure);
        Assert.True(bus.RingIfWanted(LinkNews.Failure));
        Assert.False(bus.RingIfWanted(LinkNews.Delivery));
    }

    [Fact]
    public void Many_rings_are_drained_at_once_and_a_full_socket_does_not_block_the_bus()
    {
        using var link = new LinkPair();
        var bus = new BusDoorbell(link.Bus, link.BusSocket);
        var client = new ClientDoorbell(link.Client, link.ClientSocket);
        for (int i = 0; i < 100_000; i++)
        {
            link.Client.Header.ClientWants = uint.MaxValue;
            Assert.True(bus.RingIfWanted(LinkNews.Delivery));
        }

        Assert.True(client.Drain());
        Assert.Equal(WaitOutcome.TimedOut, client.Wait(Deadline.Passed));
    }

    [Fact]
    public void A_client_whose_bus_has_gone_notices_however_it_looks()
    {
        using var link = new LinkPair();
        var client = new ClientDoorbell(link.Client, link.ClientSocket);
        Assert.False(client.IsBusGone);
        link.BusSocket.Dispose();
        Assert.True(client.IsBusGone);
        Assert.Equal(WaitOutcome.BusDied, client.Wait(Deadline.Never));
        Assert.False(client.Drain());
    }

    [Fact]
    public void A_bus_whose_client_has_gone_can_ring_without_harm()
    {
        using var link = new LinkPair();
        var bus = new BusDoorbell(link.Bus, link.BusSocket);
        link.Client.Header.ClientWants = 1;
        link.ClientSocket.Dispose();
        Assert.True(bus.RingIfWanted(LinkNews.Delivery));
    }

    [Fact]
    public void The_client_rings_only_a_bus_that_wants_the_bell()
    {
        using var link = new LinkPair();
        var consumer = new CommandConsumer(link.Bus);
        var bell = new CommandBell(link.Client, link.Bell);
        Assert.False(bell.RingIfWanted());
        consumer.AskForBell();
        Assert.True(bell.RingIfWanted());
        Assert.False(bell.RingIfWanted());
        consumer.AskForBell();
        consumer.ForgoBell();
        Assert.False(bell.RingIfWanted());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(40)]
    [InlineData(400)]
    public Task Two_sides_that_sleep_whenever_they_can_always_wake_each_other(int spins) => Seeded.Run(seed => Limited.Run(() =>
    {
        const int Rounds = 15_000;
        using var link = new LinkPair();
        Limited.Run(() => AnswerCommands(link, Rounds, seed, spins), () => SendAndReceive(link, Rounds, seed, spins)).GetAwaiter().GetResult();
    }));

    /// <summary>The client: one command, and its answer as a delivery; sleeps on its doorbell.</summary>
    private static void SendAndReceive(LinkPair link, int rounds, int seed, int spins)
    {
        var commands = new CommandProducer(link.Client);
        var bell = new CommandBell(link.Client, link.Bell);
        var deliveries = new DeliveryConsumer(link.Client);
        var doorbell = new ClientDoorbell(link.Client, link.ClientSocket);
        var random = new Random(seed);
        byte[] room = new byte[64];
        for (ulong round = 1; round <= (ulong)rounds; round++)
        {
            CommandRingTests.Send(commands, round, 8);
            bell.RingIfWanted();
            Thread.SpinWait(random.Next(spins + 1));
            int length;
            while (deliveries.TryTakeInto(room, out length, out _) != DeliveryLook.Record)
            {
                Assert.True(doorbell.Drain());
                doorbell.Arm(LinkNews.Delivery);
                if (deliveries.TryPeek(out _, out _) == DeliveryLook.Empty)
                {
                    Assert.Equal(WaitOutcome.Happened, doorbell.Wait(Deadline.Never));
                }
            }

            Assert.Equal(round, Pattern.Number(room.AsSpan(0, length)));
        }
    }

    /// <summary>The bus: answers each command by a delivery; sleeps on its epoll set.</summary>
    private static void AnswerCommands(LinkPair link, int rounds, int seed, int spins)
    {
        using var epoll = new Descriptor(Check.Ok(LibC.CreateEpoll()));
        using var events = new EpollEvents(4);
        Check.Ok(LibC.EpollAdd(epoll.Number, link.Bell.Number, LibC.EpollIn | LibC.EpollEdgeTriggered, 1));
        var commands = new CommandConsumer(link.Bus);
        var deliveries = new DeliveryProducer(link.Bus);
        var doorbell = new BusDoorbell(link.Bus, link.BusSocket);
        var random = new Random(seed + 1);
        for (ulong round = 1; round <= (ulong)rounds;)
        {
            CommandLook look = commands.TryRead(out CommandRecord header, out _);
            if (look == CommandLook.Command)
            {
                commands.Advance();
                Thread.SpinWait(random.Next(spins + 1));
                Assert.True(deliveries.TryAppend(8, 0, out Span<byte> record));
                Pattern.Fill(record, header.Sequence);
                deliveries.Publish();
                doorbell.RingIfWanted(LinkNews.Delivery);
                round++;
                continue;
            }

            Assert.Equal(CommandLook.Empty, look);
            commands.AskForBell();
            Fence.Full();
            if (!commands.HasCommands)
            {
                Assert.True(LibC.EpollWait(epoll.Number, events, LibC.Forever) is 1 or LibC.Interrupted);
            }

            commands.ForgoBell();
        }
    }
}
