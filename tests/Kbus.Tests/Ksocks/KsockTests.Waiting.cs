namespace Kbus.Tests;

// Messages that wait for room: ALL_OR_WAIT.
public abstract partial class KsockTests
{
    private static Announcement Patient(string text = "patient") => new("$.Full", text, MessageFlags.AllOrWait);

    [Fact]
    public Task A_message_for_all_waits_until_there_is_room() => Limited.Run(() =>
    {
        Ksock full = OpenFullListener("$.Full");
        Ksock other = OpenListener("$.Full");
        Ksock sender = Open();
        Assert.False(sender.TrySend(Patient(), out MessageId id, out Errno error));
        Assert.Equal(Errno.EAGAIN, error);
        Assert.Equal(new MessageId(0, 2), id);
        Assert.True(sender.IsSending);
        Assert.Empty(other.ReadAvailable());
        Assert.Equal(Errno.EALREADY, ErrnoOf(() => sender.Send(new Announcement("$.A"))));
        Assert.Equal(Errno.EAGAIN, ErrnoOf(() => sender.Retry()));
        Assert.False(sender.WaitUntilSent(TimeSpan.Zero));
        Assert.Equal(["filler"], Texts(full));
        Assert.Equal(id, sender.Retry());
        Assert.False(sender.IsSending);
        Assert.Equal(["patient"], Texts(full));
        Assert.Equal(["patient"], Texts(other));
        Assert.Equal(Errno.ENOMSG, ErrnoOf(() => sender.Retry()));
        Assert.Equal(Errno.ENOMSG, ErrnoOf(() => sender.WaitUntilSent()));
    });

    [Fact]
    public Task A_waiting_message_can_be_given_up() => Limited.Run(() =>
    {
        Ksock full = OpenFullListener("$.Full");
        Ksock sender = Open();
        sender.TrySend(Patient(), out _, out _);
        sender.Discard();
        Assert.False(sender.IsSending);
        Assert.Equal(["filler"], Texts(full));
        sender.Discard();
        sender.Send(new Announcement("$.Full", "next"));
        Assert.Equal(["next"], Texts(full));
    });

    [Theory]
    [InlineData("reads")]
    [InlineData("closes")]
    [InlineData("raises its limit")]
    [InlineData("unbinds")]
    public Task Who_waits_for_room_is_woken_when_the_full_listener(string does) => Limited.Run(async () =>
    {
        Ksock full = OpenFullListener("$.Full");
        Ksock sender = Open();
        sender.TrySend(Patient(), out _, out _);
        Task<bool> waiting = Task.Run(() => sender.WaitUntilSent());
        Ksock other = OpenListener("$.Full");
        switch (does)
        {
            case "reads": full.ReadNextMessage(); break;
            case "closes": full.Dispose(); break;
            case "raises its limit": full.SetMaxMessages(2); break;
            default: full.Unbind("$.Full"); break;
        }

        Assert.True(await waiting);
        Assert.Equal(["patient"], Texts(other));
    });

    [Fact]
    public Task Waiting_for_a_message_tries_the_waiting_send_again() => Limited.Run(async () =>
    {
        Ksock full = OpenFullListener("$.Full");
        Ksock sender = Open();
        sender.Bind("$.End");
        sender.TrySend(Patient(), out _, out _);
        Task<Message?> waiting = Task.Run(() => sender.WaitForMessage());
        Assert.Equal("filler", full.ReadNextMessage()!.DataAsText);
        Assert.Equal("patient", full.WaitForMessage()!.DataAsText);
        Open().Send(new Announcement("$.End"));
        Assert.Equal("$.End", (await waiting)!.Name);
    });

