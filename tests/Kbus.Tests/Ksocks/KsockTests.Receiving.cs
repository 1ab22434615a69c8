namespace Kbus.Tests;

public abstract partial class KsockTests
{
    [Fact]
    public Task Reading_gives_nothing_when_nothing_waits() => Limited.Run(() =>
    {
        Ksock listener = OpenListener("$.*");
        using var buffer = new MessageBuffer();
        Assert.Null(listener.ReadNextMessage());
        Assert.False(listener.TryReadNext(buffer));
        Assert.Null(listener.WaitForMessage(TimeSpan.Zero));
        Assert.Null(listener.WaitForMessage(TimeSpan.FromMilliseconds(1)));
        Assert.False(listener.WaitForMessage(buffer, TimeSpan.FromMilliseconds(1)));
        Assert.False(buffer.HasMessage);
        Assert.Throws<ArgumentOutOfRangeException>(() => listener.WaitForMessage(TimeSpan.FromSeconds(-2)));
    });

    [Fact]
    public Task Waiting_ends_with_the_message_that_comes() => Limited.Run(async () =>
    {
        Ksock listener = OpenListener("$.*");
        Ksock sender = Open();
        for (int i = 0; i < 200; i++)
        {
            Task<Message?> waiting = Task.Run(() => listener.WaitForMessage());
            sender.Send(new Announcement("$.A", $"{i}"));
            Assert.Equal($"{i}", (await waiting)!.DataAsText);
        }
    });

    [Fact]
    public Task Several_threads_that_wait_get_a_message_each() => Limited.Run(async () =>
    {
        Ksock listener = OpenListener("$.*");
        Ksock sender = Open();
        Task<Message?>[] waiting = [.. Enumerable.Range(0, 4).Select(_ => Task.Run(() => listener.WaitForMessage()))];
        for (int i = 0; i < 4; i++)
        {
            sender.Send(new Announcement("$.A", $"{i}"));
        }

        Message?[] messages = await Task.WhenAll(waiting);
        Assert.Equal(["0", "1", "2", "3"], messages.Select(m => m!.DataAsText).Order());
    });

    [Fact]
    public Task A_Ksock_can_be_read_to_its_end_again_and_again() => Limited.Run(() =>
    {
        Ksock listener = OpenListener("$.*");
        Ksock sender = Open();
        Assert.Empty(listener.ReadAvailable());
        sender.Send(new Announcement("$.A", "1"));
        sender.Send(new Announcement("$.A", "2"));
        Assert.Equal(["1", "2"], Texts(listener));
        Assert.Empty(listener.ReadAvailable());
        sender.Send(new Announcement("$.A", "3"));
        Assert.Equal(["3"], Texts(listener));
    });

    [Fact]
    public Task A_buffer_shows_the_message_it_holds_and_is_used_again() => Limited.Run(() =>
    {
        Ksock listener = OpenListener("$.*");
        Ksock sender = Open();
        using var buffer = new MessageBuffer(0);
        foreach (string text in new[] { "short", new string('l', 10_000), "", "x" })
        {
            MessageId id = sender.Send(new Announcement("$.A.B", text, MessageFlags.Urgent));
            Assert.True(listener.TryReadNext(buffer));
            Assert.Equal((id, sender.Id, 0u, MessageFlags.Urgent), (buffer.Id, buffer.From, buffer.To, buffer.Flags));
            Assert.True(buffer.Name.SequenceEqual("$.A.B"u8));
            Assert.Equal(text, System.Text.Encoding.UTF8.GetString(buffer.Data));
            Assert.Equal(MessageKind.Announcement, buffer.Kind);
            Assert.Equal(buffer.ToMessage(), Message.FromBytes(buffer.Entire));
            Assert.Equal(buffer.EntireLength, buffer.Entire.Length);
            Assert.Equal(buffer.ToMessage().ToString(), buffer.ToString());
        }

        buffer.Clear();
        Assert.False(buffer.HasMessage);
        Assert.True(buffer.Name.IsEmpty && buffer.Data.IsEmpty && buffer.Entire.IsEmpty);
        Assert.Throws<InvalidOperationException>(() => buffer.ToMessage());
    });

