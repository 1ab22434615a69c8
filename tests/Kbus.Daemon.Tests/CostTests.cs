using System.Diagnostics;
using System.Globalization;
using Xunit.Sdk;
using Xunit.v3;

[assembly: Parallelization(Mode = ParallelMode.None)]

namespace Kbus.Daemon.Tests;

/// <summary>What a message costs: no managed memory, and under load hardly a system call.</summary>
public sealed class CostTests
{
    private const int Warm = 30_000;
    private const int Count = 50_000;

    [Theory]
    [InlineData(100, 4)]
    [InlineData(50_000, 4)]
    public Task A_round_trip_allocates_nothing_once_everything_is_warm(int length, int most) => Limited.Run(() =>
    {
        string directory = Directory.CreateTempSubdirectory("kbus-").FullName;
        int count = length > 10_000 ? Count / 10 : Count;
        using (var daemon = Daemon.Start(new DaemonOptions { RuntimeDirectory = directory }, Log.Silent, new StopRequest()))
        using (Ksock replier = Open(directory))
        using (Ksock requester = Open(directory))
        using (var request = new MessageBuffer())
        using (var answer = new MessageBuffer())
        {
            replier.Bind("$.Q", replier: true);
            byte[] data = new byte[length];
            Trips(Warm * count / Count);
            long before = GC.GetTotalAllocatedBytes(precise: true);
            Trips(count);
            long allocated = GC.GetTotalAllocatedBytes(precise: true) - before;
            TestContext.Current.TestOutputHelper?.WriteLine($"{allocated} bytes for {count} round trips");

            // The runtime itself makes something now and then.
            Assert.True(allocated < count * (long)most, $"{allocated} bytes were allocated for {count} round trips");

            void Trips(int times)
            {
                for (int i = 0; i < times; i++)
                {
                    requester.Send("$.Q"u8, data, MessageFlags.WantAReply);
                    Assert.True(replier.WaitForMessage(request));
                    replier.Reply(request, request.Data);
                    Assert.True(requester.WaitForMessage(answer));
                }
            }
        }

        Directory.Delete(directory, recursive: true);
    });

    [Fact]
    public Task Under_load_the_daemon_makes_far_fewer_system_calls_than_it_carries_messages() => Limited.Run(() =>
    {
        const string strace = "/usr/bin/strace";
        Assert.SkipUnless(File.Exists(strace), "strace, which counts the calls, is not installed");
        using DaemonProcess daemon = DaemonProcess.Start();
        using Ksock sender = Open(daemon.Directory);
        using Ksock listener = Open(daemon.Directory);
        listener.SetMaxMessages(1_000_000);
        listener.Bind("$.News");
        Send(5000);
        string report = Path.Join(daemon.Directory, "calls");
        using Process counting = Kbusd.Start(strace, "-f", "-c", "-o", report, "-p", daemon.Id.ToString(CultureInfo.InvariantCulture));
        string? attached = counting.StandardError.ReadLine();
        Assert.SkipWhen(attached?.Contains("attached", StringComparison.Ordinal) != true, $"strace may not attach here: {attached}");
        Send(Count);
        Assert.Equal(0, Kbusd.Run("/bin/kill", "-INT", counting.Id.ToString(CultureInfo.InvariantCulture)).Code);
        counting.WaitForExit();
        string total = File.ReadLines(report).Last(l => l.EndsWith(" total", StringComparison.Ordinal));
        int calls = int.Parse(total.Split(' ', StringSplitOptions.RemoveEmptyEntries)[3], CultureInfo.InvariantCulture);
        TestContext.Current.TestOutputHelper?.WriteLine($"{calls} calls for {Count} messages");
        Assert.True(calls < Count / 5, $"{calls} system calls for {Count} messages");

        // In batches, so that much is there at once for the bus whenever it looks: else a busy machine would make a light load of it,
        // with the bus run for a message at a time.
        void Send(int count)
        {
            MessageBatch[] batches = [.. Enumerable.Range(0, 5).Select(_ => BatchOf(100))];
            using var buffer = new MessageBuffer();
            for (int sent = 0; sent < count; sent += 500)
            {
                Task[] sends = [.. batches.Select(b => sender.SendAsync(b).AsTask())];
                Assert.True(Task.WaitAll(sends, Limited.Limit));
                while (listener.TryReadNext(buffer))
                {
                }
            }
        }
    });

    private static MessageBatch BatchOf(int count)
    {
        var batch = new MessageBatch();
        for (int i = 0; i < count; i++)
        {
            batch.Add("$.News"u8, new byte[100]);
        }

        return batch;
    }

    private static Ksock Open(string directory) =>
        Ksock.Open(0, KsockMode.ReadWrite, new KsockOptions { RuntimeDirectory = directory, StartDaemon = false, OpenTimeout = TimeSpan.FromMinutes(3) });
}
