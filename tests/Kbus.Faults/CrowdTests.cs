using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Kbus.Faults;

/// <summary>Many members, and members that do not keep up.</summary>
public sealed class CrowdTests
{
    [Theory]
    [InlineData(1000, 1)]
    [InlineData(10_000, 2)]
    public Task An_announcement_reaches_every_one_of_many_listeners(int listeners, int processes) => Limited.Run(_ =>
    {
        // One process may have a quarter of what there may be.
        using DaemonProcess daemon = DaemonProcess.Start("--max-ksocks", "60000");
        int idle = DaemonStatus.IdleDescriptors(daemon);
        long start = Stopwatch.GetTimestamp();
        string each = (listeners / processes).ToString(CultureInfo.InvariantCulture);
        List<Actor> crowds = [.. Enumerable.Range(0, processes).Select(_ => Actor.Start("crowd", daemon.Directory, each))];
        crowds.ForEach(c => c.Ready());
        TimeSpan opened = Stopwatch.GetElapsedTime(start);
        int descriptors = Signals.Descriptors(daemon.Id) - idle;
        long memory = Signals.Memory(daemon.Id);
        using (var echo = new EchoPair(daemon.Directory))
        {
            TimeSpan trip = Enumerable.Range(0, 100).Min(_ => echo.Once());
            using Ksock announcer = ActorProgram.Open(daemon.Directory);
            start = Stopwatch.GetTimestamp();
            announcer.Send("$.Crowd"u8, "to all of you"u8, MessageFlags.AllOrFail);
            TimeSpan sent = Stopwatch.GetElapsedTime(start);
            Assert.All(crowds, c => Assert.Equal($"got {each}", c.Hear()));
            TimeSpan heard = Stopwatch.GetElapsedTime(start);
            TestContext.Current.TestOutputHelper?.WriteLine(
                $"{listeners} Ksocks opened in {opened.TotalSeconds:0.0} s, {descriptors} descriptors and {memory >> 20} MiB in the daemon; "
                + $"one message sent in {sent.TotalMilliseconds:0} ms, heard by all in {heard.TotalMilliseconds:0} ms; round trip {trip.TotalMicroseconds:0} us");
        }

        Assert.InRange(descriptors, listeners, listeners + processes + 40);
        start = Stopwatch.GetTimestamp();
        crowds.ForEach(c => c.Kill());
        crowds.ForEach(c => c.Dispose());
        DaemonStatus.UntilIdle(daemon, idle);
        TestContext.Current.TestOutputHelper?.WriteLine($"gone in {Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s");
    });

    [Fact]
    public Task A_listener_that_never_reads_hurts_nobody_and_what_it_misses_is_counted() => Limited.Run(_ =>
    {
        using DaemonProcess daemon = DaemonProcess.Start();
        int idle = DaemonStatus.IdleDescriptors(daemon);
        using (var echo = new EchoPair(daemon.Directory))
        using (Ksock lazy = ActorProgram.Open(daemon.Directory))
        using (Ksock keen = ActorProgram.Open(daemon.Directory))
        using (var buffer = new MessageBuffer())
        {
            lazy.Bind("$.News");
            keen.Bind("$.News");
            byte[] data = new byte[100_000];
            for (int i = 0; i < 1000; i++)
            {
                Span<byte> part = data.AsSpan(0, i % 10 == 0 ? data.Length : 100);
                Content.Fill(part, (ulong)i);
                keen.Send("$.News"u8, part);
                Assert.True(keen.TryReadNext(buffer));
                Assert.True(Content.IsWhole(buffer.Data));
                echo.Once();
            }

            JsonElement status = DaemonStatus.Bus(daemon.Directory).GetProperty("ksocks").EnumerateArray()
                .First(k => k.GetProperty("id").GetUInt32() == lazy.Id);
            Assert.Equal((100u, 900u), (status.GetProperty("queued").GetUInt32(), status.GetProperty("missed").GetUInt32()));
            for (int i = 0; i < 100; i++)
            {
                Assert.True(lazy.TryReadNext(buffer));
                Assert.True(Content.IsWhole(buffer.Data));
            }

            Assert.False(lazy.TryReadNext(buffer));
        }

        DaemonStatus.UntilIdle(daemon, idle);
    });

    [Fact]
    public Task A_listener_that_keeps_what_it_reads_hurts_nobody_beyond_its_own_budget() => Limited.Run(_ =>
    {
        using DaemonProcess daemon = DaemonProcess.Start("--max-queued-bytes", "4000000");
        int idle = DaemonStatus.IdleDescriptors(daemon);
        List<MessageBuffer> kept = [];
        using (var echo = new EchoPair(daemon.Directory))
        using (Ksock greedy = ActorProgram.Open(daemon.Directory))
        using (Ksock sender = ActorProgram.Open(daemon.Directory))
        {
            greedy.Bind("$.Big");
            byte[] data = new byte[200_000];
            Errno error = Errno.None;
            for (int i = 0; i < 100 && error == Errno.None; i++)
            {
                Content.Fill(data, (ulong)i);
                error = sender.TrySend("$.Big"u8, data, MessageFlags.AllOrFail, out MessageId _);
                kept.Add(new MessageBuffer());
                greedy.TryReadNext(kept[^1]);
                echo.Once(50_000);
            }

            Assert.Equal(Errno.EBUSY, error);
            Assert.InRange(kept.Count, 18, 23);
            Assert.All(kept.SkipLast(1), k => Assert.True(Content.IsWhole(k.Data)));
            kept.ForEach(k => k.Clear());
            sender.Send("$.Big"u8, data, MessageFlags.AllOrFail);
            Assert.True(greedy.TryReadNext(kept[0]));
        }

        DaemonStatus.UntilIdle(daemon, idle);
    });

    [Fact]
    public Task A_member_that_floods_leaves_the_others_their_share() => Limited.Run(_ =>
    {
        using DaemonProcess daemon = DaemonProcess.Start();
        int idle = DaemonStatus.IdleDescriptors(daemon);
        using Actor one = Actor.Start("announcer", daemon.Directory, "$.Nobody.listens", "200", "1").Ready();
        using Actor two = Actor.Start("requester", daemon.Directory, "$.Nobody.replies", "200", "2").Ready();
        using (var echo = new EchoPair(daemon.Directory))
        {
            long start = Stopwatch.GetTimestamp();
            var longest = TimeSpan.Zero;
            int rounds = 0;
            while (Stopwatch.GetElapsedTime(start) < Limited.Span / 2)
            {
                TimeSpan took = echo.Once();
                longest = took > longest ? took : longest;
                rounds++;
            }

            TestContext.Current.TestOutputHelper?.WriteLine($"{rounds} round trips, the longest {longest.TotalMilliseconds:0.0} ms");
        }

        one.Kill();
        two.Kill();
        DaemonStatus.UntilIdle(daemon, idle);
    });
}
