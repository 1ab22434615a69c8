namespace Kbus.Tests;

public abstract partial class KsockTests
{
    [Fact]
    public Task Asynchronous_sends_are_sent_in_the_order_of_the_calls() => Limited.Run(async () =>
    {
        Ksock listener = OpenListener("$.*");
        listener.SetMaxMessages(2000);
        Ksock sender = Open();
        Task<MessageId>[] sends = [.. Enumerable.Range(0, 1000).Select(i => sender.SendAsync(new Announcement("$.A", $"{i}")).AsTask())];
        MessageId[] ids = await Task.WhenAll(sends);
        Message[] messages = [.. listener];
        Assert.Equal(ids, messages.Select(m => m.Id));
        Assert.Equal(Enumerable.Range(0, 1000).Select(i => $"{i}"), Texts(messages));
    });

    [Fact]
    public Task Asynchronous_sends_of_spans_are_sent_like_others() => Limited.Run(async () =>
    {
        Ksock listener = OpenListener("$.*");
        listener.SetMaxMessages(2000);
        Ksock sender = Open();
        byte[] data = new byte[1];
        List<Task<MessageId>> sends = [];
        for (int i = 0; i < 1000; i++)
        {
            data[0] = (byte)i;
            sends.Add(Awaited(sender.SendAsync("$.A"u8, data)));
        }

        MessageId last = default;
        foreach (Task<MessageId> send in sends)
        {
            MessageId id = await send;
            Assert.True(last < id);
            last = id;
        }

        Assert.Equal(Enumerable.Range(0, 1000).Select(i => (byte)i), listener.ReadAvailable().Select(m => m.Data.Span[0]));
        KbusException refusal = await Assert.ThrowsAsync<KbusException>(async () => await sender.SendAsync("$.Nobody"u8, default, MessageFlags.WantAReply));
        Assert.StartsWith("EADDRNOTAVAIL: Nobody is bound as replier to $.Nobody. ", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(Errno.EBADMSG, await ErrnoOf(async () => await sender.SendAsync("$.A.*"u8, default, MessageFlags.AllOrWait)));

        static async Task<MessageId> Awaited(ValueTask<MessageId> send) => await send;
    });

    [Fact]
    public Task Asynchronous_sends_that_nobody_asks_about_are_sent_all_the_same() => Limited.Run(() =>
    {
        Ksock listener = OpenListener("$.*");
        listener.SetMaxMessages(6000);
        Ksock sender = Open();
        for (int i = 0; i < 5000; i++)
        {
#pragma warning disable CA2012 // Not asking is what is tested.
            _ = sender.SendAsync("$.A"u8, default);
#pragma warning restore CA2012
        }

        sender.Send("$.A"u8, default);
        Assert.Equal(Enumerable.Range(1, 5001).Select(i => (uint)i), listener.ReadAvailable().Select(m => m.Id.SerialNumber));
    });

    [Fact]
    public Task Who_looks_whether_an_asynchronous_send_has_ended_sees_it_end() => Limited.Run(() =>
    {
        Ksock sender = Open();
        ValueTask<MessageId>[] sends = [.. Enumerable.Range(0, 100).Select(_ => sender.SendAsync("$.A"u8, default))];
        for (int i = sends.Length - 1; i >= 0; i--)
        {
            while (!sends[i].IsCompleted)
            {
                Thread.Yield();
            }

            Assert.Equal((uint)i + 1, sends[i].GetAwaiter().GetResult().SerialNumber);
        }
    });

    [Fact]
    public Task Asynchronous_sends_awaited_in_any_order_get_their_own_outcomes() => Limited.Run(async () =>
    {
        Ksock sender = Open();
        var random = new Random(7);
        for (int round = 0; round < 50; round++)
        {
            uint first = sender.Send("$.A"u8, default).SerialNumber + 1;
            List<(uint Expected, ValueTask<MessageId> Send)> sends = [];
            for (uint i = 0; i < 40; i++)
            {
#pragma warning disable CA2012 // Each is awaited once, below.
                sends.Add((first + i, sender.SendAsync("$.A"u8, default)));
#pragma warning restore CA2012
            }

            while (sends.Count > 0)
            {
                int some = random.Next(sends.Count);
                (uint expected, ValueTask<MessageId> send) = sends[some];
                sends.RemoveAt(some);
                Assert.Equal(expected, (await send).SerialNumber);
            }
        }
    });

    [Fact]
    public Task Asynchronous_sends_are_refused_like_others() => Limited.Run(async () =>
    {
        Ksock sender = Open();
        Task<MessageId> good = sender.SendAsync(new Announcement("$.A")).AsTask();
        KbusException refusal = await Assert.ThrowsAsync<KbusException>(() => sender.SendAsync(new Request("$.Nobody")).AsTask());
        Assert.StartsWith("EADDRNOTAVAIL: Nobody is bound as replier to $.Nobody. ", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(Errno.EBADMSG, await ErrnoOf(() => sender.SendAsync(new Message("$.a*")).AsTask()));
        Assert.Equal(Errno.EADDRNOTAVAIL, await ErrnoOf(() => sender.RequestAsync(new Request("$.Nobody"))));
        await Assert.ThrowsAsync<ArgumentException>(() => sender.RequestAsync(new Announcement("$.Nobody")));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sender.SendAsync(new Announcement("$.A"), new CancellationToken(true)).AsTask());
        Assert.Equal(1u, (await good).SerialNumber);
    });

    [Fact]
    public Task Receiving_is_done_when_a_message_comes() => Limited.Run(async () =>
    {
        Ksock listener = OpenListener("$.*");
        Ksock sender = Open();
        for (int i = 0; i < 200; i++)
        {
            Task<Message?> receiving = listener.ReceiveAsync().AsTask();
            sender.Send(new Announcement("$.A", $"{i}"));
            Assert.Equal($"{i}", (await receiving)!.DataAsText);
        }

        Assert.Null(await listener.ReceiveAsync(TimeSpan.Zero));
        Task<Message?> receivingForLong = listener.ReceiveAsync(TimeSpan.MaxValue).AsTask();
        sender.Send(new Announcement("$.A"));
        Assert.NotNull(await receivingForLong);
    });

    [Fact]
    public Task Receiving_gives_up_when_the_time_is_over() => Limited.Run(async () =>
    {
        using var clock = new HandClock();
        Ksock listener = Open(clock: clock);
        listener.Bind("$.*");
        Task<Message?> receiving = listener.ReceiveAsync(TimeSpan.FromMinutes(5)).AsTask();
        await clock.UntilSomebodyWaits();
        Assert.False(receiving.IsCompleted);
        clock.Advance(TimeSpan.FromMinutes(5));
        Assert.Null(await receiving);
        Open().Send(new Announcement("$.A"));
        Assert.NotNull(await listener.ReceiveAsync(TimeSpan.FromMinutes(5)));
    });

    [Fact]
    public Task A_cancelled_read_eats_no_message() => Limited.Run(async () =>
    {
        Ksock listener = OpenListener("$.*");
        listener.SetMaxMessages(10_000);
        Ksock sender = Open();
        List<string> seen = [];
        for (int i = 0; i < 500; i++)
        {
            using var cancel = new CancellationTokenSource();
            Task<Message?> receiving = listener.ReceiveAsync(null, cancel.Token).AsTask();
            Task sending = Task.Run(() => sender.Send(new Announcement("$.A", $"{i}")));
            Task cancelling = Task.Run(cancel.Cancel);
            try
            {
                seen.Add((await receiving)!.DataAsText);
            }
            catch (OperationCanceledException)
            {
            }

            await Task.WhenAll(sending, cancelling);
        }

        seen.AddRange(Texts(listener));
        Assert.Equal(Enumerable.Range(0, 500).Select(i => $"{i}"), seen);
    });

    [Fact]
    public Task Messages_can_be_read_with_await_foreach() => Limited.Run(async () =>
    {
        Ksock listener = OpenListener("$.*");
        Ksock sender = Open();
        Task sending = Task.Run(() =>
        {
            for (int i = 0; i < 50; i++)
            {
                sender.Send(new Announcement("$.A", $"{i}"));
            }
        });
        int count = 0;
        await foreach (Message message in listener)
        {
            Assert.Equal($"{count}", message.DataAsText);
            if (++count == 50)
            {
                break;
            }
        }

        await sending;
        using var cancel = new CancellationTokenSource();
        Task reading = Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (Message message in listener.ReceiveAllAsync(cancel.Token))
            {
            }
        });
        await cancel.CancelAsync();
        await reading;
    });

    [Fact]
    public Task A_thousand_Requests_in_flight_get_their_own_answers() => Limited.Run(async () =>
    {
        Ksock replier = OpenReplier("$.Echo");
        replier.SetMaxMessages(2000);
        Ksock sender = Open();
        sender.SetMaxMessages(2000);
        Task<Message?>[] asking = [.. Enumerable.Range(0, 1000).Select(i => sender.RequestAsync(new Request("$.Echo", $"{i}")))];

        // The last is answered first.
        List<Message> requests = [];
        while (requests.Count < 1000)
        {
            requests.Add((await replier.ReceiveAsync())!);
        }

        requests.Reverse();
        requests.ForEach(r => replier.Send(Message.ReplyTo(r, r.Data)));
        Message?[] answers = await Task.WhenAll(asking);
        Assert.Equal(Enumerable.Range(0, 1000).Select(i => $"{i}"), Texts(answers!));
        Assert.Empty(sender.ReadAvailable());
    });

    [Fact]
    public Task An_asynchronous_Request_leaves_other_messages_in_the_queue() => Limited.Run(async () =>
    {
        Ksock replier = OpenReplier("$.Q");
        Ksock sender = OpenListener("$.Other");
        replier.Send(new Announcement("$.Other", "1"));
        Task<Message?> asking = sender.RequestAsync(new Request("$.Q"));
        Message request = replier.WaitForMessage()!;
        replier.Send(new Announcement("$.Other", "2"));
        replier.Send(Message.ReplyTo(request, "!"));
        Assert.Equal("!", (await asking)!.DataAsText);
        Assert.Equal(2u, sender.NumMessages);
        Assert.Equal(["1", "2"], Texts(sender));
    });

    [Fact]
    public Task An_asynchronous_Request_gives_up_when_the_time_is_over_or_when_cancelled() => Limited.Run(async () =>
    {
        using var clock = new HandClock();
        Ksock replier = OpenReplier("$.Q");
        Ksock sender = Open(clock: clock);
        using var cancel = new CancellationTokenSource();
        Task<Message?> timed = sender.RequestAsync(new Request("$.Q", "timed"), TimeSpan.FromMinutes(1));
        Task<Message?> cancelled = sender.RequestAsync(new Request("$.Q", "cancelled"), null, cancel.Token);
        Message[] requests = [replier.WaitForMessage()!, replier.WaitForMessage()!];
        clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Null(await timed);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);

        // The answers that come too late are ordinary messages.
        foreach (Message request in requests)
        {
            replier.Send(Message.ReplyTo(request, request.Data));
        }

        Assert.Equal(["timed", "cancelled"], Texts(sender));
    });

    [Fact]
    public Task Continuations_do_not_run_on_the_thread_that_sends() => Limited.Run(async () =>
    {
        Ksock listener = OpenListener("$.*");
        Ksock sender = Open();
        int sendingThread = 0;
        int continuedOn = 0;
        Task receiving = Continue();
        var sent = new TaskCompletionSource();
        var thread = new Thread(() =>
        {
            sendingThread = Environment.CurrentManagedThreadId;
            sender.Send(new Announcement("$.A"));
            sent.SetResult();
        });
        thread.Start();
        await receiving;
        await sent.Task;
        Assert.NotEqual(sendingThread, continuedOn);

        async Task Continue()
        {
            await listener.ReceiveAsync().ConfigureAwait(false);
            continuedOn = Environment.CurrentManagedThreadId;
        }
    });
}
