namespace Kbus.Tests;

// Messages sent together.
public abstract partial class KsockTests
{
    [Fact]
    public Task A_batch_is_sent_in_its_order_and_each_message_has_its_own_outcome() => Limited.Run(() =>
    {
        Ksock listener = OpenListener("$.A.*");
        Ksock sender = Open();
        var batch = new MessageBatch();
        batch.Add("$.A.B"u8, "one"u8);
        batch.Add("$.A..B"u8, "bad name"u8);
        batch.Add("$.Nobody"u8, "no replier"u8, MessageFlags.WantAReply);
        batch.Add(new Announcement("$.A.C", "two"));
        batch.Add(""u8, "no name"u8);
        Assert.True(batch.Outcomes.IsEmpty);
        Assert.Equal(2, sender.Send(batch));
        Errno[] errors = [Errno.None, Errno.EBADMSG, Errno.EADDRNOTAVAIL, Errno.None, Errno.EINVAL];
        Assert.Equal(errors, batch.Outcomes.ToArray().Select(o => o.Error));
        Message[] messages = [.. listener];
        Assert.Equal(["one", "two"], Texts(messages));
        Assert.Equal([batch.Outcomes[0].Id, batch.Outcomes[3].Id], messages.Select(m => m.Id));
    });

    [Fact]
    public Task A_batch_can_be_longer_than_everything_it_passes_through() => Limited.Run(() =>
    {
        const int count = 20_000;
        Ksock listener = OpenListener("$.A");
        listener.SetMaxMessages(count);
        Ksock sender = Open();
        var batch = new MessageBatch();
        byte[] data = new byte[300];
        for (int i = 0; i < count; i++)
        {
            BitConverter.TryWriteBytes(data, i);
            batch.Add("$.A"u8, data);
        }

        Assert.Equal(count, sender.Send(batch));
        Assert.Equal(Enumerable.Range(0, count), listener.ReadAvailable().Select(m => BitConverter.ToInt32(m.Data.Span)));
        Assert.Equal(Enumerable.Range(1, count).Select(i => (uint)i), batch.Outcomes.ToArray().Select(o => o.Id.SerialNumber));
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task Batches_in_flight_end_in_their_order_with_what_became_of_each_message(bool anyFails) => Limited.Run(async () =>
    {
        const int rounds = 300;
        Ksock listener = OpenListener("$.A");
        listener.SetMaxMessages(rounds * 10);
        Ksock sender = Open();
        MessageBatch[] batches = [new(), new(), new()];
        var inFlight = new Task<int>?[batches.Length];
        for (int round = 0; round < rounds; round++)
        {
            int place = round % batches.Length;
            await Check(place);
            MessageBatch batch = batches[place];
            batch.Clear();
            for (int i = 0; i < 10; i++)
            {
                batch.Add(anyFails && i % 4 == 3 ? "$.A."u8 : "$.A"u8, BitConverter.GetBytes((round * 10) + i));
            }

            inFlight[place] = sender.SendAsync(batch).AsTask();
        }

        await Check(0);
        await Check(1);
        await Check(2);
        Assert.Equal(
            Enumerable.Range(0, rounds * 10).Where(i => !anyFails || i % 10 % 4 != 3),
            listener.ReadAvailable().Select(m => BitConverter.ToInt32(m.Data.Span)));

        async Task Check(int place)
        {
            if (inFlight[place] is { } sending)
            {
                Assert.Equal(anyFails ? 8 : 10, await sending);
                Assert.Equal(
                    Enumerable.Range(0, 10).Select(i => anyFails && i % 4 == 3 ? Errno.EBADMSG : Errno.None),
                    batches[place].Outcomes.ToArray().Select(o => o.Error));
            }
        }
    });

    [Fact]
    public Task A_message_that_would_wait_has_no_place_in_a_batch_and_one_under_way_stays_as_it_is() => Limited.Run(async () =>
    {
        Ksock listener = OpenFullListener("$.A");
        Ksock sender = Open();
        var batch = new MessageBatch();
        Assert.Throws<ArgumentException>(() => batch.Add("$.A"u8, default, MessageFlags.AllOrWait));
        batch.Add("$.A"u8, "first"u8);
        Task<MessageId> waiting = sender.SendAsync(new Announcement("$.A", "waits", MessageFlags.AllOrWait)).AsTask();
        Task<int> later = sender.SendAsync(batch).AsTask();
        Assert.False(later.IsCompleted);
        Assert.Throws<InvalidOperationException>(batch.Clear);
        listener.SetMaxMessages(10);
        _ = await waiting;
        Assert.Equal(1, await later);
        Assert.Equal(["filler", "waits", "first"], Texts(listener));
    });

    [Fact]
    public Task Messages_of_a_batch_that_are_too_long_or_come_too_late_are_refused() => Limited.Run(() =>
    {
        Ksock sender = Open();
        sender.SetMaxMessageSize(200);
        var batch = new MessageBatch();
        batch.Add("$.A"u8, new byte[300]);
        batch.Add("$.A"u8, new byte[10]);
        Assert.Equal(1, sender.Send(batch));
        Assert.Equal([Errno.EMSGSIZE, Errno.None], batch.Outcomes.ToArray().Select(o => o.Error));
        _buses!.Die();
        Assert.Equal(0, sender.Send(batch));
        Assert.Equal([Errno.EMSGSIZE, Errno.ENODEV], batch.Outcomes.ToArray().Select(o => o.Error));
        sender.Dispose();
        Assert.Throws<ObjectDisposedException>(() => sender.Send(batch));
    });

    [Fact]
    public Task A_bus_that_dies_answers_to_all_messages_of_batches_in_flight() => Limited.Run(async () =>
    {
        Ksock sender = Open();
        MessageBatch[] batches = [.. Enumerable.Range(0, 20).Select(_ => new MessageBatch())];
        foreach (MessageBatch batch in batches)
        {
            for (int i = 0; i < 200; i++)
            {
                batch.Add("$.A"u8, new byte[50]);
            }
        }

        Task<int>[] sends = [.. batches.Select(b => sender.SendAsync(b).AsTask())];
        _buses!.Die();
        int[] sent = await Task.WhenAll(sends);
        Assert.Equal(
            sent,
            batches.Select(b => b.Outcomes.ToArray().Count(o => o.Error == Errno.None)));
        Assert.All(batches, b => Assert.All(b.Outcomes.ToArray(), o => Assert.True(o.Error is Errno.None or Errno.ENODEV)));
    });

    [Fact]
    public Task Batches_of_everything_from_several_threads_have_for_each_message_its_own_outcome() => Limited.Run(async () =>
    {
        // Long enough that slots of outcomes are used again and again, with all that is entered in a way of its own.
        const int threads = 3;
        const int rounds = 30;
        int seed = Environment.TickCount & 0xFFFF;
        Ksock replier = OpenReplier("$.Ask");
        Ksock listener = OpenListener("$.Tell");
        Ksock sender = Open();
        Array.ForEach([replier, listener, sender], k => k.SetMaxMessages(uint.MaxValue));
        (int Told, int Asked)[] sent = await Task.WhenAll(Enumerable.Range(0, threads).Select(n => Task.Run(() => Send(new Random(seed + n)))));
        Assert.True(sent.Sum(s => s.Told) == listener.NumMessages, $"seed {seed}: {sent.Sum(s => s.Told)} were told, {listener.NumMessages} came");
        foreach (Message request in replier)
        {
            replier.Send(Message.ReplyTo(request));
        }

        Assert.True(sent.Sum(s => s.Asked) == sender.NumMessages, $"seed {seed}: {sent.Sum(s => s.Asked)} were asked, {sender.NumMessages} answers came");

        async Task<(int Told, int Asked)> Send(Random random)
        {
            (int told, int asked) = (0, 0);
            var batch = new MessageBatch();
            for (int round = 0; round < rounds; round++)
            {
                batch.Clear();
                List<Errno> expected = [];
                for (int i = random.Next(150); i > 0; i--)
                {
                    byte[] data = new byte[random.Next(400)];
                    switch (random.Next(8))
                    {
                        case 0:
                            batch.Add("$.Ask"u8, data, MessageFlags.WantAReply);
                            expected.Add(Errno.None);
                            asked++;
                            break;
                        case 1:
                            batch.Add("$.Nobody"u8, data, MessageFlags.WantAReply);
                            expected.Add(Errno.EADDRNOTAVAIL);
                            break;
                        case 2:
                            batch.Add("$.Not..A.Name"u8, data);
                            expected.Add(Errno.EBADMSG);
                            break;
                        case 3:
                            // In parts.
                            batch.Add("$.Tell"u8, new byte[40_000]);
                            expected.Add(Errno.None);
                            told++;
                            break;
                        default:
                            batch.Add("$.Tell"u8, data);
                            expected.Add(Errno.None);
                            told++;
                            break;
                    }
                }

                int good = random.Next(2) == 0 ? sender.Send(batch) : await sender.SendAsync(batch);
                SendOutcome[] outcomes = batch.Outcomes.ToArray();
                Assert.True(expected.SequenceEqual(outcomes.Select(o => o.Error)), $"seed {seed}: {string.Join(' ', outcomes.Select(o => o.Error))}");
                Assert.Equal(expected.Count(e => e == Errno.None), good);

                // One that its caller waits for itself has its outcome between those of batches.
                Assert.NotEqual(MessageId.None, sender.Send(new Announcement("$.Heard.By.Nobody")));
            }

            return (told, asked);
        }
    });
}
