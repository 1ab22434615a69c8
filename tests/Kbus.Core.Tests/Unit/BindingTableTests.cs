using System.Text;

namespace Kbus.Core.Tests;

/// <summary>A name finds its listeners and its replier, whatever else is bound.</summary>
public sealed class BindingTableTests
{
    private static readonly string[] Words = ["A", "B", "Long", "x1"];

    [Fact]
    public void Routes_are_those_of_a_search_through_all_bindings()
    {
        for (int seed = 0; seed < 200; seed++)
        {
            PlayAgainstSearch(new Random(seed), $"seed {seed}");
        }
    }

    [Fact]
    public void Colliding_hashes_change_nothing()
    {
        // Many names in a small table, with several seeds: the result is the same.
        foreach (ulong seed in new ulong[] { 0, 1, ulong.MaxValue })
        {
            var table = new BindingTable(seed);
            var ksock = NewKsock(1);
            for (int i = 0; i < 2000; i++)
            {
                table.Add(ksock, Bytes($"$.Name{i}"), isReplier: true);
            }

            for (int i = 0; i < 2000; i++)
            {
                Assert.Equal($"$.Name{i}", Encoding.ASCII.GetString(table.RouteOf(Bytes($"$.Name{i}")).Replier!.Name.Name));
            }

            foreach (Binding binding in ksock.Bindings.NewestFirst.ToArray())
            {
                table.Remove(binding);
            }

            Assert.Equal(0, table.All.Count);
            Assert.Null(table.RouteOf(Bytes("$.Name7")).Replier);
        }
    }

    [Fact]
    public void The_most_specific_replier_wins_whenever_it_was_bound()
    {
        string[] fromMostSpecific = ["$.A.B.C", "$.A.B.%", "$.A.B.*", "$.A.*", "$.*"];
        foreach (string[] order in new[] { fromMostSpecific, [.. fromMostSpecific.Reverse()] })
        {
            var table = new BindingTable(0);
            var ksock = NewKsock(1);
            Dictionary<string, Binding> bindings = order.ToDictionary(n => n, n => table.Add(ksock, Bytes(n), isReplier: true));
            foreach (string name in fromMostSpecific)
            {
                Assert.Same(bindings[name], table.RouteOf(Bytes("$.A.B.C")).Replier);
                table.Remove(bindings[name]);
            }

            Assert.Null(table.RouteOf(Bytes("$.A.B.C")).Replier);
        }
    }

    [Fact]
    public void The_newest_of_equal_bindings_is_found()
    {
        var table = new BindingTable(0);
        KsockState one = NewKsock(1);
        KsockState two = NewKsock(2);
        Binding older = table.Add(one, "$.A"u8, isReplier: false);
        Binding newer = table.Add(one, "$.A"u8, isReplier: false);
        table.Add(two, "$.A"u8, isReplier: false);
        Assert.Same(newer, table.Find(one, "$.A"u8, isReplier: false));
        table.Remove(newer);
        Assert.Same(older, table.Find(one, "$.A"u8, isReplier: false));
        Assert.Null(table.Find(one, "$.A"u8, isReplier: true));
        Assert.Null(table.Find(two, "$.B"u8, isReplier: false));
    }

    [Fact]
    public void More_names_than_are_kept_are_routed_all_the_same()
    {
        var table = new BindingTable(3);
        Binding all = table.Add(NewKsock(1), "$.*"u8, isReplier: false);
        for (int i = 0; i < 10_000; i++)
        {
            Assert.Same(all, Assert.Single(table.RouteOf(Bytes($"$.N{i}")).Listeners.ToArray()));
        }
    }

    private static void PlayAgainstSearch(Random random, string seed)
    {
        var table = new BindingTable((ulong)random.NextInt64());
        List<Binding> oldestFirst = [];
        KsockState[] ksocks = [NewKsock(1), NewKsock(2), NewKsock(3)];
        for (int i = 0; i < 100; i++)
        {
            if (random.Next(3) > 0 || oldestFirst.Count == 0)
            {
                string name = SomeName(random) + (random.Next(3) switch { 0 => ".*", 1 => ".%", _ => "" });
                bool isReplier = random.Next(2) == 0 && table.FindReplier(Bytes(name)) is null;
                oldestFirst.Add(table.Add(ksocks[random.Next(3)], Bytes(name), isReplier));
            }
            else
            {
                // Of several alike the newest goes first, as in every operation of the bus.
                Binding any = oldestFirst[random.Next(oldestFirst.Count)];
                Binding leaving = table.Find(any.Ksock, any.Name.Name, any.IsReplier)!;
                table.Remove(leaving);
                oldestFirst.Remove(leaving);
            }

            string sent = SomeName(random);
            Route route = table.RouteOf(Bytes(sent));
            List<Binding> matching = oldestFirst.FindAll(b => Naive(b).Matches(sent));
            matching.Reverse();
            Assert.True(matching.FindAll(b => !b.IsReplier).SequenceEqual(route.Listeners.ToArray()), seed);
            Binding? replier = matching.FindAll(b => b.IsReplier)
                .OrderBy(b => Naive(b).Name.EndsWith('*') ? 2 : Naive(b).Name.EndsWith('%') ? 1 : 0)
                .ThenByDescending(b => b.Name.Name.Length)
                .FirstOrDefault();
            Assert.True(replier == route.Replier, seed);
            Assert.Equal(oldestFirst.Count, table.All.Count);
        }
    }

    private static NaiveBinding Naive(Binding binding) => new(null!, Encoding.ASCII.GetString(binding.Name.Name), binding.IsReplier);

    private static string SomeName(Random random) =>
        "$." + string.Join('.', Enumerable.Range(0, random.Next(1, 4)).Select(_ => Words[random.Next(Words.Length)]));

    private static KsockState NewKsock(uint id) => new(id, true, 100, new QuietCarrier(), TestCharges.Of(id));

    private static byte[] Bytes(string name) => Encoding.ASCII.GetBytes(name);
}
