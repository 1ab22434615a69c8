using Kbus.Linux;

namespace Kbus.Link.Tests;

/// <summary>A client that takes as fast as it can, against a bus that appends, puts in front, filters and sets flags.</summary>
[Collection(nameof(Alone))]
public sealed class DeliveryRingStressTests
{
    [Theory]
    [InlineData(4096, 300_000)]
    [InlineData(32768, 300_000)]
    [InlineData(128 * 1024, 600_000)]
    public Task What_is_taken_is_what_the_bus_observes_record_by_record(int ringSize, int operations) => Seeded.Run(seed => Limited.Run(
        () =>
        {
            using var link = new LinkPair(deliveryRing: ringSize);
            var bus = new ModelBus(new DeliveryProducer(link.Bus), seed);
            var client = new Client(new DeliveryConsumer(link.Client));
            Limited.Run(() => bus.Work(operations), () => client.TakeUntilEnd(ModelBus.End)).GetAwaiter().GetResult();
            Assert.Equal(bus.Observed, client.Taken);
            Assert.True(bus.Rewrites > operations / 20, "too few rewrites to mean anything");
        }));

    [Fact]
    public Task Every_take_that_the_bus_did_not_observe_after_setting_a_flag_has_seen_the_flag() => Seeded.Run(seed => Limited.Run(
        () =>
        {
            const int Rounds = 20_000;
            using var link = new LinkPair();
            var producer = new DeliveryProducer(link.Bus);
            var consumer = new DeliveryConsumer(link.Client);
            int taken = 0;
            int told = 0;
            void Client()
            {
                Span<byte> room = stackalloc byte[64];
                while (Volatile.Read(ref taken) < Rounds * 4)
                {
                    DeliveryLook look = consumer.TryTakeInto(room, out _, out _);
                    Assert.True(look is DeliveryLook.Record or DeliveryLook.Empty, look.ToString());
                    if (look == DeliveryLook.Record)
                    {
                        told += (consumer.Flags & DeliveryFlags.TellTakes) != 0 ? 1 : 0;
                        Volatile.Write(ref taken, taken + 1);
                    }
                }
            }

            void Bus()
            {
                var random = new Random(seed);
                int observed = 0;
                int expectedLeast = 0;
                for (int round = 0; round < Rounds; round++)
                {
                    for (int i = 0; i < 4; i++)
                    {
                        Assert.True(producer.TryAppend(16, 0, out _));
                        producer.Publish();
                    }

                    Thread.SpinWait(random.Next(60));
                    producer.SetFlags(DeliveryFlags.TellTakes);
                    Assert.True(producer.TryObserve(out int before));
                    observed += before;
                    expectedLeast += ((round + 1) * 4) - observed;
                    while (Volatile.Read(ref taken) < (round + 1) * 4)
                    {
                        Thread.SpinWait(1);
                    }

                    // Those observed may have seen the flag as well; those not observed must have.
                    Assert.InRange(Volatile.Read(ref told), expectedLeast, (round + 1) * 4);
                    Assert.True(producer.TryObserve(out int after));
                    observed += after;
                    Assert.Equal((round + 1) * 4, observed);
                    producer.SetFlags(DeliveryFlags.None);

                    // Begin each round with the two counts alike, so that one late flag cannot hide a missing one.
                    expectedLeast = Volatile.Read(ref told);
                }
            }

            Limited.Run(Client, Bus).GetAwaiter().GetResult();
        }));

    [Fact]
    public Task A_ring_that_is_rewritten_all_the_time_and_never_empty_never_looks_empty_or_torn() => Seeded.Run(seed => Limited.Run(() =>
    {
        using var link = new LinkPair();
        var producer = new DeliveryProducer(link.Bus);
        var consumer = new DeliveryConsumer(link.Client);
        bool done = false;
        int whole = 0;
        void Rewrite(int rounds, Random random)
        {
            for (ulong round = 1; round <= (ulong)rounds; round++)
            {
                Assert.True(producer.TryBeginRewrite());
                producer.Clear();
                for (int i = random.Next(3); i >= 0; i--)
                {
                    Assert.True(producer.TryAppend(Pattern.Length(round, 500), (uint)round, out Span<byte> record));
                    Pattern.Fill(record, round);
                }

                Assert.True(producer.TryEndRewrite());
            }
        }

        Rewrite(1, new Random(seed));
        Limited.Run(
            () =>
            {
                Rewrite(200_000, new Random(seed));
                Volatile.Write(ref done, true);
            },
            () =>
            {
                byte[] copy = new byte[512];
                while (!Volatile.Read(ref done))
                {
                    DeliveryLook look = consumer.TryPeek(out ReadOnlySpan<byte> record, out DeliveryToken token);
                    Assert.True(look is DeliveryLook.Record or DeliveryLook.Busy, $"{look} {consumer.Fault}");
                    Span<byte> copied = copy.AsSpan(0, Math.Min(record.Length, copy.Length));
                    record[..copied.Length].CopyTo(copied);
                    if (look == DeliveryLook.Record && consumer.StillHolds(token))
                    {
                        Assert.Equal((uint)Pattern.Number(copied), token.Kind);
                        whole++;
                    }
                }
            }).GetAwaiter().GetResult();
        Assert.NotEqual(0, whole);
    }));

