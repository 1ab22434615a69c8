namespace Kbus.Tests;

public abstract partial class KsockTests
{
    [Fact]
    public Task A_message_that_nobody_listens_to_is_sent_all_the_same() => Limited.Run(() =>
    {
        Ksock sender = Open();
        Assert.Equal(MessageId.None, sender.LastSentId);
        Assert.Equal(new MessageId(0, 1), sender.Send(new Announcement("$.A")));
        Assert.Equal(new MessageId(0, 2), sender.Send("$.A"u8, "data"u8));
        Assert.Equal(new MessageId(0, 2), sender.LastSentId);
    });

    [Fact]
    public Task A_message_stays_as_it_was_and_can_be_sent_again() => Limited.Run(() =>
    {
        Ksock listener = OpenListener("$.*");
        Ksock sender = Open();
        var message = new Message("$.A", "hello");
        sender.Send(message);
        sender.Send(message);
        Assert.Equal(new Message("$.A", "hello"), message);
        Message first = listener.ReadNextMessage()!;
        Assert.Equal(message.WithId(new MessageId(0, 1)).ToString(), first.ToString().Replace($", from={sender.Id}", "", StringComparison.Ordinal));

        // Also one that was read: the bus gives it a new id and sender.
        listener.Send(first);
        Assert.Equal("hello", listener.ReadNextMessage()!.DataAsText);
        Message again = listener.ReadNextMessage()!;
        Assert.Equal((new MessageId(0, 3), listener.Id, "hello"), (again.Id, again.From, again.DataAsText));
    });

    [Fact]
    public Task An_id_with_a_network_id_is_kept() => Limited.Run(() =>
    {
        Ksock listener = OpenListener("$.*");
        Assert.Equal(new MessageId(7, 9), Open().Send(new Announcement("$.A").WithId(new MessageId(7, 9)).WithOrigFrom(new OrigFrom(1, 2))));
        Message message = listener.ReadNextMessage()!;
        Assert.Equal((new MessageId(7, 9), new OrigFrom(1, 2)), (message.Id, message.OrigFrom));
    });

    [Fact]
    public Task Every_kind_of_data_arrives_as_it_was_sent() => Limited.Run(() =>
    {
        Ksock listener = OpenListener("$.*");
        Ksock sender = Open();
        for (int length = 0; length < 70; length++)
        {
            byte[] data = [.. Enumerable.Range(0, length).Select(i => (byte)(i * 37))];
            sender.Send(new Announcement("$.Data" + new string('x', length % 5), data));
            Message read = listener.ReadNextMessage()!;
            Assert.Equal(data, read.Data.ToArray());
            Assert.Equal("$.Data" + new string('x', length % 5), read.Name);
        }
    });

    [Fact]
    public Task A_big_message_arrives_whole() => Limited.Run(() =>
    {
        Ksock sender = Open();
        sender.SetMaxMessageSize(sender.AbsoluteMaxMessageSize);
        Ksock[] listeners = [OpenListener("$.*"), OpenListener("$.Big")];
        byte[] data = new byte[3_000_001];
        new Random(1).NextBytes(data);
        sender.Send(new Announcement("$.Big", data));
        using var buffer = new MessageBuffer();
        foreach (Ksock listener in listeners)
        {
            Assert.True(listener.WaitForMessage(buffer));
            Assert.True(buffer.Data.SequenceEqual(data));
            Assert.True(Message.FromBytes(buffer.Entire).Data.Span.SequenceEqual(data));
            Assert.True(buffer.ToMessage().Data.Span.SequenceEqual(data));
        }
    });

    [Fact]
    public Task A_message_larger_than_the_bus_allows_is_refused() => Limited.Run(() =>
    {
        Ksock sender = Open();
        Assert.Equal(409600u, sender.MaxMessageSize);
        sender.Send(new Announcement("$.A", new byte[409600 - 88 - 4 - 4]));
        KbusException refusal = Assert.Throws<KbusException>(() => sender.Send(new Announcement("$.A", new byte[409600 - 88 - 4 - 4 + 1])));
        Assert.Equal(Errno.EMSGSIZE, refusal.Errno);
        Assert.StartsWith("EMSGSIZE: The message $.A would be 409604 bytes long, more than the bus allows. ", refusal.Message, StringComparison.Ordinal);
    });

