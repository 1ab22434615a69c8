namespace Kbus.Tests;

public abstract partial class KsockTests
{
    [Fact]
    public Task A_Request_brings_its_Reply() => Limited.Run(async () =>
    {
        Ksock replier = OpenReplier("$.Echo");
        Task echo = Echo(replier);
        Ksock sender = Open();
        Message answer = sender.Request(new Request("$.Echo", "hello"))!;
        Assert.Equal("hello", Assert.IsType<Reply>(answer).DataAsText);
        Assert.Equal((sender.LastSentId, replier.Id, sender.Id), (answer.InReplyTo, answer.From, answer.To));
        using var buffer = new MessageBuffer();
        for (int i = 0; i < 100; i++)
        {
            Assert.True(sender.Request("$.Echo"u8, BitConverter.GetBytes(i), buffer));
            Assert.Equal(i, BitConverter.ToInt32(buffer.Data));
        }

        Assert.Empty(sender.ReadAvailable());
        replier.Dispose();
        await echo;
    });

    [Fact]
    public Task A_Request_that_nobody_can_reply_to_is_refused() => Limited.Run(() =>
    {
        Assert.Equal(Errno.EADDRNOTAVAIL, ErrnoOf(() => Open().Request(new Request("$.Nobody"))));
        Assert.Throws<ArgumentException>(() => Open().Request(new Announcement("$.Nobody")));
    });

    [Theory]
    [InlineData("unbinds", "$.KBUS.Replier.Unbound")]
    [InlineData("closes", "$.KBUS.Replier.GoneAway")]
    [InlineData("reads and closes", "$.KBUS.Replier.Ignored")]
    public Task A_Request_brings_a_Status_when_its_replier(string does, string status) => Limited.Run(async () =>
    {
        Ksock replier = OpenReplier("$.Q");
        Ksock sender = Open();
        Task<Message?> asking = Task.Run(() => sender.Request(new Request("$.Q")));
        while (replier.NumMessages == 0)
        {
            await Task.Yield();
        }

        if (does == "unbinds")
        {
            replier.Unbind("$.Q", replier: true);
        }
        else
        {
            _ = does == "closes" ? null : replier.ReadNextMessage();
            replier.Dispose();
        }

        Status answer = Assert.IsType<Status>(await asking);
        Assert.Equal((status, replier.Id), (answer.Name, answer.From));
        Assert.True(answer.IsSynthetic);
    });

    [Fact]
    public Task Waiting_for_an_answer_leaves_other_messages_in_their_order() => Limited.Run(async () =>
    {
        Ksock replier = OpenReplier("$.Q");
        Ksock sender = OpenListener("$.Other");
        Ksock announcer = Open();
        announcer.Send(new Announcement("$.Other", "1"));
        announcer.Send(new Announcement("$.Other", "2"));
        Task<Message?> asking = Task.Run(() => sender.Request(new Request("$.Q", "?")));
        Message request = replier.WaitForMessage()!;
        announcer.Send(new Announcement("$.Other", "3"));
        replier.Send(Message.ReplyTo(request, "!"));
        announcer.Send(new Announcement("$.Other", "4"));
        Assert.Equal("!", (await asking)!.DataAsText);
        Assert.Equal(["1", "2", "3", "4"], Texts(sender));
    });

    [Fact]
    public Task An_answer_that_comes_too_late_is_an_ordinary_message() => Limited.Run(() =>
    {
        Ksock replier = OpenReplier("$.Q");
        Ksock sender = Open();
        Assert.Null(sender.Request(new Request("$.Q", "first"), TimeSpan.Zero));
        Assert.Null(sender.Request(new Request("$.Q", "second"), TimeSpan.FromMilliseconds(1)));
        Message first = replier.ReadNextMessage()!;
        replier.Send(Message.ReplyTo(first, "to first"));
        Message late = sender.ReadNextMessage()!;
        Assert.Equal((first.Id, "to first"), (late.InReplyTo, late.DataAsText));

        // Also when another Request is waiting meanwhile: it gets its own answer, and the late one is still there.
        replier.Send(Message.ReplyTo(replier.ReadNextMessage()!, "to second"));
        Task echo = Echo(replier);
        Assert.Equal("third", sender.Request(new Request("$.Q", "third"))!.DataAsText);
        Assert.Equal(["to second"], Texts(sender));
        replier.Dispose();
        Assert.True(echo.Wait(Limited.Limit));
    });

