namespace Kbus.Core.Tests;

/// <summary>Shares of what is limited: whoever comes next finds something, and what is given back is there again.</summary>
public sealed class ChargeBookTests
{
    private const long Limit = 10_000;
    private const long Floor = 5;

    [Fact]
    public void Whoever_takes_all_that_he_may_leaves_something_for_whoever_comes_next()
    {
        ChargeBook book = NewBook();
        for (uint user = 1; user <= 30; user++)
        {
            long taken = 0;
            for (ulong process = 0; process < 20; process++)
            {
                taken += TakeAll(book, book.Enter(new KsockOwner(0, user, KsockMode.Read, process)));
            }

            Assert.InRange(taken, 1, Limit);
        }
    }

    [Fact]
    public void After_one_who_took_all_he_could_half_is_left_and_after_n_one_part_in_n_plus_one()
    {
        ChargeBook book = NewBook();
        for (uint user = 1; user <= 10; user++)
        {
            // The first process of a user may have half of what the user may, and so on: many take all of it, or nearly.
            for (ulong process = 0; process < 2000; process++)
            {
                TakeAll(book, book.Enter(new KsockOwner(0, user, KsockMode.Read, process)));
            }

            long left = Limit - book.HeldOf(ChargeKind.Bindings);
            Assert.InRange(left, (Limit / (user + 1)) - user, Limit);
        }
    }

    [Fact]
    public void Those_who_hold_little_make_nobodys_share_smaller()
    {
        ChargeBook book = NewBook();
        ProcessCharges one = Enter(book, 1, 1);
        long alone = book.ShareOf(one, ChargeKind.Bindings);
        for (ulong process = 2; process < 102; process++)
        {
            Assert.True(book.TryCharge(Enter(book, 1, process), ChargeKind.Bindings, Floor));
        }

        long besides = book.ShareOf(one, ChargeKind.Bindings);
        Assert.Equal(((Limit / 2) - (100 * Floor)) / 2, besides);
        Assert.InRange(besides, alone * 8 / 10, alone);
    }

    [Fact]
    public void A_refusal_says_whose_share_of_what_is_used_up()
    {
        ChargeBook book = NewBook();
        ProcessCharges first = Enter(book, 1, 1);
        Assert.False(book.TryCharge(first, ChargeKind.Bindings, (Limit / 4) + 1));
        Assert.Equal(new QuotaRefusal(ChargeKind.Bindings, ChargeLevel.Process, Limit / 4), book.Refusal);
        Assert.False(book.TryCharge(first, ChargeKind.Bindings, (Limit / 2) + 1));
        Assert.Equal(new QuotaRefusal(ChargeKind.Bindings, ChargeLevel.User, Limit / 2), book.Refusal);
        Assert.Equal(0, book.HeldOf(ChargeKind.Bindings));
    }

    [Fact]
    public void Bytes_are_advanced_and_all_come_back()
    {
        var random = new Random(1);
        ChargeAmounts limits = default;
        limits[(int)ChargeKind.MessageBytes] = 10_000_000;
        var book = new ChargeBook(limits, default);
        ProcessCharges process = Enter(book, 1, 1);
        List<long> used = [];
        for (int i = 0; i < 10_000; i++)
        {
            long bytes = random.Next(1, 50_000);
            if (random.Next(3) > 0 && book.HasBytes(process, bytes))
            {
                book.UseBytes(process, bytes);
                used.Add(bytes);
            }
            else if (used.Count > 0)
            {
                book.ReturnBytes(process, used[^1]);
                used.RemoveAt(used.Count - 1);
            }

            Assert.Equal(used.Sum(), process.Used(ChargeKind.MessageBytes));
            Assert.True(process.BytesLeft >= 0, "what is used is charged");
            Assert.InRange(used.Sum(), 0, 10_000_000 / 4);
            Assert.InRange(book.HeldOf(ChargeKind.MessageBytes), used.Sum(), used.Sum() + (200 * 1024));
        }

        used.ForEach(b => book.ReturnBytes(process, b));
        book.Leave(process);
        Assert.Equal(0, book.HeldOf(ChargeKind.MessageBytes));
        Assert.Empty(book.Users);
    }

    [Fact]
    public void Any_sequence_of_charges_adds_up_on_all_levels_and_ends_at_nothing()
    {
        for (int seed = 0; seed < 50; seed++)
        {
            Play(new Random(seed), $"seed {seed}");
        }
    }

    private static void Play(Random random, string seed)
    {
        ChargeBook book = NewBook();
        List<(ProcessCharges Process, long Held)> members = [];
        for (int i = 0; i < 500; i++)
        {
            int at = random.Next(members.Count + 1);
            switch (random.Next(4))
            {
                case 0:
                    members.Add((Enter(book, (uint)random.Next(3), (ulong)random.Next(6)), 0));
                    break;
                case 1 when at < members.Count:
                    book.Release(members[at].Process, ChargeKind.Bindings, members[at].Held);
                    book.Leave(members[at].Process);
                    members.RemoveAt(at);
                    break;
                case 2 or 3 when at < members.Count:
                    long amount = random.Next(1, random.Next(2, 3000));
                    ProcessCharges process = members[at].Process;
                    bool mayHave = process.Held[(int)ChargeKind.Bindings] + amount <= book.ShareOf(process, ChargeKind.Bindings)
                        && process.User.Held[(int)ChargeKind.Bindings] + amount <= book.ShareOf(process.User, ChargeKind.Bindings);
                    Assert.True(mayHave == book.TryCharge(process, ChargeKind.Bindings, amount), seed);
                    members[at] = (process, members[at].Held + (mayHave ? amount : 0));
                    break;
            }

            Assert.True(members.Sum(m => m.Held) == book.HeldOf(ChargeKind.Bindings), seed);
            Assert.True(book.HeldOf(ChargeKind.Bindings) <= Limit, seed);
            foreach (IGrouping<ProcessCharges, (ProcessCharges Process, long Held)> one in members.GroupBy(m => m.Process))
            {
                Assert.True(one.Sum(m => m.Held) == one.Key.Held[(int)ChargeKind.Bindings], seed);
            }
        }

        foreach ((ProcessCharges process, long held) in members)
        {
            book.Release(process, ChargeKind.Bindings, held);
            book.Leave(process);
        }

        Assert.True(book.HeldOf(ChargeKind.Bindings) == 0 && book.Users.Count == 0 && book.Processes == 0, seed);
    }

    private static long TakeAll(ChargeBook book, ProcessCharges process)
    {
        long taken = 0;
        for (long step = Limit; step > 0; step /= 2)
        {
            while (book.TryCharge(process, ChargeKind.Bindings, step))
            {
                taken += step;
            }
        }

        return taken;
    }

    private static ProcessCharges Enter(ChargeBook book, uint user, ulong process) => book.Enter(new KsockOwner(0, user, KsockMode.Read, process));

    private static ChargeBook NewBook()
    {
        ChargeAmounts limits = default;
        ChargeAmounts floors = default;
        limits[(int)ChargeKind.Bindings] = Limit;
        floors[(int)ChargeKind.Bindings] = Floor;
        return new ChargeBook(limits, floors);
    }
}
