namespace Kbus.Core.Tests;

/// <summary>A queue keeps its order and counts its bytes through appends, insertions and removals.</summary>
public sealed class MessageQueueTests
{
    [Fact]
    public void A_queue_does_what_a_list_does()
    {
        for (int seed = 0; seed < 300; seed++)
        {
            Play(new Random(seed), $"seed {seed}");
        }
    }

    [Fact]
    public void A_long_queue_does_what_a_list_does_while_it_grows_and_while_it_is_emptied()
    {
        var random = new Random(7);
        var queue = new MessageQueue();
        var list = new LinkedList<uint>();
        uint next = 0;
        for (int round = 0; round < 60; round++)
        {
            // Tides: it grows to many thousands, goes round, and comes back to nothing.
            int appends = random.Next(0, round % 12 == 11 ? 1 : 5000);
            for (int i = 0; i < appends; i++)
            {
                queue.Append(++next, 100);
                list.AddLast(next);
                if (random.Next(50) == 0)
                {
                    queue.Prepend(++next, 100);
                    list.AddFirst(next);
                }
            }

            int takes = round % 12 == 11 ? list.Count : random.Next(0, Math.Min(list.Count, 5500) + 1);
            for (int i = 0; i < takes; i++)
            {
                Assert.True(queue.TryRemove(list.First!.Value, out QueueEntry taken, out int passed));
                Assert.Equal((list.First.Value, 0), (taken.Number, passed));
                list.RemoveFirst();
            }

            Assert.Equal(list, Enumerable.Range(0, queue.Count).Select(i => queue[i].Number));
            Assert.Equal(100L * list.Count, queue.Bytes);
        }
    }

    [Fact]
    public void Copies_that_are_kept_for_a_Ksock_do_what_a_list_does()
    {
        for (int seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var pool = new MessagePool();
            var queue = new DeliveryQueue();
            List<uint> list = [];
            StoredMessage message = pool.Compose(default, "$.A"u8, default);
            for (uint number = 1; number < 300; number++)
            {
                int at = random.Next(Math.Max(1, list.Count));
                switch (random.Next(8))
                {
                    case < 4:
                        queue.Append(message, MessageFlags.None, number);
                        list.Add(number);
                        break;
                    case 4:
                        queue.Prepend(message, MessageFlags.None, number);
                        list.Insert(0, number);
                        break;
                    case 5 when list.Count > 0:
                        Assert.True(queue.TryTake(list[at], out Delivery moved));
                        list.RemoveAt(at);
                        int to = random.Next(list.Count + 1);
                        queue.InsertOwned(to, moved);
                        list.Insert(to, moved.Number);
                        Assert.False(queue.TryTake(1_000_000, out _));
                        break;
                    case 6 when list.Count > 0:
                        Assert.True(queue.TryTake(out Delivery taken));
                        Assert.Equal(list[0], taken.Number);
                        taken.Message.Release();
                        list.RemoveAt(0);
                        break;
                    case 7:
                        List<uint> removed = list.FindAll(_ => random.Next(4) == 0);
                        queue.Remove([new QueueEntry { Number = 1_000_000 }, .. removed.Select(n => new QueueEntry { Number = n })]);
                        list.RemoveAll(removed.Contains);
                        break;
                    default:
                        break;
                }

                Assert.Equal(list, Enumerable.Range(0, queue.Count).Select(i => queue[i].Number));
            }

            message.Release();
            Assert.Equal(list.Count > 0 ? 1 : 0, pool.Lent);
            while (queue.TryDropFirst())
            {
            }

            Assert.Equal(0, pool.Lent);
        }
    }

    private static void Play(Random random, string seed)
    {
        var queue = new MessageQueue();
        List<QueueEntry> list = [];
        var ksock = new KsockState(1, true, 100, new QuietCarrier(), TestCharges.Of(1));
        var table = new BindingTable(0);
        Binding?[] bindings = [null, table.Add(ksock, "$.A"u8, false), table.Add(ksock, "$.A"u8, false)];
        for (uint number = 1; number < 200; number++)
        {
            var added = new QueueEntry { Number = number, Length = random.Next(50), Because = bindings[random.Next(3)] };
            int at = random.Next(Math.Max(1, list.Count));
            switch (random.Next(9))
            {
                case < 3:
                    queue.Append(number, added.Length).Because = added.Because;
                    list.Add(added);
                    break;
                case 3:
                    queue.Prepend(number, added.Length).Because = added.Because;
                    list.Insert(0, added);
                    break;
                case 4 when list.Count > 0:
                    Remove(0);
                    break;
                case 5 when list.Count > 0:
                    Remove(at);
                    break;
                case 6:
                    List<QueueEntry> removed = [];
                    Binding binding = bindings[random.Next(1, 3)]!;
                    queue.RemoveBecauseOf(binding, removed);
                    Assert.True(list.FindAll(e => e.Because == binding).SequenceEqual(removed), seed);
                    list.RemoveAll(e => e.Because == binding);
                    break;
                case 7 when list.Count > 0:
                    // A number that was left out when it was its turn, perhaps behind others that came later.
                    QueueEntry late = added with { Number = list[at].Number };
                    Remove(at);
                    int place = list.FindLastIndex(e => e.Number < late.Number) + 1;
                    Assert.Equal(place, queue.Insert(late));
                    list.Insert(place, late);
                    break;
                default:
                    Assert.False(queue.TryRemove(1_000_000, out _, out int passed), seed);
                    Assert.Equal(list.Count, passed);
                    break;
            }

            Assert.True(list.SequenceEqual(Enumerable.Range(0, queue.Count).Select(n => queue[n])), seed);
            Assert.Equal(list.Sum(e => (long)e.Length), queue.Bytes);
        }

        void Remove(int place)
        {
            Assert.True(queue.TryRemove(list[place].Number, out QueueEntry taken, out int passed), seed);
            Assert.Equal((list[place], place), (taken, passed));
            list.RemoveAt(place);
        }
    }
}
