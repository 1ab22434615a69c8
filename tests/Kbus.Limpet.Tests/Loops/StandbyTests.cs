using Kbus.Core;

namespace Kbus.Limpets.Tests;

/// <summary>The second way of a ring is kept on standby, and takes over when the first one fails.</summary>
public sealed class StandbyTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(180);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task When_the_first_way_fails_the_second_takes_over_and_everybody_is_heard_once(bool isTls)
    {
        using var bowls = new Bowls(3);
        using var keys = new Keys();
        LimpetOptions Options(uint bus, uint id) => bowls.Options(bus, id) with { SilenceLimit = TimeSpan.FromSeconds(4) };
        LimpetSecurity client = isTls ? keys.Other : Served.Plain;
        LimpetSecurity server = isTls ? keys.One : Served.Plain;
        using var stop = new CancellationTokenSource();
        using var cut = new CancellationTokenSource();
        await using Served one = await Served.At(Served.AnyPort(), Options(1, 2), server);
        await using Served two = await Served.At(Served.AnyPort(), Options(2, 4), server);
        await using Served three = await Served.At(Served.AnyPort(), Options(0, 6), server);
        Task<LimpetEnding> first = new LimpetClient(one.Address, Options(0, 1), client).RunAsync(cancellationToken: cut.Token);
        Task<LimpetEnding> second = new LimpetClient(two.Address, Options(1, 3), client).RunAsync(cancellationToken: stop.Token);
        bowls.Bound(2, "$.There", replier: true);
        bowls.AwaitReplier(0, "$.There");
        Task<LimpetEnding> third = new LimpetClient(three.Address, Options(2, 5), client).RunAsync(cancellationToken: stop.Token);
        bowls.AwaitTold("Limpet 5 on bus 2");

        // Somebody speaks until the ring is noticed. The newest link goes on standby.
        Ksock speaker = bowls.Open(0);
        bool IsOnStandby() => bowls.Told.Any(t => t.Contains("is on standby: it is made again when the other way fails", StringComparison.Ordinal));
        long until = Environment.TickCount64 + (long)Limit.TotalMilliseconds;
        while (!IsOnStandby())
        {
            speaker.Send(new Announcement("$.Round"));
            Assert.True(Environment.TickCount64 < until, "the ring is not noticed");
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        Everybody(bowls);
        bowls.Told.Clear();
        await cut.CancelAsync();
        await first.WaitAsync(Limit, TestContext.Current.CancellationToken);
        bowls.AwaitTold("by another way any more. The link is made again.");
        bowls.AwaitTold("Connected to");
        bowls.AwaitReplier(0, "$.There");
        Everybody(bowls);
        await stop.CancelAsync();
        await Task.WhenAll(second, third).WaitAsync(Limit, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task As_long_as_the_first_way_works_the_second_stays_on_standby()
    {
        using var bowls = new Bowls(2);
        LimpetOptions Options(uint bus, uint id) => bowls.Options(bus, id) with { SilenceLimit = TimeSpan.FromSeconds(4) };
        using var stop = new CancellationTokenSource();
        bowls.Join(Options(0, 1), Options(1, 2));
        await using Served server = await Served.At(Served.NewPath(), Options(0, 3));
        Task<LimpetEnding> client = new LimpetClient(server.Address, Options(1, 4)).RunAsync(cancellationToken: stop.Token);
        Ksock speaker = bowls.Open(0);
        Ksock listener = bowls.Bound(1, RingProbe.MessageName);
        long until = Environment.TickCount64 + (long)Limit.TotalMilliseconds;
        while (!bowls.Told.Any(t => t.Contains("is on standby", StringComparison.Ordinal)))
        {
            speaker.Send(new Announcement("$.Round"));
            Assert.True(Environment.TickCount64 < until, "the ring is not noticed");
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        // Probes for three silence limits.
        for (int heard = 0; heard < 24;)
        {
            heard += RingProbe.TryRead(Bowls.Next(listener).Data.Span, out RingProbe probe) && probe.Rank == StandbyBeacon.RankOf(3, 4) ? 1 : 0;
        }

        Assert.DoesNotContain(bowls.Told, t => t.Contains("The link is made again", StringComparison.Ordinal));
        await stop.CancelAsync();
        Assert.Equal(LimpetEndingKind.Stopped, (await client.WaitAsync(Limit, TestContext.Current.CancellationToken)).Kind);
    }

    private static void Everybody(Bowls bowls)
    {
        Ksock[] fish = [.. Enumerable.Range(0, 3).Select(b => bowls.Bound((uint)b, "$.All"))];
        for (int sender = 0; sender < fish.Length; sender++)
        {
            fish[sender].Send(new Announcement("$.All", $"{sender}"));
        }

        foreach (Ksock one in fish)
        {
            Assert.Equal(3, Enumerable.Range(0, 3).Select(_ => Bowls.Next(one).DataAsText).Distinct().Count());
            Assert.Equal(0u, one.NumMessages);
            one.Dispose();
        }
    }
}