    [Fact]
    public Task A_waiting_Request_whose_replier_leaves_is_answered_by_the_bus() => Limited.Run(() =>
    {
        Ksock replier = OpenReplier("$.Q");
        replier.SetMaxMessages(1);
        Ksock sender = Open();
        sender.Send(new Request("$.Q"));
        Assert.Equal(Errno.EAGAIN, ErrnoOf(() => sender.Send(new Request("$.Q", "", flags: MessageFlags.AllOrWait))));
        MessageId id = sender.LastSentId;
        replier.Dispose();
        Message[] statuses = [sender.WaitForMessage()!, sender.WaitForMessage()!];
        Assert.Equal(["$.KBUS.Replier.GoneAway", "$.KBUS.Replier.Disappeared"], statuses.Select(m => m.Name));
        Assert.Equal(id, statuses[1].InReplyTo);
        Assert.All(statuses, m => Assert.IsType<Status>(m));
        Assert.False(sender.IsSending);
    });

    [Fact]
    public Task A_blocking_Request_waits_for_room_and_then_for_its_answer() => Limited.Run(async () =>
    {
        Ksock replier = OpenReplier("$.Q");
        replier.SetMaxMessages(1);
        Ksock other = Open();
        other.Send(new Request("$.Q", "other"));
        Ksock sender = Open();
        Task<Message?> asking = Task.Run(() => sender.Request(new Request("$.Q", "mine", flags: MessageFlags.AllOrWait)));
        replier.Send(Message.ReplyTo(replier.WaitForMessage()!, "to other"));
        replier.Send(Message.ReplyTo(replier.WaitForMessage()!, "to mine"));
        Assert.Equal("to mine", (await asking)!.DataAsText);
        Assert.Equal(["to other"], Texts(other));
        Assert.False(sender.IsSending);
    });

    [Fact]
    public Task A_blocking_Request_that_finds_no_room_in_time_is_given_up() => Limited.Run(() =>
    {
        Ksock replier = OpenReplier("$.Q");
        replier.SetMaxMessages(1);
        Ksock sender = Open();
        sender.Send(new Request("$.Q", "first"));
        Assert.Null(sender.Request(new Request("$.Q", "second", flags: MessageFlags.AllOrWait), TimeSpan.Zero));
        Assert.False(sender.IsSending);
        Assert.Equal(["first"], Texts(replier));
    });

    [Fact]
    public Task A_blocking_Request_whose_replier_leaves_before_there_was_room_is_refused() => Limited.Run(async () =>
    {
        Ksock replier = OpenReplier("$.Q");
        replier.SetMaxMessages(1);
        using Ksock other = Open();
        other.Send(new Request("$.Q"));
        Ksock sender = Open();
        Task<Errno> asking = Task.Run(() => ErrnoOf(() => sender.Request(new Request("$.Q", "", flags: MessageFlags.AllOrWait))));
        while (!sender.IsSending)
        {
            await Task.Yield();
        }

        replier.Dispose();
        Assert.Equal(Errno.EADDRNOTAVAIL, await asking);
        Assert.False(sender.IsSending);
        Assert.Empty(sender.ReadAvailable());
    });

    [Fact]
    public Task An_asynchronous_send_for_all_is_done_when_there_is_room_and_later_sends_follow_in_order() => Limited.Run(async () =>
    {
        Ksock full = OpenFullListener("$.Full");
        Ksock sender = Open();
        Task<MessageId> first = sender.SendAsync(Patient("first")).AsTask();
        Task<MessageId> second = sender.SendAsync(new Announcement("$.Full", "second")).AsTask();
        Task<MessageId> third = sender.SendAsync(Patient("third")).AsTask();
        Assert.False(first.IsCompleted || second.IsCompleted || third.IsCompleted);
        full.SetMaxMessages(10);
        MessageId[] ids = await Task.WhenAll(first, second, third);
        Assert.Equal(ids.Order(), ids);
        Assert.Equal(["filler", "first", "second", "third"], Texts(full));
    });

    [Fact]
    public Task A_cancelled_asynchronous_send_reaches_nobody() => Limited.Run(async () =>
    {
        Ksock full = OpenFullListener("$.Full");
        Ksock sender = Open();
        using var cancel = new CancellationTokenSource();
        Task<MessageId> sending = sender.SendAsync(Patient(), cancel.Token).AsTask();
        while (!sender.IsSending)
        {
            await Task.Yield();
        }

        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
        Assert.False(sender.IsSending);
        Assert.Equal(["filler"], Texts(full));
        await sender.SendAsync(new Announcement("$.Full", "next"));
        Assert.Equal(["next"], Texts(full));
    });

