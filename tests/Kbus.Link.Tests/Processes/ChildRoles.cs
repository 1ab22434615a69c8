using Kbus.Linux;

namespace Kbus.Link.Tests;

/// <summary>What a second process does. One thread; it ends when the first process hangs up.</summary>
internal static class ChildRoles
{
    public const string Sender = "sender";
    public const string Taker = "taker";
    public const string Bus = "bus";

    /// <summary>The commands that a sender sends, and the opcode of the last, whose body is the hash of all answers.</summary>
    public const int Commands = 20_000;
    public const ushort LastOpcode = 99;

    public static void Play(string role, string path)
    {
        switch (role)
        {
            case Sender:
                Send(path);
                break;
            case Taker:
                Take(path);
                break;
            case Bus:
                BeBus(path);
                break;
            default:
                throw new ArgumentException($"No such role: {role}", nameof(role));
        }
    }

    /// <summary>Sends commands and waits for the result and the delivery that answer each.</summary>
    private static void Send(string path)
    {
        using OpenedLink link = OpenedLink.AsClient(path);
        var commands = new CommandProducer(link.Memory);
        var bell = new CommandBell(link.Memory, link.Bell);
        var results = new CompletionReader(link.Memory, link.Socket);
        var deliveries = new DeliveryConsumer(link.Memory);
        byte[] room = new byte[4096];
        ulong hash = 0;
        for (ulong number = 1; number <= Commands; number++)
        {
            CommandRingTests.Send(commands, number, Pattern.Length(number, 300));
            bell.RingIfWanted();
            Assert.Equal(WaitOutcome.Happened, results.Wait(number, Deadline.Never, out Completion completion));
            Assert.Equal(number, completion.Result);

            // The bus rings its recipients before it answers the sender, so the delivery is there.
            Assert.Equal(DeliveryLook.Record, deliveries.TryTakeInto(room, out int length, out _));
            hash = Pattern.Chain(hash, Pattern.Number(room.AsSpan(0, length)));
        }

        Assert.True(commands.TryBegin(sizeof(ulong), out Span<byte> body));
        BitConverter.TryWriteBytes(body, hash);
        commands.Commit(LastOpcode, 0, Commands + 1);
        bell.RingIfWanted();
        Assert.Equal(WaitOutcome.Happened, results.Wait(Commands + 1, Deadline.Never, out _));
    }

    /// <summary>Takes whatever comes and notes how much; sleeps when nothing comes.</summary>
    private static void Take(string path)
    {
        using OpenedLink link = OpenedLink.AsClient(path);
        var deliveries = new DeliveryConsumer(link.Memory);
        var doorbell = new ClientDoorbell(link.Memory, link.Socket);
        byte[] room = new byte[4096];
        while (doorbell.Drain())
        {
            doorbell.Arm(LinkNews.Delivery);
            while (deliveries.TryTakeInto(room, out int length, out _) == DeliveryLook.Record)
            {
                _ = Pattern.Number(room.AsSpan(0, length));
                Volatile.Write(ref link.Noted, link.Noted + 1);
            }

            doorbell.Wait(Deadline.Never);
        }
    }

    /// <summary>Delivers consecutive numbers and rewrites the ring all the time, into what it was.</summary>
    private static void BeBus(string path)
    {
        Check.Ok(UnixSocket.Listen(path, 1, 0x1B6, out Descriptor? listener));
        using OpenedLink link = OpenedLink.AsBus(listener!, LinkLayout.TryCreate(128, 4096, 4096)!);
        var deliveries = new DeliveryProducer(link.Memory);
        var doorbell = new BusDoorbell(link.Memory, link.Socket);
        ulong first = 1;
        while (!PeerSocket.HasHungUp(link.Socket.Number))
        {
            for (int i = 0; i < 100; i++)
            {
                Assert.True(deliveries.TryBeginRewrite(), deliveries.Fault.ToString());
                deliveries.TryObserve(out int taken);
                first += (ulong)taken;
                deliveries.Clear();
                Fill(deliveries, first);
                Assert.True(deliveries.TryEndRewrite());
                Fill(deliveries, first + (ulong)deliveries.Count);
                doorbell.RingIfWanted(LinkNews.Delivery);
            }
        }
    }

    private static void Fill(DeliveryProducer deliveries, ulong number)
    {
        while (deliveries.TryAppend(Pattern.Length(number, 200), (uint)number, out Span<byte> record))
        {
            Pattern.Fill(record, number++);
        }

        deliveries.Publish();
    }
}
