using System.Collections.Concurrent;

namespace Kbus.Limpets.Tests;

/// <summary>What a side said before its link ended arrives, and what a bus could not tell is found out by a new link.</summary>
public sealed class LastWordsTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_was_sent_before_the_end_arrives_though_the_peer_talks_on(bool isProtected)
    {
        const int Sent = 5000;
        using var bowls = new Bowls(2);
        using var keys = new Keys();
        Ksock g = bowls.Open(0);
        g.SetMaxMessages(Sent);
        g.Bind("$.Words");
        await using Served server = await Served.At(Served.AnyPort(), bowls.Options(0, 1), isProtected ? keys.One : null);
        LimpetOptions options = bowls.Options(1, 2) with { TerminationMessage = "$.Enough", MaxMessages = 10 * Sent };
        Task<LimpetEnding> running = new LimpetClient(server.Address, options, isProtected ? keys.Other : Served.Plain).RunAsync();
        bowls.Bound(0, "$.Here", replier: true);
        bowls.AwaitReplier(1, "$.Here");

        // A socket that is closed with something unread takes back what it has not delivered.
        Ksock talker = bowls.Open(0);
        Task talking = Task.Factory.StartNew(() => Talk(talker, running), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        Ksock a = bowls.Open(1);
        byte[] data = new byte[200];
        for (int i = 0; i < Sent; i++)
        {
            BitConverter.TryWriteBytes(data, i);
            a.Send(new Announcement("$.Words", data));
        }

        a.Send(new Announcement("$.Enough"));
        Assert.Equal(LimpetEndingKind.Terminated, (await running.WaitAsync(Limit, TestContext.Current.CancellationToken)).Kind);
        await talking.WaitAsync(Limit, TestContext.Current.CancellationToken);
        for (int i = 0; i < Sent; i++)
        {
            Assert.Equal(i, BitConverter.ToInt32(Bowls.Next(g).Data.Span));
        }
    }

    [Fact]
    public async Task When_unbind_events_were_lost_the_link_is_made_anew_and_the_proxies_are_right()
    {
        const int Leaving = 200;
        using var bowls = new Bowls(2, new Core.BusOptions { MaxSetAsideEvents = 10 });
        ConcurrentQueue<Limpet> links = [];
        ConcurrentQueue<Limpet> linksBeyond = [];
        await using Served server = await Served.At(Served.NewPath(), bowls.Options(0, 1) with { Linked = linksBeyond.Enqueue });
        using var stop = new CancellationTokenSource();
        LimpetOptions options = bowls.Options(1, 2) with { MaxMessages = 20, Linked = links.Enqueue };
        Task<LimpetEnding> running = new LimpetClient(server.Address, options, Served.Plain).RunAsync(cancellationToken: stop.Token);
        Ksock staying = bowls.Bound(1, "$.Stays", replier: true);
        bowls.AwaitReplier(0, "$.Stays");
        Ksock leaving = bowls.Open(1);
        for (int i = 0; i < Leaving; i++)
        {
            BindWhenThereIsRoom(leaving, $"$.Leaves.N{i}");
        }

        bowls.AwaitReplier(0, $"$.Leaves.N{Leaving - 1}");
        Assert.True(links.TryDequeue(out Limpet? first));

        // All in one operation of the bus: the Limpet cannot read between two of them.
        leaving.Dispose();
        LimpetEnding ending = await first.Ended.WaitAsync(Limit, TestContext.Current.CancellationToken);
        Assert.Equal(LimpetEndingKind.EventsLost, ending.Kind);
        Assert.True(ending.IsWorthAnotherTry);

        Ksock late = bowls.Open(1);
        BindWhenThereIsRoom(late, "$.Late");
        bowls.AwaitReplier(0, "$.Late");
        bowls.AwaitReplier(0, "$.Stays");
        using (Ksock looking = bowls.Open(0))
        {
            for (int i = 0; i < Leaving; i++)
            {
                Assert.Null(looking.FindReplierFor($"$.Leaves.N{i}"));
            }

            looking.Send(new Request("$.Stays", "?"));
            staying.Send(Message.ReplyTo(Bowls.Next(staying), "!"));
            Assert.Equal("!", Bowls.Next(looking).DataAsText);
        }

        Assert.Equal(2, linksBeyond.Last().Counts.Proxies);
        await stop.CancelAsync();
        Assert.Equal(LimpetEndingKind.Stopped, (await running.WaitAsync(Limit, TestContext.Current.CancellationToken)).Kind);
    }

    private static void Talk(Ksock talker, Task until)
    {
        byte[] data = new byte[1000];
        while (!until.IsCompleted)
        {
            talker.Send(new Announcement("$.Talk", data));
        }
    }

    /// <summary>Binds as replier as soon as all who want to know of it have room for the event.</summary>
    private static void BindWhenThereIsRoom(Ksock ksock, string name) => Assert.True(SpinWait.SpinUntil(
        () =>
        {
            try
            {
                ksock.Bind(name, replier: true);
                return true;
            }
            catch (KbusException e) when (e.Errno == Errno.EAGAIN)
            {
                return false;
            }
        },
        Limit));
}
