namespace Kbus.Core.Tests;

/// <summary>A cursor sees what stays in a list once, and nothing that has left, whatever enters and leaves between its steps.</summary>
public sealed class EntryCursorTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Whatever_enters_and_leaves_meanwhile_what_stays_is_seen_once_and_in_order(bool newestFirst)
    {
        for (int seed = 0; seed < 500; seed++)
        {
            var random = new Random(seed);
            DebtList list = new(DebtSide.Sender);
            List<ReplyDebt> order = [];
            for (int i = random.Next(20); i > 0; i--)
            {
                Enter(list, order);
            }

            HashSet<ReplyDebt> staying = [.. order];
            List<ReplyDebt> seen = [];
            EntryCursor<ReplyDebt> cursor = new(newestFirst);
            cursor.Enter(list);
            int most = 100;
            while (cursor.Current is { } current && most-- > 0)
            {
                Assert.Contains(current, order);
                seen.Add(current);
                cursor.Advance();
                for (int i = random.Next(4); i > 0; i--)
                {
                    Change(random, list, order, staying);
                }
            }

            cursor.Leave();
            Assert.Equal(seen.Count, seen.Distinct().Count());
            IEnumerable<ReplyDebt> expected = order.Where(staying.Contains);
            Assert.Equal(newestFirst ? expected.Reverse() : expected, seen.Where(d => staying.Contains(d)));
        }
    }

    [Fact]
    public void A_cursor_that_has_left_is_moved_no_more()
    {
        DebtList list = new(DebtSide.Sender);
        List<ReplyDebt> order = [];
        Enter(list, order);
        EntryCursor<ReplyDebt> first = new(newestFirst: false);
        EntryCursor<ReplyDebt> second = new(newestFirst: true);
        first.Enter(list);
        second.Enter(list);
        first.Leave();
        first.Leave();
        Assert.Null(first.Current);
        Assert.Same(order[0], second.Current);
        Assert.True(list.Remove(order[0]));
        Assert.Null(second.Current);
    }

    [Fact]
    public void The_Ksocks_of_a_bus_stand_in_the_order_of_their_opening()
    {
        var bus = new Bus(new BusOptions());
        KsockState[] ksocks = [.. Enumerable.Range(0, 5).Select(_ => bus.Open(canWrite: true, new QuietCarrier()))];
        EntryCursor<KsockState> cursor = new(newestFirst: false);
        cursor.Enter(bus.KsocksByAge);
        bus.Close(ksocks[0]);
        Assert.Same(ksocks[1], cursor.Current);
        cursor.Advance();
        bus.Close(ksocks[1]);
        bus.Close(ksocks[2]);
        Assert.Same(ksocks[3], cursor.Current);
        Assert.Equal(2, bus.KsocksByAge.Count);
    }

    private static void Change(Random random, DebtList list, List<ReplyDebt> order, HashSet<ReplyDebt> staying)
    {
        if (order.Count == 0 || random.Next(3) == 0)
        {
            Enter(list, order);
            return;
        }

        ReplyDebt leaving = order[random.Next(order.Count)];
        order.Remove(leaving);
        staying.Remove(leaving);
        Assert.True(list.Remove(leaving));
    }

    private static void Enter(DebtList list, List<ReplyDebt> order)
    {
        order.Add(new ReplyDebt());
        list.Add(order[^1]);
    }
}
