namespace Kbus.Tests;

// The bus dies (D22).
public abstract partial class KsockTests
{
    [Fact]
    public Task When_the_bus_dies_what_was_delivered_is_read_and_each_Request_in_flight_is_answered() => Limited.Run(() =>
    {
        Ksock replier = OpenReplier("$.Q");
        Ksock sender = OpenListener("$.A");
        sender.Send(new Announcement("$.A", "delivered"));
        MessageId unread = sender.Send(new Request("$.Q"));
        MessageId read = sender.Send(new Request("$.Q"));
        MessageId answered = sender.Send(new Request("$.Q"));
        replier.ReadNextMessage();
        replier.ReadNextMessage();
        replier.Send(Message.ReplyTo(replier.ReadNextMessage()!, "answer"));
        _buses!.Die();
        Assert.Equal("delivered", sender.WaitForMessage()!.DataAsText);
        Assert.Equal(answered, sender.WaitForMessage()!.InReplyTo);
        Message[] statuses = [sender.WaitForMessage()!, sender.WaitForMessage()!];
        Assert.Equal([unread, read], statuses.Select(s => s.InReplyTo).Order());
        Assert.All(statuses, s => Assert.Equal(
            $"<Status '$.KBUS.Replier.GoneAway', to={sender.Id}, in_reply_to={s.InReplyTo}, flags=0x4 (SYN)>", s.ToString()));
        Assert.Equal(Errno.ENODEV, ErrnoOf(() => sender.WaitForMessage()));
        Assert.Equal(Errno.ENODEV, ErrnoOf(() => sender.ReadNextMessage()));
        Assert.Equal(Errno.ENODEV, ErrnoOf(() => sender.Send(new Announcement("$.A"))));
        Assert.Equal(Errno.ENODEV, ErrnoOf(() => sender.Bind("$.A")));
        Assert.Equal(Errno.ENODEV, ErrnoOf(() => _ = sender.NumMessages));
        Assert.Equal(Errno.ENODEV, ErrnoOf(() => replier.WaitForMessage()));
    });

    [Fact]
    public Task When_the_bus_dies_whoever_waits_is_told() => Limited.Run(async () =>
    {
        Ksock replier = OpenReplier("$.Q");
        Ksock sender = Open();
        Task<Message?> asking = Task.Run(() => sender.Request(new Request("$.Q", "sync")));
        Task<Message?> askingAsync = sender.RequestAsync(new Request("$.Q", "async"));
        Ksock reader = Open();
        Task<Errno> reading = Task.Run(() => ErrnoOf(() => reader.WaitForMessage()));
        Task<Errno> readingAsync = ErrnoOf(() => reader.ReceiveAsync().AsTask());
        Assert.NotNull(replier.WaitForMessage());
        Assert.NotNull(replier.WaitForMessage());
        _buses!.Die();
        Assert.Equal("$.KBUS.Replier.GoneAway", Assert.IsType<Status>(await asking).Name);
        Assert.Equal("$.KBUS.Replier.GoneAway", Assert.IsType<Status>(await askingAsync).Name);
        Assert.Equal((Errno.ENODEV, Errno.ENODEV), (await reading, await readingAsync));
    });

    [Fact]
    public Task When_the_bus_dies_a_waiting_send_is_refused() => Limited.Run(async () =>
    {
        OpenFullListener("$.Full");
        Ksock sender = Open();
        Task<MessageId> sending = sender.SendAsync(Patient()).AsTask();
        while (!sender.IsSending)
        {
            await Task.Yield();
        }

        _buses!.Die();
        Assert.Equal(Errno.ENODEV, await ErrnoOf(() => sending));
    });
}