    [Fact]
    public Task Refusals_say_what_happened() => Limited.Run(() =>
    {
        Ksock sender = Open();
        Refused(Errno.EADDRNOTAVAIL, "Nobody is bound as replier to $.Q. Ksock 1 of bus 0 sent nothing. Start the replier, or wait for it to bind.", new Request("$.Q"));
        Refused(Errno.EADDRNOTAVAIL, "Ksock 99, which the Reply $.Q to [0:5] was for, is not open any more. Ksock 1 of bus 0 sent nothing. Forget the Reply: nobody waits for it.", new Reply("$.Q", new MessageId(0, 5)) { To = 99 });
        Refused(
            Errno.ECONNREFUSED,
            "Ksock 1 expects no Reply to [0:5] from Ksock 1 of bus 0: it was answered already, or given to another Ksock to answer. Nothing was sent. Answer",
            new Reply("$.Q", new MessageId(0, 5)) { To = 1 });
        Refused(Errno.EBADMSG, "$.Q.* is a wildcard; a message needs a plain name.", new Message("$.Q.*"));
        Refused(Errno.EBADMSG, "\"$.Q-R\" is not a legal message name.", new Message("$.Q-R"));
        Ksock replier = OpenReplier("$.Q");
        Refused(Errno.EPIPE, "Ksock 77 no longer replies to $.Q. Ksock 1 of bus 0 sent nothing. The state", new Request("$.Q", "", to: 77));
        replier.SetMaxMessages(1);
        sender.Send(new Request("$.Q"));
        Refused(Errno.EBUSY, "The queue of the replier for $.Q is full.", new Request("$.Q"));
        sender.SetMaxMessages(1);
        Refused(Errno.ENOLCK, "The queue of Ksock 1 of bus 0 itself has no room for the Reply to $.Q.", new Request("$.Q"));
        OpenFullListener("$.L");
        Refused(Errno.EBUSY, "Somebody whom $.L is for has a full queue.", new Announcement("$.L", "", MessageFlags.AllOrFail));
        Refused(Errno.EINVAL, "Of the flags ALL_OR_WAIT and ALL_OR_FAIL a message has one at the most, and $.L has both. ", new Announcement("$.L", "", MessageFlags.AllOrFail | MessageFlags.AllOrWait));

        void Refused(Errno errno, string? what, Message message)
        {
            KbusException refusal = Assert.Throws<KbusException>(() => sender.Send(message));
            Assert.Equal(errno, refusal.Errno);
            Assert.Equal((int)errno, refusal.HResult);
            Assert.StartsWith($"{errno}: {what}", refusal.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("For a ", refusal.Message, StringComparison.Ordinal);
            Assert.False(sender.TrySend(message, out _, out Errno error));
            Assert.Equal(errno, error);
        }
    });

    [Fact]
    public Task An_attempt_to_send_the_message_that_waits_names_it() => Limited.Run(() =>
    {
        Ksock sender = Open();
        OpenFullListener("$.L");
        KbusException waits = Assert.Throws<KbusException>(() => sender.Send(new Announcement("$.L", "", MessageFlags.AllOrWait)));
        Assert.StartsWith("EAGAIN: Somebody whom $.L is for has a full queue; the message of Ksock 1 of bus 0 waits", waits.Message, StringComparison.Ordinal);
        Assert.Equal(waits.Message, Assert.Throws<KbusException>(() => sender.Retry()).Message);
        Assert.Equal(
            "EALREADY: The message that Ksock 1 of bus 0 sent before still waits for room, and goes on waiting; $.Other was not taken. "
            + KbusErrors.Advice(Errno.EALREADY),
            Assert.Throws<KbusException>(() => sender.Send(new Announcement("$.Other"))).Message);
        sender.Discard();
        Assert.StartsWith("ENOMSG: Ksock 1 of bus 0 has no message to send", Assert.Throws<KbusException>(() => sender.Retry()).Message, StringComparison.Ordinal);
    });

    [Fact]
    public Task A_name_in_an_error_does_nothing_to_a_terminal() => Limited.Run(() =>
    {
        Ksock sender = Open();
        KbusException refusal = Assert.Throws<KbusException>(() => sender.Send(new Announcement("$.Evil\u009b31m\u001b[2J")));
        Assert.StartsWith("EBADMSG: \"$.Evil\\xc2\\x9b31m\\x1b[2J\" is not a legal message name.", refusal.Message, StringComparison.Ordinal);
        refusal = Assert.Throws<KbusException>(() => sender.Bind("$.Evil\u202e"));
        Assert.StartsWith("EBADMSG: \"$.Evil\\xe2\\x80\\xae\" is not a legal message name to bind to.", refusal.Message, StringComparison.Ordinal);
    });

    [Fact]
    public Task A_Ksock_opened_for_reading_cannot_send_but_do_everything_else() => Limited.Run(() =>
    {
        Ksock reader = Open(KsockMode.Read);
        reader.Bind("$.*");
        reader.Bind("$.Q", replier: true);
        KbusException refusal = Assert.Throws<KbusException>(() => reader.Send(new Announcement("$.A")));
        Assert.StartsWith("EBADF: Ksock 1 of bus 0 was not opened for writing. ", refusal.Message, StringComparison.Ordinal);
        Open().Send(new Announcement("$.A"));
        Assert.Single(reader.ReadAvailable());
        reader.SetMaxMessages(3);
        Assert.Equal(Errno.None, reader.Bare.Poll(out _, out bool writable));
        Assert.False(writable);
    });

    [Fact]
    public Task A_Ksock_opened_for_writing_cannot_read() => Limited.Run(async () =>
    {
        Ksock writer = Open(KsockMode.Write);
        writer.Bind("$.A");
        writer.Send(new Announcement("$.A"));
        KbusException refusal = Assert.Throws<KbusException>(() => writer.ReadNextMessage());
        Assert.StartsWith("EBADF: Ksock 1 of bus 0 was not opened for reading. ", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(Errno.EBADF, ErrnoOf(() => writer.WaitForMessage()));
        Assert.Equal(Errno.EBADF, ErrnoOf(() => writer.Request(new Request("$.A"))));
        Assert.Equal(Errno.EBADF, await ErrnoOf(() => writer.RequestAsync(new Request("$.A"))));
        Assert.Equal(1u, writer.NumMessages);
    });

    [Fact]
    public Task An_urgent_message_is_read_first() => Limited.Run(() =>
    {
        Ksock listener = OpenListener("$.*");
        Ksock sender = Open();
        sender.Send(new Announcement("$.A", "calm"));
        sender.Send(new Announcement("$.A", "urgent").AsUrgent());
        sender.Send(new Announcement("$.A", "more urgent").AsUrgent());
        Assert.Equal(["more urgent", "urgent", "calm"], Texts(listener));
    });

    [Fact]
    public Task Sending_with_spans_gives_the_same_message() => Limited.Run(() =>
    {
        Ksock listener = OpenListener("$.*");
        Ksock sender = Open();
        Assert.Equal(Errno.None, sender.TrySend("$.A"u8, "data"u8, MessageFlags.Urgent, out MessageId id));
        Assert.Equal(
            $"<Announcement '$.A', id={id}, from={sender.Id}, flags=0x8 (URG), data='data'>",
            listener.ReadNextMessage()!.ToString());
        Assert.Equal(Errno.EINVAL, sender.TrySend(default, default, MessageFlags.None, out _));
        Assert.Equal(Errno.EBADMSG, ErrnoOf(() => sender.Send("$.a*"u8, default)));
    });
}
