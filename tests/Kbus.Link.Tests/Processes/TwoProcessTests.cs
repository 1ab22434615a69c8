using Kbus.Linux;

namespace Kbus.Link.Tests;

/// <summary>The link as it is meant: between two processes, of which either may be killed at any moment.</summary>
[Collection(nameof(Alone))]
public sealed class TwoProcessTests
{
    private static readonly LinkLayout Small = LinkLayout.TryCreate(128, 4096, 4096)!;

    [Fact]
    public Task Commands_results_and_deliveries_cross_between_processes_in_order() => Limited.Run(() =>
    {
        using var folder = new RuntimeFolder();
        Check.Ok(UnixSocket.Listen(folder.File("bus"), 1, 0x1B6, out Descriptor? listening));
        using Descriptor listener = listening!;
        using ChildProcess child = ChildProcess.Start(ChildRoles.Sender, folder.File("bus"));
        using OpenedLink link = OpenedLink.AsBus(listener, Small);
        Assert.Equal(child.Id, link.PeerProcessId);
        Serve(link);
        child.ExpectSuccess();
        Assert.True(PeerSocket.HasHungUp(link.Socket.Number));
    });

    [Fact]
    public Task What_a_killed_process_has_taken_is_known_exactly() => Seeded.Run(seed => Limited.Run(() =>
    {
        var random = new Random(seed);
        for (int round = 0; round < 5; round++)
        {
            using var folder = new RuntimeFolder();
            Check.Ok(UnixSocket.Listen(folder.File("bus"), 1, 0x1B6, out Descriptor? listening));
            using Descriptor listener = listening!;
            using ChildProcess child = ChildProcess.Start(ChildRoles.Taker, folder.File("bus"));
            using OpenedLink link = OpenedLink.AsBus(listener, Small);
            DeliverUntil(link, random.Next(1, 60_000), child, random);
        }
    }));

    [Fact]
    public Task What_a_killed_bus_has_delivered_can_still_be_read_whole_and_in_order() => Seeded.Run(seed => Limited.Run(() =>
    {
        var random = new Random(seed);
        for (int round = 0; round < 5; round++)
        {
            using var folder = new RuntimeFolder();
            string path = folder.File("bus");
            using ChildProcess child = ChildProcess.Start(ChildRoles.Bus, path);
            Backoff waiting = default;
            while (!File.Exists(path))
            {
                waiting.Once();
            }

            using OpenedLink link = Connect(path);
            int takes = random.Next(1, 60_000);
            ReadAcrossDeath(link, child, takes);
        }
    }));

    private static OpenedLink Connect(string path)
    {
        // The path is there a moment before the bus listens.
        Backoff waiting = default;
        while (true)
        {
            int result = UnixSocket.Connect(path, Deadline.After(TimeSpan.FromSeconds(180)), out Descriptor? socket);
            if (result != -(int)Errno.ECONNREFUSED)
            {
                Check.Ok(result);
                return OpenedLink.AsClient(socket!);
            }

            waiting.Once();
        }
    }

    private static void Serve(OpenedLink link)
    {
        using var epoll = new Descriptor(Check.Ok(LibC.CreateEpoll()));
        using var events = new EpollEvents(4);
        Check.Ok(LibC.EpollAdd(epoll.Number, link.Bell.Number, LibC.EpollIn | LibC.EpollEdgeTriggered, 1));
        link.Bell.Dispose();
        var commands = new CommandConsumer(link.Memory);
        var deliveries = new DeliveryProducer(link.Memory);
        var results = new CompletionWriter(link.Memory);
        ulong hash = 0;
        while (true)
        {
            CommandLook look = commands.TryRead(out CommandRecord header, out ReadOnlySpan<byte> body);
            Assert.NotEqual(CommandLook.Malformed, look);
            if (look == CommandLook.Empty)
            {
                commands.AskForBell();
                Fence.Full();
                if (!commands.HasCommands)
                {
                    Assert.True(LibC.EpollWait(epoll.Number, events, 60_000_000_000) is 1 or LibC.Interrupted, "the bell was lost");
                }

                commands.ForgoBell();
                continue;
            }

            if (header.Opcode == ChildRoles.LastOpcode)
            {
                Assert.Equal(hash, BitConverter.ToUInt64(body));
                commands.Advance();
                results.Complete(header.Sequence, default);
                return;
            }

            Assert.Equal(header.Sequence, Pattern.Number(body));
            hash = Pattern.Chain(hash, header.Sequence);
            Assert.True(deliveries.TryAppend(body.Length, 0, out Span<byte> record));
            body.CopyTo(record);
            deliveries.Publish();
            commands.Advance();
            results.Complete(header.Sequence, new Completion(0, header.Sequence));
        }
    }