    /// <summary>What the client has taken, after checking each record's bytes.</summary>
    private sealed class Client(DeliveryConsumer consumer)
    {
        private readonly List<(byte[] Copy, uint Kind)> _copies = [];

        public List<ulong> Taken { get; } = [];

        public void TakeUntilEnd(ulong end)
        {
            Backoff waiting = default;
            while (Taken.Count == 0 || Taken[^1] != end)
            {
                // By one or by several together.
                DeliveryLook look = TryTake(1 + (Taken.Count % 5));
                Assert.True(look is DeliveryLook.Record or DeliveryLook.Empty or DeliveryLook.Busy, $"{look} {consumer.Fault}");
                if (look != DeliveryLook.Record)
                {
                    waiting.Once();
                }
            }
        }

        private DeliveryLook TryTake(int most)
        {
            _copies.Clear();
            DeliveryLook look = consumer.TryPeek(out ReadOnlySpan<byte> record, out DeliveryToken next);
            if (look != DeliveryLook.Record)
            {
                return look;
            }

            DeliveryToken last;
            do
            {
                _copies.Add((record.ToArray(), next.Kind));
                last = next;
            }
            while (_copies.Count < most && consumer.TryPeekBehind(last, out record, out next));

            if (consumer.TryTake(last))
            {
                foreach ((byte[] copy, uint kind) in _copies)
                {
                    ulong number = Pattern.Number(copy);
                    Assert.Equal((uint)number, kind);
                    Taken.Add(number);
                }
            }

            return look;
        }
    }

    /// <summary>A bus with a queue of its own, of which the ring is the front.</summary>
    private sealed class ModelBus(DeliveryProducer producer, int seed)
    {
        public const ulong End = ulong.MaxValue;

        private readonly LinkedList<ulong> _window = [];
        private readonly LinkedList<ulong> _behind = [];
        private readonly Random _random = new(seed);
        private ulong _number;

        public List<ulong> Observed { get; } = [];

        public int Rewrites { get; private set; }

        public void Work(int operations)
        {
            for (int i = 0; i < operations; i++)
            {
                switch (_random.Next(8))
                {
                    case 0:
                        PutInFront();
                        break;
                    case 1 when _random.Next(4) == 0:
                        Filter();
                        break;
                    case 2:
                        producer.SetFlags((DeliveryFlags)_random.Next(4));
                        Observe();
                        break;
                    case 3:
                        Observe();
                        break;
                    default:
                        _behind.AddLast(++_number);
                        Fill();
                        break;
                }
            }

            _behind.AddLast(End);
            while (_window.Count + _behind.Count > 0)
            {
                Fill();
                Observe();
                LibC.YieldProcessor();
            }
        }

        private static int Length(ulong number) => Pattern.Length(number, number % 50 == 0 ? 2000 : 120);

        private void Fill()
        {
            while (_behind.First is { Value: ulong number } && producer.TryAppend(Length(number), (uint)number, out Span<byte> record))
            {
                Pattern.Fill(record, number);
                _window.AddLast(number);
                _behind.RemoveFirst();
            }

            producer.Publish();
        }

        private void PutInFront()
        {
            Assert.True(producer.TryBeginRewrite(), producer.Fault.ToString());
            Observe();
            ulong number = ++_number;
            if (!producer.HasRoomFor(1, Length(number)))
            {
                MakeRoom(Length(number));
            }

            Assert.True(producer.TryPrepend(Length(number), (uint)number, out Span<byte> record));
            Pattern.Fill(record, number);
            _window.AddFirst(number);
            Assert.True(producer.TryEndRewrite());
            Rewrites++;
        }

        /// <summary>Takes records back from the end of the ring, in a rewrite of its own.</summary>
        private void MakeRoom(int length)
        {
            for (int missing = length + 16; missing > 0 && _window.Last is { Value: ulong last };)
            {
                missing -= producer.DropLast();
                _window.RemoveLast();
                _behind.AddFirst(last);
            }

            Assert.True(producer.TryEndRewrite());
            Assert.True(producer.TryBeginRewrite(), producer.Fault.ToString());
            Observe();
        }

        private void Filter()
        {
            Assert.True(producer.TryBeginRewrite(), producer.Fault.ToString());
            Observe();
            ulong[] kept = [.. _window.Concat(_behind).Where(_ => _random.Next(4) != 0)];
            _window.Clear();
            _behind.Clear();
            producer.Clear();
            foreach (ulong number in kept)
            {
                _behind.AddLast(number);
            }

            Fill();
            Assert.True(producer.TryEndRewrite());
            Fill();
            Rewrites++;
        }

        private void Observe()
        {
            Assert.True(producer.TryObserve(out int taken), producer.Fault.ToString());
            for (; taken > 0; taken--)
            {
                Observed.Add(_window.First!.Value);
                _window.RemoveFirst();
            }

            Assert.Equal(_window.Count, producer.Count);
        }
    }
}
