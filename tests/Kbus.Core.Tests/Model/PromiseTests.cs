using System.Text;

namespace Kbus.Core.Tests;

/// <summary>The promises of the specification, on random runs of the bus itself: no model, only what is promised.</summary>
public sealed class PromiseTests
{
    private static readonly int Runs = int.Parse(Environment.GetEnvironmentVariable("KBUS_TEST_RUNS") ?? "1000", null) / 2;
    private static readonly string[] Names = ["$.A", "$.A.B", "$.B"];
    private static readonly string[] Patterns = ["$.A", "$.A.B", "$.B", "$.A.*", "$.A.%", "$.*"];

    /// <summary>P1.</summary>
    [Fact]
    public void All_recipients_agree_on_one_order() => Repeat(random =>
    {
        var bus = new Bus(new BusOptions { DefaultMaxMessages = (uint)random.Next(1, 20) });
        KsockState[] ksocks = Open(bus, 5);
        Dictionary<KsockState, List<MessageId>> seen = ksocks.ToDictionary(k => k, _ => new List<MessageId>());
        for (int i = 0; i < 200; i++)
        {
            KsockState who = ksocks[random.Next(ksocks.Length)];
            switch (random.Next(8))
            {
                case 0: bus.Bind(who, Some(random, Patterns), random.Next(2) == 0); break;
                case 1: bus.Poll(who); break;
                case < 5: bus.Send(who, Compose(bus, Some(random, Names), RandomFlags(random)), out _); break;
                default: Read(bus, who, seen[who]); break;
            }
        }

        foreach (KsockState ksock in ksocks)
        {
            while (Read(bus, ksock, seen[ksock]))
            {
            }
        }

        foreach (KsockState one in ksocks)
        {
            foreach (KsockState other in ksocks)
            {
                List<MessageId> first = [.. seen[one].Where(seen[other].Contains).Distinct()];
                List<MessageId> second = [.. seen[other].Where(seen[one].Contains).Distinct()];
                Assert.Equal(first, second);
            }
        }
    });

    /// <summary>P2.</summary>
    [Fact]
    public void Every_request_gets_exactly_one_answer() => Repeat(random =>
    {
        var bus = new Bus(new BusOptions { DefaultMaxMessages = (uint)random.Next(1, 10) });
        List<KsockState> repliers = [.. Open(bus, 4)];
        KsockState[] senders = Open(bus, 3);
        Dictionary<KsockState, List<MessageId>> answered = senders.ToDictionary(k => k, _ => new List<MessageId>());
        Dictionary<KsockState, List<MessageId>> sent = senders.ToDictionary(k => k, _ => new List<MessageId>());
        List<(KsockState Replier, MessageHeader Request)> read = [];
        for (int i = 0; i < 300; i++)
        {
            KsockState sender = senders[random.Next(senders.Length)];
            KsockState replier = repliers[random.Next(repliers.Count)];
            switch (random.Next(16))
            {
                case < 2: bus.Bind(replier, Some(random, Patterns), isReplier: true); break;
                case 2: bus.Unbind(replier, Some(random, Patterns), isReplier: true); break;
                case < 7:
                    MessageFlags wait = random.Next(4) == 0 ? MessageFlags.AllOrWait : MessageFlags.None;
                    uint to = random.Next(3) == 0 ? replier.Id : 0;
                    Errno error = bus.Send(sender, Compose(bus, Some(random, Names), RandomFlags(random) | MessageFlags.WantAReply | wait, to: to), out MessageId id);
                    if (error is Errno.None or Errno.EAGAIN)
                    {
                        sent[sender].Add(id);
                    }

                    break;
                case < 10: Read(bus, sender, answered[sender]); break;
                case < 12: bus.Poll(sender); break;
                case < 15:
                    if (bus.Take(replier, out DeliveredMessage delivered))
                    {
                        read.Add((replier, delivered.Message.Header));
                        delivered.Message.Release();
                    }

                    if (read.Count > 0)
                    {
                        (KsockState by, MessageHeader request) = read[random.Next(read.Count)];
                        if (repliers.Contains(by))
                        {
                            bus.Send(by, Compose(bus, "$.Answer", default, request.From, request.Id), out _);
                        }
                    }

                    break;
                default:
                    bus.Close(replier);
                    repliers.Remove(replier);
                    repliers.Add(Open(bus, 1)[0]);
                    break;
            }
        }

        repliers.ForEach(bus.Close);
        foreach (KsockState sender in senders)
        {
            bus.MaxMessages(sender, 1000);
            bus.Poll(sender);
            while (Read(bus, sender, answered[sender]))
            {
            }

            Assert.Equal(sent[sender].Order(), answered[sender].Order());
        }

        Assert.Equal(0, bus.AnswersOwed);
    });

