namespace Kbus.Core.Tests;

/// <summary>Replicas of one bus, fed by a log.</summary>
public sealed class ReplicaTests
{
    private const int Steps = 1500;

    [Fact]
    public Task Replicas_are_equal_after_each_entry_and_keep_the_promises_whatever_becomes_of_nodes_and_entries() => Task.Run(() =>
    {
        int[] seeds = Environment.GetEnvironmentVariable("KBUS_TEST_SEED") is { } seed
            ? [int.Parse(seed, null)]
            : [.. Enumerable.Range(Environment.TickCount & 0xFFFFFF, Math.Max(20, int.Parse(Environment.GetEnvironmentVariable("KBUS_TEST_RUNS") ?? "1000", null) / 10))];
        int deaths = 0, accepted = 0;
        ulong dropped = 0;
        foreach (int each in seeds)
        {
            var run = new ReplicasRun(each);
            try
            {
                run.Play(Steps);
            }
            catch (InvalidOperationException failure)
            {
                Assert.Fail($"KBUS_TEST_SEED={each} {failure}");
            }

            deaths += run.Deaths;
            accepted += run.Accepted;
            dropped += run.Dropped;
        }

        Assert.True(seeds.Length < 20 || (deaths > 20 && accepted > 1000 && dropped > 1000), $"{deaths} deaths, {accepted} Requests, {dropped} entries dropped");
    }).WaitAsync(TimeSpan.FromMinutes(10));

    [Fact]
    public void An_entry_that_comes_twice_counts_once()
    {
        (ReplicaNode node, KsockState ksock) = Alone();
        node.Propose(new BusOperation { Kind = OperationKind.Bind, Ksock = ksock.Id, Bytes = "$.A"u8 }, static _ => { });
        byte[] entry = node.NextEntry()!.Value.ToArray();
        node.Apply(entry);
        node.Apply(entry);
        Assert.Equal((1, 1UL), (node.Replica.Books.BindingCount, node.Replica.Dropped));
    }

    [Fact]
    public void An_entry_that_makes_no_sense_counts_for_nothing()
    {
        (ReplicaNode node, KsockState ksock) = Alone();
        UInt128 before = node.Replica.Digest();
        node.Apply([]);
        node.Apply([1, 2, 3]);
        node.Apply(new byte[100]);
        node.Apply(Replica.Birth(Guid.NewGuid(), new BusOptions()));
        Assert.Equal((4UL, before), (node.Replica.Dropped, node.Replica.Digest()));
        Errno error = Errno.None;
        node.Propose(new BusOperation { Kind = OperationKind.Send, Ksock = ksock.Id, Bytes = new byte[200] }, result => error = result.Error);
        node.Apply(node.NextEntry()!.Value.Span);
        Assert.Equal(Errno.EINVAL, error);
    }

    [Fact]
    public void A_node_has_operations_for_its_own_Ksocks_alone()
    {
        (ReplicaNode node, KsockState ksock) = Alone();
        var other = new ReplicaNode(2, 22, new BusOptions(), static owner => new StubCarrier(owner));
        other.Replica.Load(node.Replica.Save());
        other.Apply(other.NextEntry()!.Value.Span);
        Errno error = Errno.None;
        other.Propose(new BusOperation { Kind = OperationKind.Close, Ksock = ksock.Id }, result => error = result.Error);
        other.Apply(other.NextEntry()!.Value.Span);
        Assert.Equal(Errno.EBADF, error);
        Assert.NotNull(other.Replica.Books.FindKsock(ksock.Id));
    }

    [Fact]
    public void A_take_is_found_by_its_number_although_an_urgent_message_came_in_between()
    {
        (ReplicaNode node, KsockState ksock) = Alone();
        Bus bus = node.Replica.Books;
        bus.Bind(ksock, "$.A"u8, isReplier: false);
        bus.Send(ksock, bus.Pool.Compose(default, "$.A"u8, default), out _);
        uint first = ksock.Queue[0].Number;
        bus.Send(ksock, bus.Pool.Compose(new MessageHeader { Flags = MessageFlags.Urgent }, "$.A"u8, default), out _);
        uint urgent = ksock.Queue[0].Number;
        bus.Taken(ksock, [new Take(first)]);
        Assert.Equal((1, urgent), (ksock.Queue.Count, ksock.Queue[0].Number));

        // What is no longer there was taken back meanwhile.
        bus.Taken(ksock, [new Take(first), new Take(urgent)]);
        Assert.Equal(0, ksock.Queue.Count);
    }

    [Fact]
    public void A_life_that_is_held_to_be_gone_is_closed_and_says_nothing_more()
    {
        (ReplicaNode node, KsockState ksock) = Alone();
        var writer = new BooksWriter();
        new LogEntry(EntryKind.Gone, node.Replica.Genesis, 1, 11, 0, 0).Write(writer);
        node.Apply(writer.Written);
        Assert.True(ksock.IsOpen && !node.IsFenced, "it has said something since");
        writer.Clear();
        new LogEntry(EntryKind.Gone, node.Replica.Genesis, 1, 11, 1, 0).Write(writer);
        node.Apply(writer.Written);
        Assert.True(!ksock.IsOpen && node.IsFenced);
        Assert.Null(node.NextEntry(isSignOfLife: true));
    }

    [Fact]
    public void Books_of_another_version_and_books_that_are_damaged_are_refused_with_a_sentence()
    {
        (ReplicaNode node, KsockState _) = Alone();
        byte[] saved = node.Replica.Save();
        for (int length = 0; length < saved.Length; length++)
        {
            Assert.Throws<BooksException>(() => Fresh().Load(saved.AsSpan(0, length)));
        }

        var random = new Random(5);
        for (int i = 0; i < 3000; i++)
        {
            byte[] damaged = [.. saved];
            damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
            try
            {
                Fresh().Load(damaged);
            }
            catch (BooksException)
            {
                // Anything else would end the node.
            }
        }

        Assert.Contains("version 1", Assert.Throws<BooksException>(() => Bus.Restore([0x53, 0x55, 0x42, 0x4B, 1, 0, 0, 0], new BusOptions(), (_, o) => new StubCarrier(o))).Message, StringComparison.Ordinal);
        Assert.Contains("no books", Assert.Throws<BooksException>(() => Bus.Restore(new byte[8], new BusOptions(), (_, o) => new StubCarrier(o))).Message, StringComparison.Ordinal);
    }

    private static Replica Fresh() => new(new BusOptions(), static owner => new StubCarrier(owner));

    /// <summary>A node with one Ksock, which alone feeds its bus.</summary>
    private static (ReplicaNode Node, KsockState Ksock) Alone()
    {
        var node = new ReplicaNode(1, 11, new BusOptions(), static owner => new StubCarrier(owner));
        node.Apply(Replica.Birth(Guid.NewGuid(), new BusOptions()));
        node.Apply(node.NextEntry()!.Value.Span);
        uint id = 0;
        node.Propose(
            new BusOperation { Kind = OperationKind.Open, Flags = BusOperation.CanWrite, Bytes = BusOperation.BytesOf(default(KsockOwner)) },
            result => id = result.Value);
        node.Apply(node.NextEntry()!.Value.Span);
        return (node, node.Replica.Books.FindKsock(id)!);
    }
}
