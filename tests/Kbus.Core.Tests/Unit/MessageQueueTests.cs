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
                queue.Append(100).Place = ++next;
                list.AddLast(next);
                if (random.Next(50) == 0)
                {
                    queue.Insert(0, new QueueEntry { Length = 100, Place = ++next });
                    list.AddFirst(next);
                }
            }

            int takes = round % 12 == 11 ? list.Count : random.Next(0, Math.Min(list.Count, 5500) + 1);
            for (int i = 0; i < takes; i++)
            {
                uint expected = list.First!.Value;
                Assert.Equal(expected, queue[0].Place);
                if (i % 2 == 0)
                {
                    Assert.Equal(expected, queue.TakeFirst().Place);
                }
                else
                {
                    _ = queue.DropFirst();
                }

                list.RemoveFirst();
            }

            Assert.Equal(list, Enumerable.Range(0, queue.Count).Select(i => queue[i].Place));
            Assert.Equal(100L * list.Count, queue.Bytes);
        }
    }

    private static void Play(Random random, string seed)
    {
        var pool = new MessagePool();
        var queue = new MessageQueue();
        List<StoredMessage> list = [];
        var ksock = new KsockState(1, true, 100, new QuietCarrier(), TestCharges.Of(1));
        var table = new BindingTable(0);
        Binding?[] bindings = [null, table.Add(ksock, "$.A"u8, false), table.Add(ksock, "$.A"u8, false)];
        Dictionary<StoredMessage, Binding?> because = [];
        for (int i = 0; i < 200; i++)
        {
            switch (random.Next(8))
            {
                case < 3:
                    QueueEntry added = NewEntry();
                    ref QueueEntry entry = ref queue.Append(added.Length);
                    (entry.Message, entry.Because) = (added.Message, added.Because);
                    list.Add(added.Message!);
                    break;
                case 3:
                    int place = random.Next(Math.Min(3, list.Count + 1));
                    queue.Insert(place, NewEntry());
                    list.Insert(place, because.Keys.Last());
                    break;
                case 4 when list.Count > 0:
                    Check(list[0], queue.TakeFirst());
                    break;
                case 5 when list.Count > 0:
                    int at = random.Next(list.Count);
                    Check(list[at], queue.TakeAt(at));
                    break;
                case 6:
                    List<QueueEntry> removed = [];
                    Binding binding = bindings[random.Next(1, 3)]!;
                    queue.TakeBecauseOf(binding, removed);
                    List<StoredMessage> expected = list.FindAll(m => because[m] == binding);
                    Assert.True(expected.SequenceEqual(removed.Select(e => e.Message)), seed);
                    expected.ForEach(m => list.Remove(m));
                    break;
                default:
                    break;
            }

            Assert.True(list.SequenceEqual(Enumerable.Range(0, queue.Count).Select(n => queue[n].Message)), seed);
            Assert.Equal(list.Sum(m => (long)m.EntireLength), queue.Bytes);
        }

        QueueEntry NewEntry()
        {
            StoredMessage message = pool.Compose(default, "$.A"u8, new byte[random.Next(50)]);
            because[message] = bindings[random.Next(3)];
            return new QueueEntry { Message = message, Because = because[message], Length = message.EntireLength };
        }

        void Check(StoredMessage expected, QueueEntry taken)
        {
            Assert.True(expected == taken.Message, seed);
            list.Remove(expected);
        }
    }
}
