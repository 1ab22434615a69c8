using System.Diagnostics;

namespace Kbus.Faults;

/// <summary>D25: while the daemon stands still, a call with a time limit ends at that, and what was not taken is withdrawn.</summary>
public sealed class StoppedDaemonTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(180);
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(150);

    [Fact]
    public Task A_Request_that_a_stopped_daemon_has_not_taken_ends_at_its_time_and_is_never_sent() => Limited.Run(_ =>
    {
        using DaemonProcess daemon = DaemonProcess.Start();
        using Ksock replier = ActorProgram.Open(daemon.Directory);
        using Ksock asker = ActorProgram.Open(daemon.Directory);
        replier.Bind("$.Q", replier: true);
        Stopped(daemon, () =>
        {
            Assert.Null(asker.Request(new Request("$.Q", "small"), Short));
            Assert.Null(asker.Request(new Request("$.Q", new byte[300_000]), Short));
            Assert.Null(asker.Request(new Request("$.Q", "with patience") { Flags = MessageFlags.WantAReply | MessageFlags.AllOrWait }, Short));
            Assert.Throws<ReplyTimeoutException>(() => asker.Ask(new Request("$.Q", "asked"), Short));
        });

        // The next comes alone, and the Ksock is as good as before.
        Task<Message?> answer = asker.RequestAsync(new Request("$.Q", "after"), Patience);
        Message request = replier.WaitForMessage(Patience)!;
        Assert.Equal("after", request.DataAsText);
        replier.Send(Message.ReplyTo(request, "answer"));
        Assert.Equal("answer", answer.GetAwaiter().GetResult()!.DataAsText);
        Assert.Null(replier.ReadNextMessage());
        Assert.Null(asker.ReadNextMessage());
    });

    [Fact]
    public Task Requests_given_up_beside_a_stopped_daemon_leave_nothing_behind_however_many_they_are() => Limited.Run(_ =>
    {
        using DaemonProcess daemon = DaemonProcess.Start();
        using Ksock replier = ActorProgram.Open(daemon.Directory);
        using Ksock asker = ActorProgram.Open(daemon.Directory);
        replier.Bind("$.Q", replier: true);

        // What is answered late is an ordinary message, and nobody reads it here: each queue has room for all.
        replier.SetMaxMessages(10_000);
        asker.SetMaxMessages(10_000);
        Stopped(daemon, () =>
        {
            // More than there are places for commands whose outcome is to come.
            Task[] askers = [.. Enumerable.Range(0, 1500).Select(_ => (Task)asker.RequestAsync(new Request("$.Q"), Short))];
            Assert.Null(asker.Request(new Request("$.Q"), Short));
            Signals.Send(daemon.Id, Signals.Continue);
            Assert.True(Task.WaitAll(askers, Patience), "some of them never end");
        });
        for (int answered = 0; answered < 20; answered++)
        {
            Task<Message?> answer = asker.RequestAsync(new Request("$.Q", "after"), Patience);
            Message request;
            do
            {
                // Those that were posted, and not withdrawn, come first.
                request = replier.WaitForMessage(Patience)!;
                replier.Send(Message.ReplyTo(request, "answer"));
            }
            while (request.DataAsText != "after");
            Assert.Equal("answer", answer.GetAwaiter().GetResult()!.DataAsText);
        }
    });

    [Fact]
    public Task A_wait_for_room_ends_at_its_time_beside_a_stopped_daemon_and_the_message_waits_on() => Limited.Run(_ =>
    {
        using DaemonProcess daemon = DaemonProcess.Start();
        using Ksock listener = ActorProgram.Open(daemon.Directory);
        using Ksock sender = ActorProgram.Open(daemon.Directory);
        listener.Bind("$.A");
        listener.SetMaxMessages(1);
        sender.Send(new Announcement("$.A", "first"));
        Assert.Equal(Errno.EAGAIN, sender.TrySend("$.A"u8, "second"u8, MessageFlags.AllOrWait, out MessageId waiting));
        Stopped(daemon, () =>
        {
            Assert.False(sender.WaitUntilSent(Short));
            Assert.Null(sender.WaitForMessage(Short));
            Assert.True(sender.IsSending);
        });
        Assert.Equal(waiting, sender.LastSentId);
        Assert.Equal("first", listener.WaitForMessage(Patience)!.DataAsText);
        Assert.True(sender.WaitUntilSent(Patience));
        Assert.Equal("second", listener.WaitForMessage(Patience)!.DataAsText);
        Assert.False(sender.IsSending);
    });

    [Fact]
    public Task What_was_discarded_beside_a_stopped_daemon_is_received_by_nobody() => Limited.Run(_ =>
    {
        using DaemonProcess daemon = DaemonProcess.Start();
        using Ksock listener = ActorProgram.Open(daemon.Directory);
        using Ksock sender = ActorProgram.Open(daemon.Directory);
        listener.Bind("$.A");
        listener.SetMaxMessages(1);
        sender.Send(new Announcement("$.A", "first"));
        Assert.Equal(Errno.EAGAIN, sender.TrySend("$.A"u8, "second"u8, MessageFlags.AllOrWait, out MessageId unwanted));
        Assert.NotEqual(default, unwanted);
        Stopped(daemon, sender.Discard);
        Assert.False(sender.IsSending);
        Assert.Equal("first", listener.WaitForMessage(Patience)!.DataAsText);
        sender.Send(new Announcement("$.A", "third"));
        Assert.Equal("third", listener.WaitForMessage(Patience)!.DataAsText);
    });

    [Fact]
    public Task Messages_that_were_delivered_are_read_and_released_beside_a_stopped_daemon() => Limited.Run(_ =>
    {
        using DaemonProcess daemon = DaemonProcess.Start();
        using Ksock listener = ActorProgram.Open(daemon.Directory);
        using Ksock sender = ActorProgram.Open(daemon.Directory);
        listener.Bind("$.Big");
        byte[] data = new byte[200_000];
        for (int i = 0; i < 5; i++)
        {
            Content.Fill(data, (ulong)i);
            sender.Send("$.Big"u8, data);
        }

        using var buffer = new MessageBuffer();
        Stopped(daemon, () =>
        {
            for (int i = 0; i < 5; i++)
            {
                Content.Fill(data, (ulong)i);
                Assert.True(listener.WaitForMessage(buffer, Patience));
                Assert.True(buffer.Data.SequenceEqual(data));
                buffer.Clear();
            }

            Assert.False(listener.WaitForMessage(buffer, Short));
        });
        sender.Send("$.Big"u8, data);
        Assert.True(listener.WaitForMessage(buffer, Patience));
        Assert.Equal(0u, listener.NumMessages);
    });

    [Fact]
    public Task A_Ksock_is_closed_beside_a_stopped_daemon_and_everybody_sees_it_when_the_daemon_goes_on() => Limited.Run(_ =>
    {
        using DaemonProcess daemon = DaemonProcess.Start();
        using Ksock asker = ActorProgram.Open(daemon.Directory);
        Ksock replier = ActorProgram.Open(daemon.Directory);
        replier.Bind("$.Q", replier: true);
        MessageId id = asker.Send("$.Q"u8, "a"u8, MessageFlags.WantAReply);
        Stopped(daemon, replier.Dispose);
        Message status = asker.WaitForMessage(Patience)!;
        Assert.Equal((id, "$.KBUS.Replier.GoneAway"), (status.InReplyTo, status.Name));
    });

    [Fact]
    public Task Requests_with_time_limits_are_answered_once_or_never_sent_wherever_the_daemon_is_stopped() => Limited.Run(random =>
    {
        using DaemonProcess daemon = DaemonProcess.Start();
        using Actor replier = Actor.Start("replier", daemon.Directory, "$.Ping", "-1").Ready();
        using Ksock asker = ActorProgram.Open(daemon.Directory);
        using var answer = new MessageBuffer();
        long end = Stopwatch.GetTimestamp() + (long)(Limited.Span.TotalSeconds * Stopwatch.Frequency);
        int answered = 0;
        int given = 0;
        int late = 0;
        byte[] data = new byte[16];
        while (Stopwatch.GetTimestamp() < end)
        {
            using Task stopper = Limited.InBackground(() =>
            {
                SpinWait.SpinUntil(() => false, TimeSpan.FromMicroseconds(random.Next(0, 300)));
                Signals.Send(daemon.Id, Signals.Stop);
                SpinWait.SpinUntil(() => false, TimeSpan.FromMilliseconds(random.Next(0, 300)));
                Signals.Send(daemon.Id, Signals.Continue);
            });
            for (int i = 0; i < 20; i++)
            {
                Content.Fill(data, (ulong)given++);
                if (asker.Request("$.Ping"u8, data, answer, TimeSpan.FromMilliseconds(110)))
                {
                    Assert.True(answer.Data.SequenceEqual(data), "this is another Request's answer");
                    answered++;
                }
            }

            Assert.True(stopper.Wait(Patience));
            while (asker.ReadNextMessage() is { } message)
            {
                Assert.True(message.IsReply);
                late++;
            }
        }

        Content.Fill(data, (ulong)given);
        Assert.True(asker.Request("$.Ping"u8, data, answer, Patience));
        while (asker.ReadNextMessage() is { } message)
        {
            Assert.True(message.IsReply);
            late++;
        }

        Assert.True(answered + late <= given, $"{given} Requests, {answered} answered, {late} late");
        TestContext.Current.TestOutputHelper?.WriteLine($"{given} Requests, {answered} answered in time, {late} late");
    });

    /// <summary>Does something while a daemon is stopped.</summary>
    private static void Stopped(DaemonProcess daemon, Action action)
    {
        Signals.StopAndWait(daemon.Id);
        try
        {
            action();
        }
        finally
        {
            Signals.Send(daemon.Id, Signals.Continue);
        }
    }
}