    private static void DeliverUntil(OpenedLink link, int takes, ChildProcess child, Random random)
    {
        var deliveries = new DeliveryProducer(link.Memory);
        var doorbell = new BusDoorbell(link.Memory, link.Socket);
        ulong number = 0;
        ulong observed = 0;
        bool killed = false;
        while (!killed || !PeerSocket.HasHungUp(link.Socket.Number))
        {
            int length = Pattern.Length(++number, 200);
            if (random.Next(3) == 0)
            {
                Assert.True(deliveries.TryBeginRewrite(), deliveries.Fault.ToString());
                if (deliveries.TryPrepend(length, 0, out Span<byte> urgent))
                {
                    Pattern.Fill(urgent, number);
                }

                Assert.True(deliveries.TryEndRewrite());
            }
            else if (deliveries.TryAppend(length, 0, out Span<byte> record))
            {
                Pattern.Fill(record, number);
                deliveries.Publish();
            }

            doorbell.RingIfWanted(LinkNews.Delivery);
            observed += Observe(deliveries);
            if (!killed && observed >= (ulong)takes)
            {
                child.Kill();
                killed = true;
            }
        }

        // The process may have been killed between a take and its note of it, and nowhere else.
        observed += Observe(deliveries);
        Assert.InRange(observed, link.Noted, link.Noted + 1);
        Assert.True(deliveries.TryBeginRewrite());
        Assert.True(deliveries.TryEndRewrite());
    }

    private static ulong Observe(DeliveryProducer deliveries)
    {
        Assert.True(deliveries.TryObserve(out int taken), deliveries.Fault.ToString());
        return (ulong)taken;
    }

    private static void ReadAcrossDeath(OpenedLink link, ChildProcess child, int takes)
    {
        var deliveries = new DeliveryConsumer(link.Memory);
        var doorbell = new ClientDoorbell(link.Memory, link.Socket);
        var results = new CompletionReader(link.Memory, link.Socket);
        byte[] room = new byte[4096];
        ulong number = 0;
        bool died = false;
        while (true)
        {
            DeliveryLook look = deliveries.TryTakeInto(room, out int length, out _);
            if (look == DeliveryLook.Record)
            {
                Assert.Equal(++number, Pattern.Number(room.AsSpan(0, length)));
                if (number == (ulong)takes)
                {
                    child.Kill();
                }

                continue;
            }

            Assert.True(look is DeliveryLook.Empty or DeliveryLook.Busy, $"{look} {deliveries.Fault}");
            if (died)
            {
                break;
            }

            if (doorbell.IsBusGone)
            {
                // Only now is it certain that nothing more will come: look once more, and do not wait for a rewrite to end.
                died = true;
                deliveries.EndRewriteOfDeadBus();
                continue;
            }

            Assert.True(doorbell.Drain() || doorbell.IsBusGone);
            doorbell.Arm(LinkNews.Delivery);
            if (deliveries.TryPeek(out _, out _) == DeliveryLook.Empty)
            {
                doorbell.Wait(Deadline.Never);
            }
        }

        Assert.True(number >= (ulong)takes);
        Assert.Equal(WaitOutcome.BusDied, results.Wait(1, Deadline.Never, out _));
    }
}
