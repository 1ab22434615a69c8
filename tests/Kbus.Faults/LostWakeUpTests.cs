using System.Diagnostics;

namespace Kbus.Faults;

/// <summary>Nobody sleeps through what it waits for, wherever the others stand still meanwhile.</summary>
public sealed class LostWakeUpTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(180);

    [Fact]
    public Task No_wake_up_is_lost_in_a_ping_pong_whose_sides_and_daemon_are_stopped_and_continued() => Limited.Run(random =>
    {
        using DaemonProcess daemon = DaemonProcess.Start();
        using Actor replier = Actor.Start("replier", daemon.Directory, "$.Ping", "-1").Ready();
        using Ksock ksock = ActorProgram.Open(daemon.Directory);
        using var answer = new MessageBuffer();
        int rounds = 0;
        int stops = WithStops(random, [daemon.Id, replier.Id], () =>
        {
            byte[] data = new byte[16];
            Content.Fill(data, (ulong)rounds);

            Assert.True(ksock.Request("$.Ping"u8, data, answer, Patience), $"round {rounds} never ends");
            Assert.True(answer.Data.SequenceEqual(data));
            rounds++;
        });
        TestContext.Current.TestOutputHelper?.WriteLine($"{rounds} rounds, {stops} stops");
    });

    [Fact]
    public Task No_wake_up_is_lost_in_pipelined_traffic_whose_sides_and_daemon_are_stopped_and_continued() => Limited.Run(random =>
    {
        using DaemonProcess daemon = DaemonProcess.Start();
        using Actor replier = Actor.Start("replier", daemon.Directory, "$.Ping", "-1").Ready();
        using Actor listener = Actor.Start("listener", daemon.Directory, "$.News.*").Ready();
        using Ksock ksock = ActorProgram.Open(daemon.Directory);
        ksock.SetMaxMessages(500);
        int rounds = 0;
        int stops = WithStops(random, [daemon.Id, replier.Id, listener.Id], () =>
        {
            byte[] data = new byte[random.Next(16, 2000)];
            Content.Fill(data, (ulong)rounds);
            List<Task> sends = [];
            List<Task<Message?>> requests = [];
            for (int i = 0; i < 40; i++)
            {
                sends.Add(ksock.SendAsync(new Announcement("$.News.a", data)).AsTask());
                requests.Add(ksock.RequestAsync(new Request("$.Ping", data)));
            }

            Task all = Task.WhenAll([.. sends, .. requests]);
            Assert.True(Task.WaitAny([all], Patience) == 0, $"round {rounds} never ends: {requests.Count(r => !r.IsCompleted)} requests, {sends.Count(s => !s.IsCompleted)} sends");
            Assert.All(requests, r => Assert.True(r.GetAwaiter().GetResult()!.Data.Span.SequenceEqual(data)));
            rounds++;
        });
        ksock.Send(new Announcement("$.News.end"));
        TestContext.Current.TestOutputHelper?.WriteLine($"{rounds} rounds of 80, {stops} stops, listener {listener.Hear()}");
    });

    [Fact]
    public Task A_sender_whose_bus_stands_still_sleeps_when_no_more_can_be_written_and_nothing_is_lost() => Limited.Run(_ =>
    {
        const int messages = 5000;
        using DaemonProcess daemon = DaemonProcess.Start();
        using Ksock listener = ActorProgram.Open(daemon.Directory);
        using Ksock sender = ActorProgram.Open(daemon.Directory);
        listener.SetMaxMessages(messages);
        listener.Bind("$.News");
        Signals.StopAndWait(daemon.Id);
        int thread = 0;
        Task sending = Limited.InBackground(() =>
        {
            Volatile.Write(ref thread, Signals.CurrentThread);
            Task[] sends = [.. Enumerable.Range(0, messages).Select(i => sender.SendAsync(new Announcement("$.News", BitConverter.GetBytes(i))).AsTask())];
            Task.WaitAll(sends);
        });

        // Who only gave way to others would never be seen asleep.
        int seenAsleep = 0;
        Until.True(() => Volatile.Read(ref thread) != 0 && Signals.State(thread) == 'S' && ++seenAsleep == 100, () => $"it was seen asleep {seenAsleep} times");
        Assert.False(sending.IsCompleted);
        Signals.Send(daemon.Id, Signals.Continue);
        Assert.True(Task.WaitAny([sending], Patience) == 0, "it sleeps on");
        sending.GetAwaiter().GetResult();
        for (int i = 0; i < messages; i++)
        {
            Assert.Equal(i, BitConverter.ToInt32(listener.ReadNextMessage()!.Data.Span));
        }
    });

    /// <summary>Does something over and over while another thread stops one of the processes, now and then, for a moment.</summary>
    private static int WithStops(Random random, int[] processes, Action body)
    {
        int seed = random.Next();
        int stops = 0;
        using var done = new CancellationTokenSource();
        Task stopping = Limited.InBackground(() =>
        {
            var own = new Random(seed);
            while (!done.IsCancellationRequested)
            {
                int victim = processes[own.Next(processes.Length)];
                Signals.StopAndWait(victim);
                Rest(own);
                Signals.Send(victim, Signals.Continue);
                stops++;
                Rest(own);
            }
        });
        long start = Stopwatch.GetTimestamp();
        try
        {
            while (Stopwatch.GetElapsedTime(start) < Limited.Span)
            {
                body();
            }
        }
        finally
        {
            done.Cancel();
            Assert.True(Task.WaitAny([stopping], Patience) == 0, "the stopping never ends");
        }

        stopping.GetAwaiter().GetResult();
        return stops;
    }

    private static void Rest(Random random)
    {
        for (int i = random.Next(2000); i > 0; i--)
        {
            Thread.Yield();
        }
    }
}
