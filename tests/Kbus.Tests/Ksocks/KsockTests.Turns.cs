namespace Kbus.Tests;

// Opening, closing and receiving without keeping the thread from others.
public abstract partial class KsockTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task Messages_that_come_continuously_do_not_starve_others_on_the_thread(bool oneByOne) => Limited.Run(() => OneThreadContext.Run(async context =>
    {
        const int most = 1000;
        Ksock listener = OpenListener("$.A");
        Ksock sender = Open();
        sender.Send(new Announcement("$.A"));
        int received = 0;
        int others = 0;
        Task other = Other();
        if (oneByOne)
        {
            while (received < most)
            {
                _ = await listener.ReceiveAsync();
                TakeAnother();
            }
        }
        else
        {
            await foreach (Message message in listener.ReceiveAllAsync(TestContext.Current.CancellationToken))
            {
                TakeAnother();
                if (received == most)
                {
                    break;
                }
            }
        }

        await other;
        Assert.True(others >= most - 1, $"{others} turns of another beside {received} messages");

        void TakeAnother()
        {
            Assert.Same(context, SynchronizationContext.Current);
            received++;

            // There is always one to be received.
            sender.Send(new Announcement("$.A"));
        }

        async Task Other()
        {
            while (received < most)
            {
                await Task.Yield();
                others++;
            }
        }
    }));

    [Fact]
    public Task Messages_that_come_continuously_do_not_keep_a_thread_of_the_pool_for_ever() => Limited.Run(async () =>
    {
        Ksock listener = OpenListener("$.A");
        Ksock sender = Open();
        sender.Send(new Announcement("$.A"));
        int waits = 0;
        for (int i = 0; i < 1000; i++)
        {
            ValueTask<Message?> receiving = listener.ReceiveAsync();
            waits += receiving.IsCompleted ? 0 : 1;
            Assert.NotNull(await receiving);
            sender.Send(new Announcement("$.A"));
        }

        // Some may be completed, on another thread, before they are looked at.
        Assert.InRange(waits, 1, 1000);
    });

    [Fact]
    public Task Whoever_blocks_its_only_thread_for_a_message_that_is_there_gets_it() => Limited.Run(() => OneThreadContext.Run(_ =>
    {
        Ksock listener = OpenListener("$.A");
        Open().Send(new Announcement("$.A", "there"));
        Assert.Equal("there", listener.ReceiveAsync().AsTask().GetAwaiter().GetResult()!.DataAsText);
        return Task.CompletedTask;
    }));

    [Fact]
    public Task A_Ksock_closed_asynchronously_is_closed_for_everybody() => Limited.Run(async () =>
    {
        Ksock replier = OpenReplier("$.Q");
        Ksock sender = Open();
        Task<Message?> waiting = replier.ReceiveAsync().AsTask();
        await using (replier)
        {
            Assert.NotEqual(default, sender.Send(new Announcement("$.A")));
        }

        Assert.True(replier.IsClosed);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting);
        Assert.Equal(Errno.EADDRNOTAVAIL, ErrnoOf(() => sender.Send(new Request("$.Q"))));
        await replier.DisposeAsync();
        replier.Dispose();
    });
}