    /// <summary>P3.</summary>
    [Fact]
    public void A_send_that_is_refused_reaches_nobody() => Repeat(random =>
    {
        var bus = new Bus(new BusOptions { DefaultMaxMessages = (uint)random.Next(1, 4) });
        KsockState[] ksocks = Open(bus, 4);
        for (int i = 0; i < 200; i++)
        {
            KsockState who = ksocks[random.Next(ksocks.Length)];
            switch (random.Next(6))
            {
                case 0: bus.Bind(who, Some(random, Patterns), random.Next(2) == 0); break;
                case 1: Read(bus, who, []); break;
                case 2: bus.Discard(who); break;
                default:
                    string[] before = [.. ksocks.Select(Contents)];
                    MessageFlags flags = RandomFlags(random) | (random.Next(2) == 0 ? MessageFlags.WantAReply : 0)
                        | (random.Next(3) switch { 0 => MessageFlags.AllOrWait, 1 => MessageFlags.AllOrFail, _ => 0 });
                    MessageId inReplyTo = random.Next(5) == 0 ? new MessageId(0, (uint)random.Next(1, i + 2)) : default;
                    if (bus.Send(who, Compose(bus, Some(random, Names), flags, (uint)random.Next(6), inReplyTo), out _) != Errno.None)
                    {
                        Assert.Equal(before, ksocks.Select(Contents));
                    }

                    break;
            }
        }
    });

    /// <summary>P4.</summary>
    [Fact]
    public void A_replier_never_misses_a_Request_that_was_sent() => Repeat(random =>
    {
        var bus = new Bus(new BusOptions { DefaultMaxMessages = (uint)random.Next(1, 10) });
        KsockState[] ksocks = Open(bus, 4);
        List<MessageId> sent = [];
        List<MessageId> toAnswer = [];
        foreach (string name in Names)
        {
            bus.Bind(ksocks[random.Next(4)], Encoding.ASCII.GetBytes(name), isReplier: true);
        }

        for (int i = 0; i < 200; i++)
        {
            KsockState who = ksocks[random.Next(ksocks.Length)];
            switch (random.Next(4))
            {
                case 0: bus.Bind(who, Some(random, Patterns), isReplier: false); break;
                case 1: TakeToAnswer(who); break;
                default:
                    if (bus.Send(who, Compose(bus, Some(random, Names), RandomFlags(random) | MessageFlags.WantAReply), out MessageId id) == Errno.None)
                    {
                        sent.Add(id);
                    }

                    break;
            }
        }

        foreach (KsockState ksock in ksocks)
        {
            while (TakeToAnswer(ksock))
            {
            }
        }

        Assert.Equal(sent.Order(), toAnswer.Order());

        bool TakeToAnswer(KsockState who)
        {
            bool any = bus.Take(who, out DeliveredMessage delivered);
            if (any && (delivered.Flags & MessageFlags.WantYouToReply) != 0)
            {
                toAnswer.Add(delivered.Message.Header.Id);
            }

            delivered.Message?.Release();
            return any;
        }
    });

    /// <summary>P8: what one Ksock leaves unread costs others nothing, and no more memory than its budget.</summary>
    [Fact]
    public void A_queue_holds_no_more_bytes_than_its_budget()
    {
        var bus = new Bus(new BusOptions { DefaultMaxMessages = uint.MaxValue, MaxQueuedBytes = 10_000 });
        KsockState[] ksocks = Open(bus, 3);
        bus.Bind(ksocks[0], "$.A"u8, isReplier: false);
        bus.Bind(ksocks[1], "$.A"u8, isReplier: false);
        for (int i = 0; i < 500; i++)
        {
            Assert.Equal(Errno.None, bus.Send(ksocks[2], Compose(bus, "$.A", default, data: 900), out _));
            Assert.True(Read(bus, ksocks[1], []));
            Assert.InRange(ksocks[0].Queue.Bytes, 0, 10_000);
        }

        Assert.Equal(500 - (ulong)ksocks[0].Queue.Count, ksocks[0].Missed);
        Assert.Equal(0u, ksocks[1].Missed);
    }

    private static void Repeat(Action<Random> run)
    {
        int first = Environment.TickCount & 0xFFFFFF;
        for (int seed = first; seed < first + Runs; seed++)
        {
            try
            {
                run(new Random(seed));
            }
            catch (Exception failure)
            {
                throw new InvalidOperationException($"seed {seed}: {failure.Message}", failure);
            }
        }
    }

    private static KsockState[] Open(Bus bus, int count) => [.. Enumerable.Range(0, count).Select(_ => bus.Open(true, new QuietCarrier()))];

    private static StoredMessage Compose(Bus bus, string name, MessageFlags flags, uint to = 0, MessageId inReplyTo = default, int data = 0) =>
        Compose(bus, Encoding.ASCII.GetBytes(name), flags, to, inReplyTo, data);

    private static StoredMessage Compose(Bus bus, byte[] name, MessageFlags flags, uint to = 0, MessageId inReplyTo = default, int data = 0) =>
        bus.Pool.Compose(new MessageHeader { Flags = flags, To = to, InReplyTo = inReplyTo }, name, new byte[data]);

    private static byte[] Some(Random random, string[] names) => Encoding.ASCII.GetBytes(names[random.Next(names.Length)]);

    private static MessageFlags RandomFlags(Random random) => (MessageFlags)((uint)random.Next(2) << 16);

    private static string Contents(KsockState ksock) => string.Join(' ', Enumerable.Range(0, ksock.Queue.Count).Select(i => ksock.Queue[i].Number));

    /// <summary>Takes one message; of an answer the id of what it answers is noted, of any other its own.</summary>
    private static bool Read(Bus bus, KsockState ksock, List<MessageId> seen)
    {
        bool any = bus.Take(ksock, out DeliveredMessage delivered);
        if (any)
        {
            MessageHeader header = delivered.Message.Header;
            seen.Add(header.IsReply ? header.InReplyTo : header.Id);
            delivered.Message.Release();
        }

        return any;
    }
}
