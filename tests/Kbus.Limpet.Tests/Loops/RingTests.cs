using Kbus.Tests;

namespace Kbus.Limpets.Tests;

/// <summary>Buses joined in a ring: nothing goes round for ever, one link is closed and says why, and everybody is reached by the other way.</summary>
public sealed class RingTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(180);

    [Theory]
    [InlineData(2, false)]
    [InlineData(3, false)]
    [InlineData(4, false)]
    [InlineData(2, true)]
    [InlineData(3, true)]
    public async Task A_ring_is_opened_at_one_place_and_everybody_is_reached_afterwards(int buses, bool hasTail)
    {
        using var bowls = new Bowls(hasTail ? buses + 1 : buses);
        List<Limpet> limpets = [];
        void Join(uint one, uint other)
        {
            (Limpet first, Limpet second) = bowls.Join(one, (uint)limpets.Count + 1, other, (uint)limpets.Count + 2);
            limpets.AddRange([first, second]);
        }

        if (hasTail)
        {
            Join(0, (uint)buses);
        }

        for (uint bus = 0; bus < buses; bus++)
        {
            Join(bus, (bus + 1) % (uint)buses);
        }

        // Somebody speaks until the ring has been noticed.
        uint speaks = hasTail ? (uint)buses : 0;
        Ksock speaker = bowls.Open(speaks);
        long until = Environment.TickCount64 + (long)Limit.TotalMilliseconds;
        int spoken = 0;
        while (!limpets.Exists(l => l.Ended.IsCompleted))
        {
            speaker.Send(new Announcement("$.Round", $"{spoken++}"));
            Assert.True(Environment.TickCount64 < until, "the ring is not noticed");
            await Task.WhenAny([.. limpets.Select(l => l.Ended), Task.Delay(5, TestContext.Current.CancellationToken)]);
        }

        LimpetEnding ending = await limpets.Find(l => l.Ended.IsCompleted)!.Ended;
        Limpet[] looped = [.. limpets.Where(l => l.Ended.IsCompleted && l.Ended.Result.Kind == LimpetEndingKind.Loop)];
        Assert.True(looped.Length > 0 || ending.Kind == LimpetEndingKind.PeerGone, $"{ending}");

        // Both ends of what was closed end, and all the others stay.
        while (limpets.Count(l => l.Ended.IsCompleted) % 2 != 0)
        {
            await Task.WhenAny([.. limpets.Where(l => !l.Ended.IsCompleted).Select(l => l.Ended), Task.Delay(10, TestContext.Current.CancellationToken)]);
            Assert.True(Environment.TickCount64 < until, "one end stays");
        }

        looped = [.. limpets.Where(l => l.Ended.IsCompleted && l.Ended.Result.Kind == LimpetEndingKind.Loop)];
        Assert.NotEmpty(looped);
        Assert.All(looped, l => Assert.Contains("in a ring", l.Ended.Result.Text, StringComparison.Ordinal));
        Assert.Equal(2, limpets.Count(l => l.Ended.IsCompleted));

        // No storm: what was carried is in proportion to what was said.
        long carried = limpets.Sum(l => l.Counts.CarriedOut);
        Assert.True(carried <= (6L * buses * (spoken + 1)) + 100, $"{carried} carried for {spoken} said");

        Everybody(bowls, hasTail ? buses + 1 : buses);
    }

    /// <summary>Everybody speaks, so that many Limpets notice at the same moment; and still no link too many is closed.</summary>
    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Of_a_web_of_rings_a_tree_is_left_that_reaches_everybody(int seed)
    {
        TestContext.Current.SendDiagnosticMessage("web {0}", seed);
        var random = new Random(seed);
        int buses = random.Next(2, 6);
        int tooMany = random.Next(1, 5);
        using var bowls = new Bowls(buses);
        List<Limpet> limpets = [];
        List<(uint, uint)> links = [.. Enumerable.Range(1, buses - 1).Select(b => ((uint)b, (uint)random.Next(b)))];
        for (int i = 0; i < tooMany; i++)
        {
            uint one = (uint)random.Next(buses);
            links.Add((one, (one + (uint)random.Next(1, buses)) % (uint)buses));
        }

        uint[] ids = [.. Enumerable.Range(1, 2 * links.Count).Select(i => (uint)i)];
        random.Shuffle(ids);
        (uint, uint)[] order = [.. links];
        random.Shuffle(order);
        foreach ((uint one, uint other) in order)
        {
            (Limpet first, Limpet second) = bowls.Join(one, ids[limpets.Count], other, ids[limpets.Count + 1]);
            limpets.AddRange([first, second]);
        }

        Ksock[] speakers = [.. Enumerable.Range(0, buses).Select(b => bowls.Open((uint)b))];
        int Ended() => limpets.Count(l => l.Ended.IsCompleted);
        long until = Environment.TickCount64 + (long)Limit.TotalMilliseconds;
        int more = 20;
        while (Ended() < 2 * tooMany || more-- > 0)
        {
            Array.ForEach(speakers, s => s.Send(new Announcement("$.Round", "x")));
            Assert.True(Environment.TickCount64 < until, $"seed {seed}: {Ended()} ends have closed, not {2 * tooMany}");
            await Task.Delay(2, TestContext.Current.CancellationToken);
        }

        LimpetEnding[] endings = [.. limpets.Where(l => l.Ended.IsCompleted).Select(l => l.Ended.Result)];
        Assert.True(endings.Length == 2 * tooMany, $"seed {seed}: {string.Join(" / ", endings.Select(e => e.Text))}");
        Assert.True(endings.Count(e => e.Kind == LimpetEndingKind.Loop) >= tooMany, $"seed {seed}: {string.Join(" / ", endings.Select(e => e.Text))}");
        Everybody(bowls, buses);
    }

    /// <summary>The same ones each time, and a new one.</summary>
    public static TheoryData<int> Seeds() => [.. Enumerable.Range(1, 12), Random.Shared.Next()];

    [Fact]
    public void Repliers_that_come_and_go_on_a_ring_cause_no_storm_of_bind_events()
    {
        using var bowls = new Bowls(3);
        List<Limpet> limpets = [];
        for (uint bus = 0; bus < 3; bus++)
        {
            (Limpet one, Limpet other) = bowls.Join(bus, (2 * bus) + 1, (bus + 1) % 3, (2 * bus) + 2);
            limpets.AddRange([one, other]);
        }

        for (int i = 0; i < 5; i++)
        {
            // A bind event may still have been under way when it looked quiet; then somebody stands in for a moment more.
            using Ksock replier = bowls.Open(0);
            Assert.True(SpinWait.SpinUntil(() => TryBind(replier, "$.Here"), Limit), "the name is never free");
            bowls.AwaitReplier(1, "$.Here");
            bowls.AwaitReplier(2, "$.Here");
            replier.Unbind("$.Here", replier: true);

            // It is quiet when nobody stands in for anybody, and nothing has been carried between two looks at that.
            long carried = -1;
            bool isQuiet = SpinWait.SpinUntil(
                () =>
                {
                    long before = carried;
                    carried = Carried(limpets);
                    return before == carried && limpets.TrueForAll(l => l.Counts is { Proxies: 0, ProxiesWaiting: 0 }) && carried == Carried(limpets);
                },
                Limit);
            Assert.True(isQuiet, $"{carried} bind events, and no end: {string.Join(" / ", bowls.Told.Take(20))}");
        }

        Assert.InRange(Carried(limpets), 1, 5000);
    }

    [Fact]
    public void Of_two_Limpets_with_one_network_id_a_sentence_tells_and_nobody_else_loses_anything()
    {
        using var bowls = new Bowls(4);
        using var clock = new HandClock();
        bowls.Join(0, 7, 1, 1);
        bowls.Join(bowls.Options(1, 2) with { Time = clock }, bowls.Options(2, 3) with { Time = clock });
        Ksock listener = bowls.Bound(2, "$.Say");
        Ksock speaker = bowls.Open(0);
        speaker.Send(new Announcement("$.Say"));
        _ = Bowls.Next(listener);
        clock.Advance(TimeSpan.FromSeconds(10));
        bowls.Join(bowls.Options(2, 4) with { Time = clock }, bowls.Options(3, 7) with { Time = clock });
        speaker.Send(new Announcement("$.Say"));
        bowls.AwaitTold("or two have the same network id");
        Everybody(bowls, 3);
    }

    /// <summary>P8: a program that plays with ids.</summary>
    [Theory]
    [InlineData(0u)]
    [InlineData(1u)]
    [InlineData(3u)]
    [InlineData(5u)]
    public void A_program_that_sets_ids_of_Limpets_or_sends_again_what_it_has_heard_closes_no_link(uint where)
    {
        using var bowls = new Bowls(4);
        List<Limpet> limpets = [];
        for (uint bus = 0; bus < 3; bus++)
        {
            (Limpet one, Limpet other) = bowls.Join(bus, (2 * bus) + 1, bus + 1, (2 * bus) + 2);
            limpets.AddRange([one, other]);
        }

        uint place = Math.Min(where, 3);
        Ksock bad = bowls.Bound(place, "$.Echo");
        Ksock speaker = bowls.Open((place + 2) % 4);
        for (uint i = 1; i <= 50; i++)
        {
            speaker.Send(new Announcement("$.Echo", "x"));
            Message heard = Bowls.Next(bad);
            for (int again = 0; again < 3; again++)
            {
                bad.Send(heard.WithId(heard.Id));
            }

            while (bad.NumMessages > 0)
            {
                bad.ReadNextMessage();
            }

            for (uint network = 1; network <= 6; network++)
            {
                bad.Send(new Announcement("$.Other", "y").WithId(new MessageId(network, 5)));
            }
        }

        Everybody(bowls, 4);
        Assert.All(limpets, l => Assert.False(l.Ended.IsCompleted));
    }

    private static long Carried(List<Limpet> limpets) => limpets.Sum(l => l.Counts.CarriedOut);

    /// <summary>Everybody hears everybody, once.</summary>
    private static bool TryBind(Ksock ksock, string name)
    {
        try
        {
            ksock.Bind(name, replier: true);
            return true;
        }
        catch (KbusException e) when (e.Errno == Errno.EADDRINUSE)
        {
            return false;
        }
    }

    private static void Everybody(Bowls bowls, int buses)
    {
        Ksock[] fish = [.. Enumerable.Range(0, buses).Select(b => bowls.Bound((uint)b, "$.All"))];
        for (int sender = 0; sender < buses; sender++)
        {
            fish[sender].Send(new Announcement("$.All", $"{sender}"));
        }

        foreach (Ksock one in fish)
        {
            List<string> heard = [.. Enumerable.Range(0, buses).Select(_ => Bowls.Next(one).DataAsText)];
            Assert.Equal(buses, heard.Distinct().Count());
            Assert.Equal(0u, one.NumMessages);
        }
    }
}