    [Fact]
    public Task Requests_of_many_threads_on_one_Ksock_get_their_own_answers() => Limited.Run(async () =>
    {
        Ksock replier = OpenReplier("$.Echo");
        Task echo = Echo(replier);
        Ksock sender = Open();
        Task[] asking = [.. Enumerable.Range(0, 4).Select(n => Task.Run(() =>
        {
            for (int i = 0; i < 200; i++)
            {
                Assert.Equal($"{n} {i}", sender.Request(new Request("$.Echo", $"{n} {i}"))!.DataAsText);
            }
        }))];
        await Task.WhenAll(asking);
        Assert.Empty(sender.ReadAvailable());
        replier.Dispose();
        await echo;
    });

    [Fact]
    public Task A_reader_hands_an_answer_to_the_thread_that_waits_for_it() => Limited.Run(async () =>
    {
        Ksock replier = OpenReplier("$.Echo");
        replier.SetMaxMessages(1000);
        Task echo = Echo(replier);
        Ksock sender = OpenListener("$.Other");
        sender.SetMaxMessages(1000);
        using var stop = new CancellationTokenSource();
        int others = 0;
        Task reading = Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                if (sender.WaitForMessage(TimeSpan.FromMilliseconds(1)) is { } message)
                {
                    Assert.Equal("$.Other", message.Name);
                    others++;
                }
            }
        });
        for (int i = 0; i < 300; i++)
        {
            Task<Message?> async = sender.RequestAsync(new Request("$.Echo", $"async {i}"));
            Assert.Equal($"{i}", sender.Request(new Request("$.Echo", $"{i}"))!.DataAsText);
            replier.Send(new Announcement("$.Other"));
            Assert.Equal($"async {i}", (await async)!.DataAsText);
        }

        await stop.CancelAsync();
        await reading;
        Assert.Equal(300, others + sender.ReadAvailable().Count);
        replier.Dispose();
        await echo;
    });

    [Fact]
    public Task Who_requests_and_listens_gets_the_answer_and_then_a_copy() => Limited.Run(async () =>
    {
        Ksock replier = OpenReplier("$.Echo");
        Task echo = Echo(replier);
        Ksock sender = OpenListener("$.Echo");
        Assert.Equal("x", sender.Request(new Request("$.Echo", "x"))!.DataAsText);
        Assert.Equal([typeof(Request), typeof(Reply)], sender.ReadAvailable().Select(m => m.GetType()));
        replier.Dispose();
        await echo;
    });

    [Fact]
    public Task A_Request_may_be_answered_by_another_thread_of_the_same_Ksock() => Limited.Run(async () =>
    {
        Ksock ksock = OpenReplier("$.Self");
        Task echo = Echo(ksock);
        Assert.Equal("me", ksock.Request(new Request("$.Self", "me"))!.DataAsText);
        Assert.Equal("me too", (await ksock.RequestAsync(new Request("$.Self", "me too")))!.DataAsText);
        ksock.Dispose();
        await echo;
    });

    [Fact]
    public Task A_buffer_can_be_replied_to() => Limited.Run(() =>
    {
        Ksock replier = OpenReplier("$.Q");
        Ksock sender = Open();
        sender.Send(new Request("$.Q", "?"));
        using var buffer = new MessageBuffer();
        Assert.True(replier.TryReadNext(buffer));
        MessageId id = replier.Reply(buffer, "!"u8);
        Assert.Equal(
            $"<Reply '$.Q', id={id}, to={sender.Id}, from={replier.Id}, in_reply_to={sender.LastSentId}, data='!'>",
            sender.ReadNextMessage()!.ToString());
        Assert.Equal(Errno.ECONNREFUSED, Assert.Throws<KbusException>(() => replier.Reply(buffer, "!"u8)).Errno);
        buffer.Clear();
        Assert.Throws<ArgumentException>(() => replier.Reply(buffer, "!"u8));
    });
}
