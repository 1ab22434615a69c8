using System.Diagnostics;

namespace Kbus.Faults;

/// <summary>D22: what a member finds when the daemon is killed.</summary>
public sealed class KilledDaemonTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(180);

    [Fact]
    public Task After_the_daemon_is_killed_what_was_delivered_is_read_then_one_GoneAway_for_each_request_then_ENODEV() => Limited.Run(_ =>
    {
        using DaemonProcess daemon = DaemonProcess.Start();
        using Ksock replier = ActorProgram.Open(daemon.Directory);
        using Ksock member = ActorProgram.Open(daemon.Directory);
        replier.Bind("$.Q", replier: true);
        member.Bind("$.News");
        MessageId first = member.Send("$.Q"u8, "a"u8, MessageFlags.WantAReply);
        MessageId second = member.Send("$.Q"u8, "b"u8, MessageFlags.WantAReply);
        MessageId third = member.Send("$.Q"u8, "c"u8, MessageFlags.WantAReply);
        replier.Send("$.News"u8, "delivered"u8);
        Message request = replier.ReadNextMessage()!;
        Message unanswered = replier.ReadNextMessage()!;
        Assert.Equal((first, second), (request.Id, unanswered.Id));
        replier.Send(Message.ReplyTo(request, "answer"));
        daemon.Kill();

        Assert.Equal("delivered", member.WaitForMessage(Patience)!.DataAsText);
        Message answer = member.WaitForMessage(Patience)!;
        Assert.Equal((first, "answer"), (answer.InReplyTo, answer.DataAsText));
        foreach (MessageId id in new[] { second, third })
        {
            Message status = member.WaitForMessage(Patience)!;
            Assert.Equal(("$.KBUS.Replier.GoneAway", id, default(MessageId), 0u), (status.Name, status.InReplyTo, status.Id, status.From));
            Assert.Equal(MessageFlags.Synthetic, status.Flags);
        }

        Assert.Equal(Errno.ENODEV, ErrnoOf(() => member.WaitForMessage(Patience)));
        Assert.Equal(Errno.ENODEV, ErrnoOf(() => member.ReadNextMessage()));
        Assert.Equal(Errno.ENODEV, ErrnoOf(() => member.Send(new Announcement("$.A"))));
        Assert.Equal(Errno.ENODEV, ErrnoOf(() => member.Bind("$.A")));
        Assert.Equal(third, replier.WaitForMessage(Patience)!.Id);
        Assert.Equal(Errno.ENODEV, ErrnoOf(() => replier.WaitForMessage(Patience)));
    });

    [Fact]
    public Task Who_only_looks_and_never_waits_learns_that_the_daemon_is_dead() => Limited.Run(_ =>
    {
        using DaemonProcess daemon = DaemonProcess.Start();
        using Ksock replier = ActorProgram.Open(daemon.Directory);
        using Ksock member = ActorProgram.Open(daemon.Directory);
        replier.Bind("$.Q", replier: true);
        MessageId id = member.Send("$.Q"u8, "a"u8, MessageFlags.WantAReply);
        daemon.Kill();
        Message? status = null;
        long start = Stopwatch.GetTimestamp();
        while ((status = member.ReadNextMessage()) is null)
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < Patience, "ReadNextMessage never tells that the daemon is dead");
            Thread.Yield();
        }

        Assert.Equal(id, status.InReplyTo);
        Assert.Equal(Errno.ENODEV, ErrnoOf(() => member.ReadNextMessage()));
    });

    [Fact]
    public Task Sleepers_of_every_kind_wake_when_the_daemon_is_killed() => Limited.Run(_ =>
    {
        using DaemonProcess daemon = DaemonProcess.Start();
        using Ksock replier = ActorProgram.Open(daemon.Directory);
        using Ksock requester = ActorProgram.Open(daemon.Directory);
        using Ksock listener = ActorProgram.Open(daemon.Directory);
        using Ksock asynchronous = ActorProgram.Open(daemon.Directory);
        replier.Bind("$.Q", replier: true);
        var asked = Task.Run(() => requester.Request(new Request("$.Q")));
        Task<Message?> askedToo = asynchronous.RequestAsync(new Request("$.Q"));
        var listened = Task.Run(() => ErrnoOf(() => listener.WaitForMessage()));
        Task<Message?> receiving = listener.ReceiveAsync().AsTask();
        Assert.NotNull(replier.WaitForMessage(Patience));
        Assert.NotNull(replier.WaitForMessage(Patience));

        // A Request is delivered a moment before its sender is told; both senders have been told when a later command is answered.
        Assert.NotEqual(requester.LastSentId, asynchronous.LastSentId);
        daemon.Kill();
        Task[] all = [asked, askedToo, listened, receiving];
        for (int i = 0; i < all.Length; i++)
        {
            Assert.True(Task.WaitAny([all[i]], Patience) == 0, $"sleeper {i} sleeps on");
        }

        Assert.Equal("$.KBUS.Replier.GoneAway", asked.GetAwaiter().GetResult()!.Name);
        Assert.Equal("$.KBUS.Replier.GoneAway", askedToo.GetAwaiter().GetResult()!.Name);
        Assert.Equal(Errno.ENODEV, listened.GetAwaiter().GetResult());
        Assert.Equal(Errno.ENODEV, ErrnoOf(() => receiving.GetAwaiter().GetResult()));
    });

    [Fact]
    public Task Every_accepted_request_is_answered_once_though_the_daemon_is_killed() => Limited.Run(random =>
    {
        long start = Stopwatch.GetTimestamp();
        int lives = 0;
        while (Stopwatch.GetElapsedTime(start) < Limited.Span)
        {
            lives++;
            using DaemonProcess daemon = DaemonProcess.Start();
            int longest = random.Next(2) == 0 ? 300 : 200_000;
            Task replying = Limited.InBackground(() => Reply(daemon.Directory));
            List<Task> requesting = [.. Enumerable.Range(0, 2).Select(_ => random.Next()).ToArray()
                .Select(seed => Limited.InBackground(() => Request(daemon.Directory, longest, new Random(seed))))];
            using (var echo = new EchoPair(daemon.Directory))
            {
                for (int i = random.Next(500); i > 0; i--)
                {
                    echo.Once();
                }

                daemon.Kill();
            }

            foreach (Task task in requesting.Append(replying))
            {
                Assert.True(Task.WaitAny([task], TimeSpan.FromSeconds(180)) == 0, "somebody never learns that the daemon is dead");
                task.GetAwaiter().GetResult();
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{lives} daemons killed");
    });

    private static void Reply(string directory)
    {
        using Ksock ksock = ActorProgram.Open(directory);
        using var buffer = new MessageBuffer();
        try
        {
            // The daemon may be killed before this.
            ksock.Bind("$.Q", replier: true);
            while (ksock.WaitForMessage(buffer))
            {
                ksock.Reply(buffer, buffer.Data);
            }
        }
        catch (KbusException e) when (e.Errno == Errno.ENODEV)
        {
        }
    }

    private static void Request(string directory, int longest, Random random)
    {
        Ksock ksock;
        try
        {
            ksock = ActorProgram.Open(directory);
        }
        catch (KbusException)
        {
            // Killed before we came.
            return;
        }

        using var requesting = new Requesting(ksock);
        byte[] data = new byte[longest];
        try
        {
            while (true)
            {
                Span<byte> part = data.AsSpan(0, Lengths.Next(random, longest));
                Content.Fill(part, (ulong)random.NextInt64());
                Errno error = requesting.Send("$.Q", part);
                if (error == Errno.ENODEV)
                {
                    break;
                }

                if (error != Errno.None || random.Next(10) == 0)
                {
                    requesting.ReadAll();
                }
            }

            while (requesting.Waiting > 0)
            {
                Assert.True(requesting.ReadOne(), $"never answered: {requesting.Waiting} of {requesting}");
            }

            Assert.Equal(Errno.ENODEV, ErrnoOf(requesting.ReadAll));
        }
        catch (KbusException e) when (e.Errno == Errno.ENODEV)
        {
            Assert.Equal(0, requesting.Waiting);
        }
    }

    private static Errno ErrnoOf(Action action)
    {
        try
        {
            action();
            return Errno.None;
        }
        catch (KbusException e)
        {
            return e.Errno;
        }
    }
}