    [Fact]
    public Task Several_messages_are_read_into_buffers_in_their_order() => Limited.Run(() =>
    {
        Ksock listener = OpenListener("$.*");
        Ksock sender = Open();
        MessageBuffer[] buffers = [.. Enumerable.Range(0, 4).Select(_ => new MessageBuffer())];
        Assert.Equal(0, listener.ReadNext(buffers));
        Assert.Equal(0, listener.WaitForMessages(buffers, TimeSpan.Zero));
        Assert.Equal(0, listener.WaitForMessages(buffers, TimeSpan.FromMilliseconds(1)));
        Assert.Equal(0, listener.ReadNext([]));
        Assert.Throws<ArgumentException>(() => listener.WaitForMessages([]));
        Assert.Throws<ArgumentOutOfRangeException>(() => listener.WaitForMessages(buffers, TimeSpan.FromSeconds(-2)));

        // One of them is too big to lie in a ring, one urgent.
        byte[] big = new byte[100_000];
        big[^1] = 7;
        sender.Send(new Announcement("$.A", "1"));
        sender.Send(new Announcement("$.A", big));
        sender.Send(new Announcement("$.A", "2"));
        sender.Send(new Announcement("$.A", "3"));
        sender.Send(new Announcement("$.A", "first", MessageFlags.Urgent));
        List<string> heard = [];
        while (listener.ReadNext(buffers) is var count && count > 0)
        {
            heard.AddRange(buffers.Take(count).Select(b => b.Data.Length == big.Length ? $"big {b.Data[^1]}" : b.ToMessage().DataAsText));
            Assert.All(buffers.Skip(count), b => Assert.False(b.HasMessage));
        }

        Assert.Equal(["first", "1", "big 7", "2", "3"], heard);
        Assert.Equal(0u, listener.NumMessages);
        Array.ForEach(buffers, b => b.Dispose());
    });

    [Fact]
    public Task Waiting_for_several_messages_ends_with_the_first_that_comes_and_loses_none() => Limited.Run(async () =>
    {
        const int Count = 20_000;
        Ksock listener = OpenListener("$.*");
        listener.SetMaxMessages(Count);
        Task<List<string>> hearing = Task.Run(() =>
        {
            MessageBuffer[] buffers = [.. Enumerable.Range(0, 16).Select(_ => new MessageBuffer())];
            List<string> heard = [];
            while (heard.Count < Count)
            {
                int count = listener.WaitForMessages(buffers);
                Assert.InRange(count, 1, buffers.Length);
                heard.AddRange(buffers.Take(count).Select(b => b.ToMessage().DataAsText));
            }

            return heard;
        });
        Ksock sender = Open();
        for (int i = 0; i < Count; i++)
        {
            sender.Send(new Announcement("$.A", $"{i}"));
        }

        Assert.Equal(Enumerable.Range(0, Count).Select(i => $"{i}"), await hearing);
    });

    [Fact]
    public Task Answers_that_others_wait_for_are_not_among_several_messages_read() => Limited.Run(async () =>
    {
        Ksock replier = OpenReplier("$.Ask");
        Ksock ksock = OpenListener("$.A");
        MessageBuffer[] buffers = [.. Enumerable.Range(0, 8).Select(_ => new MessageBuffer())];
        for (int round = 0; round < 50; round++)
        {
            ksock.Send(new Announcement("$.A", "1"));
            Task<Message?> asking = ksock.RequestAsync(new Request("$.Ask"));
            Message request = replier.WaitForMessage()!;
            replier.Send(Message.ReplyTo(request, "yes"));
            ksock.Send(new Announcement("$.A", "2"));
            List<string> heard = [];
            while (heard.Count < 2)
            {
                int count = ksock.WaitForMessages(buffers);
                heard.AddRange(buffers.Take(count).Select(b => b.ToMessage().DataAsText));
            }

            Assert.Equal(["1", "2"], heard);
            Assert.Equal("yes", (await asking)!.DataAsText);
        }
    });

    [Fact]
    public Task Several_messages_cannot_be_read_from_a_Ksock_that_cannot_read() => Limited.Run(() =>
    {
        MessageBuffer[] buffers = [new()];
        Ksock writer = Open(KsockMode.Write);
        Assert.Equal(Errno.EBADF, Assert.Throws<KbusException>(() => writer.ReadNext(buffers)).Errno);
        Assert.Equal(Errno.EBADF, Assert.Throws<KbusException>(() => writer.WaitForMessages(buffers)).Errno);
        Ksock closed = Open();
        closed.Dispose();
        Assert.Throws<ObjectDisposedException>(() => closed.ReadNext(buffers));
        Assert.Throws<ObjectDisposedException>(() => closed.WaitForMessages(buffers));
    });