    [Fact]
    public Task A_send_cancelled_in_the_lane_does_not_let_others_overtake() => Limited.Run(async () =>
    {
        Ksock full = OpenFullListener("$.Full");
        Ksock sender = Open();
        using var cancel = new CancellationTokenSource();
        Task<MessageId> first = sender.SendAsync(Patient("first")).AsTask();
        Task<MessageId> second = sender.SendAsync(new Announcement("$.Full", "second"), cancel.Token).AsTask();
        Task<MessageId> third = sender.SendAsync(new Announcement("$.Full", "third")).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        Assert.False(first.IsCompleted || third.IsCompleted);
        full.SetMaxMessages(10);
        await Task.WhenAll(first, third);
        Assert.Equal(["filler", "first", "third"], Texts(full));
    });

    [Fact]
    public Task A_reader_does_not_swallow_the_outcome_of_an_asynchronous_send() => Limited.Run(async () =>
    {
        Ksock replier = OpenReplier("$.Q");
        replier.SetMaxMessages(1);
        using Ksock other = Open();
        other.Send(new Request("$.Q"));
        Ksock sender = Open();
        sender.Bind("$.End");
        Task<Message?> reading = Task.Run(() => sender.WaitForMessage());
        Task<MessageId> sending = sender.SendAsync(new Request("$.Q", "", flags: MessageFlags.AllOrWait)).AsTask();
        while (!sender.IsSending)
        {
            await Task.Yield();
        }

        replier.Dispose();
        Assert.Equal(Errno.EADDRNOTAVAIL, await ErrnoOf(() => sending));
        other.Send(new Announcement("$.End"));
        Assert.Equal("$.End", (await reading)!.Name);
    });

    [Fact]
    public Task Discarding_tells_who_waits_for_the_send() => Limited.Run(async () =>
    {
        OpenFullListener("$.Full");
        Ksock sender = Open();
        Task<MessageId> sending = sender.SendAsync(Patient()).AsTask();
        while (!sender.IsSending)
        {
            await Task.Yield();
        }

        sender.Discard();
        Assert.Equal(Errno.ECANCELED, await ErrnoOf(() => sending));
    });

    [Fact]
    public Task Discarding_wakes_the_threads_that_wait_for_the_send() => Limited.Run(async () =>
    {
        OpenFullListener("$.Full");
        Ksock sender = Open();
        sender.TrySend(Patient(), out _, out _);
        Task<Errno> waiting = Task.Run(() => ErrnoOf(() => sender.WaitUntilSent()));
        sender.Discard();
        Assert.Equal(Errno.ENOMSG, await waiting);

        Ksock replier = OpenReplier("$.Q");
        replier.SetMaxMessages(1);
        Open().Send(new Request("$.Q"));
        Task<Errno> asking = Task.Run(() => ErrnoOf(() => sender.Request(new Request("$.Q", "", flags: MessageFlags.AllOrWait))));
        while (!sender.IsSending)
        {
            await Task.Yield();
        }

        sender.Discard();
        Assert.Equal(Errno.ECANCELED, await asking);
    });

    [Fact]
    public Task Discarding_wakes_who_waits_for_the_send_whether_he_sleeps_or_is_just_about_to() => Limited.Run(async () =>
    {
        OpenFullListener("$.Full");
        Ksock sender = Open();
        for (int round = 0; round < 300; round++)
        {
            sender.TrySend(Patient(), out _, out _);
            Task<Errno> waiting = Task.Run(() => ErrnoOf(() => sender.WaitUntilSent()));
            for (int i = 0; i < round; i++)
            {
                await Task.Yield();
            }

            sender.Discard();
            Assert.Equal(Errno.ENOMSG, await waiting);
        }
    });
}
