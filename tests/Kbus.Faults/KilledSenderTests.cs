using System.Diagnostics;
using System.Globalization;

namespace Kbus.Faults;

/// <summary>P1, P5 and P6 while senders and listeners die.</summary>
public sealed class KilledSenderTests
{
    [Theory]
    [InlineData(300)]
    [InlineData(8 * 1024 * 1024)]
    public Task Listeners_agree_on_one_order_though_announcers_and_listeners_are_killed(int longest) => Limited.Run(random =>
    {
        using DaemonProcess daemon = DaemonProcess.Start("--default-max-message-size", "67108864");
        int idle = DaemonStatus.IdleDescriptors(daemon);
        List<Actor> listeners = [.. Enumerable.Range(0, 2).Select(_ => Actor.Start("listener", daemon.Directory, "$.News.*"))];
        Actor doomed = Actor.Start("listener", daemon.Directory, "$.News.*");
        listeners.ForEach(l => l.Ready());
        Ksock own = ActorProgram.Open(daemon.Directory);
        own.SetMaxMessages(2000);
        own.Bind("$.News.*");
        string ownWord = string.Empty;
        Task listening = Limited.InBackground(() => ownWord = ListenerActor.Listen(own));
        using (var echo = new EchoPair(daemon.Directory))
        {
            List<Actor> announcers = [.. Enumerable.Range(0, 3).Select(_ => Announcer())];
            announcers.ForEach(a => a.Ready());
            doomed.Ready();
            long start = Stopwatch.GetTimestamp();
            int kills = 0;
            while (Stopwatch.GetElapsedTime(start) < Limited.Span)
            {
                Rounds(echo, random.Next(100));
                int victim = random.Next(announcers.Count);
                announcers[victim].Kill();
                announcers[victim].Dispose();
                announcers[victim] = Announcer();
                doomed.Kill();
                doomed.Dispose();
                kills += 2;
                doomed = Actor.Start("listener", daemon.Directory, "$.News.*");
                Rounds(echo, random.Next(100));
                announcers[victim].Ready();
                doomed.Ready();
            }

            announcers.ForEach(a => a.Kill());
            announcers.ForEach(a => a.Dispose());
            doomed.Kill();
            doomed.Dispose();
            using Ksock last = ActorProgram.Open(daemon.Directory);
            while (last.TrySend("$.News.end"u8, default, MessageFlags.AllOrFail, out _) == Errno.EBUSY)
            {
                Thread.Yield();
            }

            List<string> said = [.. listeners.Select(l => l.Hear())];
            Assert.True(Task.WaitAny([listening], TimeSpan.FromSeconds(180)) == 0, "our own listener got no end");
            Assert.All(said, s => Assert.Equal(ownWord, s));
            Assert.DoesNotContain("spoiled", ownWord, StringComparison.Ordinal);
            TestContext.Current.TestOutputHelper?.WriteLine($"{kills} kills; {ownWord}");
        }

        own.Dispose();
        listeners.ForEach(l => l.Dispose());
        DaemonStatus.UntilIdle(daemon, idle);

        Actor Announcer() => Actor.Start(
            "announcer",
            daemon.Directory,
            "$.News.today",
            longest.ToString(CultureInfo.InvariantCulture),
            random.Next().ToString(CultureInfo.InvariantCulture));
    });

    [Fact]
    public Task All_of_many_sleepers_are_rung_though_the_sender_is_killed_meanwhile() => Limited.Run(_ =>
    {
        // More than are rung in one turn of a sender.
        const int sleepers = 200;
        using DaemonProcess daemon = DaemonProcess.Start();
        int idle = DaemonStatus.IdleDescriptors(daemon);
        List<Ksock> asleep = [.. Enumerable.Range(0, sleepers).Select(_ => ActorProgram.Open(daemon.Directory))];
        asleep.ForEach(s => s.Bind("$.Last.*"));
        for (int round = 0; round < 5; round++)
        {
            Task<Message?>[] waiting = [.. asleep.Select(s => s.ReceiveAsync().AsTask())];
            using Actor sender = Actor.Start("last-words", daemon.Directory, $"$.Last.R{round}").Ready();
            sender.Say("stop");
            Assert.True(Task.WaitAll(waiting, TimeSpan.FromSeconds(60)), "somebody was not rung");
            Assert.All(waiting, w => Assert.Equal($"$.Last.R{round}", w.GetAwaiter().GetResult()!.Name));
        }

        asleep.ForEach(s => s.Dispose());
        DaemonStatus.UntilIdle(daemon, idle);
    });

    [Fact]
    public Task Requesters_that_are_killed_leave_nothing_behind() => Limited.Run(random =>
    {
        using DaemonProcess daemon = DaemonProcess.Start();
        int idle = DaemonStatus.IdleDescriptors(daemon);
        using Actor replier = Actor.Start("replier", daemon.Directory, "$.Q", "-1").Ready();
        long start = Stopwatch.GetTimestamp();
        long memory = 0;
        int kills = 0;
        using (var echo = new EchoPair(daemon.Directory))
        {
            List<Actor> requesters = [.. Enumerable.Range(0, 2).Select(_ => Requester())];
            while (Stopwatch.GetElapsedTime(start) < Limited.Span || kills < 4)
            {
                requesters.ForEach(r => r.Ready());
                Rounds(echo, random.Next(200));
                requesters.ForEach(r => r.Kill());
                requesters.ForEach(r => r.Dispose());
                kills += 2;
                memory = kills <= 4 ? Signals.Memory(daemon.Id) : memory;
                requesters = [.. Enumerable.Range(0, 2).Select(_ => Requester())];
            }

            requesters.ForEach(r => r.Kill());
            requesters.ForEach(r => r.Dispose());
        }

        replier.Say("stop");
        Assert.Equal("done", replier.Hear());
        DaemonStatus.UntilIdle(daemon, idle);
        long after = Signals.Memory(daemon.Id);
        TestContext.Current.TestOutputHelper?.WriteLine($"{kills} kills; memory {memory >> 20} MiB, in the end {after >> 20} MiB");
        Assert.True(after < memory + (64 << 20), $"memory grew from {memory} to {after}");

        Actor Requester() =>
            Actor.Start("requester", daemon.Directory, "$.Q", "20000", random.Next().ToString(CultureInfo.InvariantCulture));
    });

    private static void Rounds(EchoPair echo, int count)
    {
        for (int i = 0; i < count; i++)
        {
            echo.Once();
        }
    }
}