    [Fact]
    public Task Messages_read_are_of_the_class_that_fits() => Limited.Run(() =>
    {
        Ksock replier = OpenReplier("$.Q");
        Ksock sender = Open();
        Ksock listener = OpenListener("$.*");
        sender.Send(new Message("$.A"));
        sender.Send(new Request("$.Q"));
        replier.Send(Message.ReplyTo(Assert.IsType<Request>(replier.ReadNextMessage()), ""));
        sender.Send(new Request("$.Q"));
        replier.Dispose();
        Assert.Equal([typeof(Announcement), typeof(Request), typeof(Reply), typeof(Request)], listener.ReadAvailable().Select(m => m.GetType()));
        Assert.Equal([typeof(Reply), typeof(Status)], sender.ReadAvailable().Select(m => m.GetType()));
    });

    [Fact]
    public Task A_message_wanted_once_comes_once() => Limited.Run(() =>
    {
        Ksock ksock = OpenReplier("$.Q");
        ksock.Bind("$.*");
        ksock.Bind("$.Q");
        Assert.False(ksock.WantMessagesOnce());
        Assert.True(ksock.WantsMessagesOnce);
        Open().Send(new Request("$.Q"));
        Assert.True(Assert.Single(ksock.ReadAvailable()).WantsUsToReply);
        Assert.True(ksock.WantMessagesOnce(false));
        Open().Send(new Request("$.Q"));
        Assert.Equal([true, false, false], ksock.ReadAvailable().Select(m => m.WantsUsToReply));
    });

    [Fact]
    public Task Counts_and_limits_can_be_asked_for_and_set() => Limited.Run(() =>
    {
        Ksock ksock = OpenReplier("$.Q");
        Ksock sender = Open();
        Assert.Equal(100u, ksock.MaxMessages);
        Assert.Equal(2u, ksock.SetMaxMessages(2));
        Assert.Equal(2u, ksock.SetMaxMessages(0));
        sender.Send(new Request("$.Q", "1"));
        sender.Send(new Request("$.Q", "2"));
        Assert.Equal((2u, 0u), (ksock.NumMessages, ksock.NumUnrepliedTo));
        Message request = ksock.ReadNextMessage()!;
        Assert.Equal((1u, 1u), (ksock.NumMessages, ksock.NumUnrepliedTo));
        ksock.Send(Message.ReplyTo(request));
        Assert.Equal(0u, ksock.NumUnrepliedTo);
        Assert.Equal(67108864u, ksock.AbsoluteMaxMessageSize);
        Assert.Equal(200u, ksock.SetMaxMessageSize(200));
        Assert.Equal(200u, sender.MaxMessageSize);
        KbusException refusal = Assert.Throws<KbusException>(() => sender.SetMaxMessageSize(99));
        Assert.StartsWith("EINVAL: The bus does not take 99 bytes", refusal.Message, StringComparison.Ordinal);
        Assert.False(ksock.IsVerbose);
        Assert.False(ksock.Verbose());
        Assert.True(sender.IsVerbose);
        Assert.True(sender.Verbose(false));
    });

    [Fact]
    public Task All_recipients_agree_on_one_order_under_many_senders() => Limited.Run(async () =>
    {
        Ksock[] listeners = [.. Enumerable.Range(0, 3).Select(_ => OpenListener("$.Order.*"))];
        foreach (Ksock listener in listeners)
        {
            listener.SetMaxMessages(100_000);
        }

        Task[] senders = [.. Enumerable.Range(0, 3).Select(n => Task.Run(() =>
        {
            Ksock sender = Open();
            for (int i = 0; i < 500; i++)
            {
                sender.Send(new Announcement($"$.Order.S{n}", $"{i}"));
            }
        }))];
        await Task.WhenAll(senders);
        List<MessageId>[] seen = [.. listeners.Select(l => l.ReadAvailable().Select(m => m.Id).ToList())];
        Assert.Equal(1500, seen[0].Count);
        Assert.All(seen, s => Assert.Equal(seen[0], s));
        Assert.Equal(seen[0].Order(), seen[0]);
    });
}
