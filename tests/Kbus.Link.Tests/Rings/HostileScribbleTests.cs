namespace Kbus.Link.Tests;

/// <summary>One side works while the other writes random values over everything that it can reach.</summary>
/// <remarks>An access outside the mapping would end the whole test process; an exception fails the test.</remarks>
[Collection(nameof(Alone))]
public sealed unsafe class HostileScribbleTests
{
    private const int Rounds = 4000;
    private const int StepsARound = 60;

    [Fact]
    public Task A_client_that_scribbles_over_everything_harms_only_its_own_link() => Seeded.Run(seed => Limited.Run(() =>
    {
        using var link = new LinkPair(slots: 16);
        bool done = false;
        int faults = 0;
        void Bus()
        {
            var random = new Random(seed);
            byte[] copy = new byte[4096];
            try
            {
                // Until there were enough faults as well: fewer would mean that the other thread did not get to scribble.
                for (int round = 0; round < Rounds || faults < Rounds / 10; round++)
                {
                    link.Bus.Header.DeliveryHeadWord() = 0;
                    var commands = new CommandConsumer(link.Bus);
                    var deliveries = new DeliveryProducer(link.Bus);
                    var completions = new CompletionWriter(link.Bus);
                    var doorbell = new BusDoorbell(link.Bus, link.BusSocket);
                    for (int step = 0; step < StepsARound; step++)
                    {
                        BusStep(random, commands, deliveries, completions, doorbell, copy);
                    }

                    faults += (commands.Fault != LinkFault.None ? 1 : 0) + (deliveries.Fault != LinkFault.None ? 1 : 0);
                }
            }
            finally
            {
                Volatile.Write(ref done, true);
            }
        }

        Limited.Run(Bus, () => Scribble(link.Client, seed, ref done)).GetAwaiter().GetResult();
    }));

    [Fact]
    public Task A_bus_that_scribbles_over_everything_does_not_bring_its_client_down() => Seeded.Run(seed => Limited.Run(() =>
    {
        using var link = new LinkPair(slots: 16);
        bool done = false;
        void Client()
        {
            var random = new Random(seed);
            byte[] copy = new byte[4096];
            try
            {
                for (int round = 0; round < Rounds; round++)
                {
                    var commands = new CommandProducer(link.Client);
                    var deliveries = new DeliveryConsumer(link.Client);
                    var completions = new CompletionReader(link.Client, link.ClientSocket);
                    var bell = new CommandBell(link.Client, link.Bell);
                    for (int step = 0; step < StepsARound / 4; step++)
                    {
                        if (commands.TryBegin(random.Next(4080), out Span<byte> body))
                        {
                            body.Fill(1);
                            commands.Commit(1, 1, 1);
                            bell.RingIfWanted();
                        }

                        _ = deliveries.TryPeek(out ReadOnlySpan<byte> record, out DeliveryToken token);
                        record.CopyTo(copy);
                        _ = deliveries.TryTake(token);
                        _ = deliveries.Flags;
                        _ = completions.TryGet((ulong)random.NextInt64(), out _);
                    }
                }
            }
            finally
            {
                Volatile.Write(ref done, true);
            }
        }

        Limited.Run(Client, () => Scribble(link.Bus, seed, ref done)).GetAwaiter().GetResult();
    }));

    private static void BusStep(
        Random random,
        CommandConsumer commands,
        DeliveryProducer deliveries,
        CompletionWriter completions,
        BusDoorbell doorbell,
        byte[] copy)
    {
        switch (random.Next(6))
        {
            case 0 or 1:
                CommandLook look = commands.TryRead(out CommandRecord header, out ReadOnlySpan<byte> body);
                if (look == CommandLook.Command)
                {
                    body.CopyTo(copy);
                    commands.Advance();
                    completions.Complete(header.Sequence, default);
                }

                break;
            case 2:
                if (deliveries.TryAppend(random.Next(600), 1, out Span<byte> record))
                {
                    record.Fill(2);
                    deliveries.Publish();
                    doorbell.RingIfWanted(LinkNews.Delivery);
                }

                break;
            case 3:
                _ = deliveries.TryObserve(out _);
                break;
            case 4:
                if (deliveries.TryBeginRewrite())
                {
                    if (deliveries.TryPrepend(random.Next(100), 1, out record))
                    {
                        record.Fill(3);
                    }

                    _ = deliveries.TryEndRewrite();
                }

                break;
            default:
                if (deliveries.TryBeginRewrite())
                {
                    deliveries.Clear();
                    _ = deliveries.TryAppend(random.Next(1000), 1, out _);
                    _ = deliveries.TryEndRewrite();
                }

                break;
        }
    }

    private static void Scribble(SharedMemory memory, int seed, ref bool done)
    {
        var random = new Random(~seed);
        byte* start = memory.Completions - LinkLayout.HeaderSize;
        int length = memory.Layout.FileSize;
        fixed (ulong* commandTail = &memory.Header.CommandTail, head = &memory.Header.DeliveryHeadWord())
        {
            while (!Volatile.Read(ref done))
            {
                switch (random.Next(6))
                {
                    case 0:
                        *(ulong*)(start + (random.Next(length / 8) * 8)) = (ulong)random.NextInt64();
                        break;
                    case 1:
                        *(uint*)(start + (random.Next(32) * 64)) = (uint)random.Next(64);
                        break;
                    case 2:
                        Volatile.Write(ref *commandTail, (ulong)random.Next(600) * 8);
                        break;
                    case 3:
                        Volatile.Write(ref *head, Volatile.Read(ref *head) + (ulong)random.Next(200));
                        break;
                    case 4:
                        new Span<byte>(memory.Commands + (random.Next(512) * 8), 16).Fill((byte)random.Next(32));
                        break;
                    default:
                        Thread.SpinWait(random.Next(100));
                        break;
                }
            }
        }
    }
}
