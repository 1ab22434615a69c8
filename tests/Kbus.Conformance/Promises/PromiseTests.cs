using System.Collections.Concurrent;

namespace Kbus.Conformance;

/// <summary>The promises, as a member sees them; each host has a class that inherits all these tests.</summary>
public abstract class PromiseTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(180);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(180);

    /// <summary>Starts the host, with two buses.</summary>
    private protected abstract IPromiseHost Start();

    [Fact]
    public Task P1_Any_two_recipients_see_their_common_messages_in_one_order() => Run(host =>
    {
        const int senders = 4;
        const int each = 500;
        string[] names = ["$.News.Sport", "$.News.Weather", "$.Gossip"];
        Ksock[] all = [.. Enumerable.Range(0, 3).Select(_ => Listener(host, names))];
        Ksock[] some = [.. names.Select(n => Listener(host, n))];
        Together(senders, number =>
        {
            using Ksock sender = host.Open();
            for (int i = 0; i < each; i++)
            {
                sender.Send(new Announcement(names[(i + number) % names.Length], $"{number}:{i}"));
            }
        });
        List<Message> seen = Read(all[0], senders * each);
        Assert.All(all[1..], k => Assert.Equal(Chain(seen), Chain(Read(k, senders * each))));
        for (int i = 0; i < names.Length; i++)
        {
            List<Message> common = seen.FindAll(m => m.Name == names[i]);
            Assert.Equal(Chain(common), Chain(Read(some[i], common.Count)));
        }
    });

    [Fact]
    public Task P1_An_urgent_message_goes_to_the_front_of_every_queue() => Run(host =>
    {
        Ksock[] listeners = [Listener(host, "$.A"), Listener(host, "$.A")];
        Ksock sender = host.Open();
        sender.Send(new Announcement("$.A", "first"));
        sender.Send(new Announcement("$.A", "second"));
        sender.Send(new Announcement("$.A", "urgent", MessageFlags.Urgent));
        Assert.All(listeners, l => Assert.Equal(["urgent", "first", "second"], l.ReadAvailable().Select(m => m.DataAsText)));
    });

    [Fact]
    public Task P2_Every_request_gets_one_answer_whatever_its_replier_does() => Run(host =>
    {
        Ksock sender = host.Open();
        sender.SetMaxMessages(1000);
        var waiting = new HashSet<MessageId>();
        for (int round = 0; round < 60; round++)
        {
            Ksock replier = host.Open();
            replier.Bind("$.Q", replier: true);
            for (int i = 0; i < 5; i++)
            {
                Assert.True(waiting.Add(sender.Send(new Request("$.Q", $"{i}"))));
            }

            replier.Send(Message.ReplyTo(replier.ReadNextMessage()!));
            _ = replier.ReadNextMessage();
            if (round % 2 == 0)
            {
                replier.Unbind("$.Q", replier: true);
            }

            replier.Dispose();
        }

        List<Message> answers = Read(sender, 300);
        Assert.All(answers, a => Assert.True(waiting.Remove(a.InReplyTo), $"a second answer: {a}"));
        Assert.Empty(waiting);
        Assert.Equal(60, answers.Count(a => !a.IsSynthetic));
        Assert.Null(sender.ReadNextMessage());
    });

    [Fact]
    public Task P3_A_send_that_cannot_be_done_says_why_at_once_and_nobody_gets_it() => Run(host =>
    {
        Ksock free = Listener(host, "$.A", "$.Q");
        Ksock full = Listener(host, "$.A");
        full.SetMaxMessages(1);
        Ksock sender = host.Open();
        sender.Send(new Announcement("$.A", "fills"));
        Assert.Equal(Errno.EBUSY, ErrnoOf(() => sender.Send(new Announcement("$.A", "refused", MessageFlags.AllOrFail))));
        Assert.Equal(Errno.EADDRNOTAVAIL, ErrnoOf(() => sender.Send(new Request("$.Q", "refused"))));
        Assert.Equal(Errno.EMSGSIZE, ErrnoOf(() => sender.Send(new Announcement("$.A", new byte[500_000]))));
        Assert.Equal(["fills"], free.ReadAvailable().Select(m => m.DataAsText));
        Assert.Equal(["fills"], full.ReadAvailable().Select(m => m.DataAsText));
    });

    [Fact]
    public Task P4_A_replier_gets_every_request_and_only_a_full_listener_misses_messages() => Run(host =>
    {
        Ksock replier = host.Open();
        replier.SetMaxMessages(50);
        replier.Bind("$.Q", replier: true);
        Ksock overhearer = Listener(host, "$.Q");
        overhearer.SetMaxMessages(10);
        Ksock sender = host.Open();
        sender.SetMaxMessages(1000);
        List<MessageId> accepted = [];
        for (int i = 0; i < 100; i++)
        {
            if (sender.TrySend(new Request("$.Q"), out MessageId id, out Errno error))
            {
                accepted.Add(id);
            }
            else
            {
                Assert.Equal(Errno.EBUSY, error);
            }
        }

        Assert.Equal(50, accepted.Count);
        Assert.Equal(accepted, replier.ReadAvailable().Select(m => m.Id));
        Assert.Equal(accepted.Take(10), overhearer.ReadAvailable().Select(m => m.Id));
    });

    [Fact]
    public Task P5_What_is_sent_after_bind_returned_is_received() => Run(host =>
    {
        Ksock listener = host.Open();
        for (int i = 0; i < 300; i++)
        {
            string name = $"$.N{i}";
            listener.Bind(name);
            Message? got = null;
            Together(1, _ =>
            {
                using Ksock sender = host.Open();
                sender.Send(new Announcement(name));
                got = listener.ReadNextMessage();
            });
            Assert.Equal(name, got?.Name);
        }
    });

    [Fact]
    public Task P6_A_closed_Ksock_is_gone_for_everybody_when_close_returns() => Run(host =>
    {
        Ksock sender = host.Open();
        for (int i = 0; i < 200; i++)
        {
            Ksock replier = host.Open();
            replier.Bind("$.Q", replier: true);
            MessageId id = sender.Send(new Request("$.Q"));
            replier.Dispose();
            Assert.Equal(id, sender.ReadNextMessage()?.InReplyTo);
            Assert.Null(sender.FindReplier("$.Q"));
            Assert.Equal(Errno.EADDRNOTAVAIL, ErrnoOf(() => sender.Send(new Request("$.Q"))));
        }
    });

    [Fact]
    public Task P7_Buses_see_nothing_of_each_other() => Run(host =>
    {
        Ksock here = host.Open();
        Ksock there = host.Open(1);
        Assert.Equal((1u, 1u), (here.Id, there.Id));
        here.Bind("$.Q", replier: true);
        there.Bind("$.Q", replier: true);
        here.SetMaxMessageSize(1000);
        Assert.NotEqual(1000u, there.MaxMessageSize);
        Assert.Equal(new MessageId(0, 1), here.Send(new Announcement("$.Q")));
        Assert.Equal(new MessageId(0, 2), here.Send(new Announcement("$.Q")));
        Assert.Equal(new MessageId(0, 1), there.Send(new Announcement("$.Q")));
        Assert.Null(there.ReadNextMessage());
    });

    [Fact]
    public Task P8_A_message_stays_as_it_was_sent() => Run(host =>
    {
        Ksock[] listeners = [Listener(host, "$.A"), Listener(host, "$.A")];
        Ksock sender = host.Open();
        foreach (int length in new[] { 1, 1000, 40_000, 300_000 })
        {
            byte[] data = new byte[length];
            data.AsSpan().Fill(7);
            sender.Send(new Announcement("$.A", data));
            data.AsSpan().Fill(8);
            Message first = listeners[0].ReadNextMessage()!;
            Message second = listeners[1].ReadNextMessage()!;
            Assert.Equal(length, first.Data.Span.Count((byte)7));
            Assert.Equal(length, second.Data.Span.Count((byte)7));
        }
    });

    [Fact]
    public Task P8_Nobody_has_more_waiting_than_its_byte_budget() => Run(host =>
    {
        Ksock lazy = Listener(host, "$.A");
        lazy.SetMaxMessages(100_000);
        Ksock sender = host.Open();
        var message = new Announcement("$.A", new byte[400_000], MessageFlags.AllOrFail);
        int sent = 0;
        Errno error;
        while (sender.TrySend(message, out _, out error))
        {
            sent++;
        }

        Assert.Equal(Errno.EBUSY, error);
        Assert.InRange(sent * message.EntireLength, 63L << 20, 65L << 20);
    });

    private Task Run(Action<IPromiseHost> test) => Task.Run(() =>
    {
        using IPromiseHost host = Start();
        test(host);
    }).WaitAsync(Limit);

    private static Ksock Listener(IPromiseHost host, params string[] names)
    {
        Ksock ksock = host.Open();
        ksock.SetMaxMessages(10_000);
        foreach (string name in names)
        {
            ksock.Bind(name);
        }

        return ksock;
    }

    private static List<Message> Read(Ksock ksock, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => ksock.WaitForMessage(Patience) ?? throw new TimeoutException("A message is missing."))];

    /// <summary>Two recipients have equal chains only if they saw the same messages in the same order.</summary>
    private static ulong Chain(IEnumerable<Message> messages) => messages.Aggregate(
        17UL, (chain, m) => (chain ^ (((ulong)m.Id.NetworkId << 32) | m.Id.SerialNumber)) * 0x9E3779B97F4A7C15);

    private static void Together(int count, Action<int> body)
    {
        var failures = new ConcurrentQueue<Exception>();
        Thread[] threads = [.. Enumerable.Range(0, count).Select(number => new Thread(() =>
        {
            try
            {
                body(number);
            }
            catch (Exception e) when (e is KbusException or InvalidOperationException)
            {
                failures.Enqueue(e);
            }
        }))];
        Array.ForEach(threads, t => t.Start());
        Array.ForEach(threads, t => t.Join());
        Assert.Empty(failures);
    }

    private static Errno ErrnoOf(Action call) => Assert.Throws<KbusException>(call).Errno;
}
