using Kbus.Core;
using Kbus.Link;

namespace Kbus.Tests;

/// <summary>Ksocks on links to a daemon, which here runs in this process: all between it and them is as between processes.</summary>
public sealed class LinkKsockTests : KsockTests
{
    private protected override ITestBuses Start(BusOptions limits, int buses) => new LinkedBuses(limits, buses);

    [Fact]
    public Task A_message_larger_than_any_bus_allows_is_refused_and_the_Ksock_lives_on() => Limited.Run(() =>
    {
        using ITestBuses buses = Start(new BusOptions(), 1);
        using Ksock sender = buses.Open(0, KsockMode.ReadWrite, new KsockOptions());
        Assert.False(sender.TrySend(new Announcement("$.A", new byte[64 * 1024 * 1024]), out _, out Errno error));
        Assert.Equal(Errno.EMSGSIZE, error);
        sender.Send(new Announcement("$.A"));
    });

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public Task A_thread_that_asks_or_replies_gets_short_time_slices_and_one_that_announces_keeps_its_own(bool asks) => Limited.Run(() =>
    {
        using ITestBuses buses = Start(new BusOptions(), 1);
        using Ksock asker = buses.Open(0, KsockMode.ReadWrite, new KsockOptions());
        using Ksock replier = buses.Open(0, KsockMode.ReadWrite, new KsockOptions());
        replier.Bind("$.A", replier: true);
        (ulong Before, ulong Announced, ulong Took) slices = default;
        var thread = new Thread(() =>
        {
            slices.Before = SliceOfThisThread();
            asker.Send(new Announcement("$.B"));
            slices.Announced = SliceOfThisThread();
            if (asks)
            {
                asker.Send(new Request("$.A"));
            }
            else
            {
                using var request = new MessageBuffer();
                replier.WaitForMessage(request);
                replier.Reply(request, default);
            }

            slices.Took = SliceOfThisThread();
        });
        if (!asks)
        {
            asker.Send(new Request("$.A"));
        }

        thread.Start();
        thread.Join();
        Assert.Equal(slices.Before, slices.Announced);
        Assert.Equal(PromptThread.Slice != 0 ? Math.Min(slices.Before, PromptThread.Slice) : slices.Before, slices.Took);
        return;

        // 0 where the kernel knows of no such slices: then there must be none afterwards, too.
        static ulong SliceOfThisThread() => LibC.TryGetTimeSlice(out SchedulingAttributes attributes) ? attributes.Slice : 0;
    });

    [Fact]
    public Task A_bus_that_rings_and_dies_at_once_is_known_to_be_dead() => Limited.Run(async () =>
    {
        using ITestBuses other = Start(new BusOptions(), 1);
        using ITestBuses buses = Start(new BusOptions(), 1);
        using Ksock holder = other.Open(0, KsockMode.ReadWrite, new KsockOptions());
        using Ksock waiter = buses.Open(0, KsockMode.ReadWrite, new KsockOptions());
        using Ksock sender = buses.Open(0, KsockMode.ReadWrite, new KsockOptions());
        waiter.Bind("$.A");
        ValueTask<Message?> waiting = waiter.ReceiveAsync();

        // The thread that hears all rings of this process is held, so that it hears the ring and the hang-up together.
        using var isHeld = new ManualResetEventSlim();
        using var letGo = new ManualResetEventSlim();
        holder.Bind("$.Hold");
        holder.Host.NotifyOfNews(holder.Host.WatchNews(), () =>
        {
            isHeld.Set();
            letGo.Wait();
        });
        holder.Send(new Announcement("$.Hold"));
        isHeld.Wait();

        sender.Send(new Announcement("$.A"));
        buses.Die();
        letGo.Set();
        Assert.Equal("$.A", (await waiting)?.Name);
        Assert.Equal(Errno.ENODEV, (await Assert.ThrowsAsync<KbusException>(async () => await waiter.ReceiveAsync())).Errno);
    });
}
