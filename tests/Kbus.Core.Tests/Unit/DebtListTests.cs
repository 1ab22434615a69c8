namespace Kbus.Core.Tests;

/// <summary>A list of debts keeps the order of entry, and a debt can be in one list of each kind.</summary>
public sealed class DebtListTests
{
    [Fact]
    public void A_list_of_debts_does_what_a_list_does()
    {
        for (int seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            ReplyDebt[] debts = [.. Enumerable.Range(0, 10).Select(_ => new ReplyDebt())];
            (DebtList List, List<ReplyDebt> Expected)[] lists =
                [(new(DebtSide.Sender), []), (new(DebtSide.Replier), []), (new(DebtSide.Equals), [])];
            for (int i = 0; i < 200; i++)
            {
                (DebtList list, List<ReplyDebt> expected) = lists[random.Next(3)];
                ReplyDebt debt = debts[random.Next(debts.Length)];
                if (expected.Contains(debt) || random.Next(3) == 0)
                {
                    Assert.Equal(expected.Remove(debt), list.Remove(debt));
                }
                else
                {
                    list.Add(debt);
                    expected.Add(debt);
                }

                foreach ((DebtList each, List<ReplyDebt> order) in lists)
                {
                    AssertSame(order, each);
                }

                Assert.All(debts, d => Assert.Equal(lists[2].Expected.Contains(d), d.AmongEquals.IsLinked));
            }
        }
    }

    private static void AssertSame(List<ReplyDebt> expected, DebtList list)
    {
        List<ReplyDebt> found = [];
        for (ReplyDebt? debt = list.Oldest; debt is not null; debt = list.After(debt))
        {
            found.Add(debt);
        }

        Assert.True(expected.SequenceEqual(found));
        Assert.Equal(expected.Count, list.Count);
        Assert.Same(expected.LastOrDefault(), list.Newest);
    }
}
