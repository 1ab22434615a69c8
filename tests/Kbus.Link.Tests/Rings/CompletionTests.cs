using Kbus.Linux;

namespace Kbus.Link.Tests;

[Collection(nameof(Alone))]
public sealed class CompletionTests
{
    private const long OneHour = 3_600_000_000_000;

    [Fact]
    public void A_result_is_there_when_it_was_written_and_under_its_number_only()
    {
        using var link = new LinkPair(slots: 4);
        var writer = new CompletionWriter(link.Bus);
        var reader = new CompletionReader(link.Client, link.ClientSocket);
        Assert.False(reader.TryGet(3, out _));
        var result = new Completion(11, 0x0123_4567_89AB_CDEF);
        writer.Complete(3, result);
        Assert.True(reader.TryGet(3, out Completion completion));
        Assert.Equal(result, completion);
        Assert.False(reader.TryGet(7, out _));
        writer.Complete(7, default);
        Assert.False(reader.TryGet(3, out _));
        Assert.True(reader.TryGet(7, out _));
    }

    [Fact]
    public void Any_number_has_a_slot()
    {
        using var link = new LinkPair(slots: 4);
        var writer = new CompletionWriter(link.Bus);
        foreach (ulong sequence in new[] { 0ul, ulong.MaxValue, 1ul << 63, 0xFFFFFFFF })
        {
            writer.Complete(sequence, default);
        }
    }

    [Fact]
    public void A_wait_ends_at_its_deadline()
    {
        using var link = new LinkPair();
        var reader = new CompletionReader(link.Client, link.ClientSocket);
        Assert.Equal(WaitOutcome.TimedOut, reader.Wait(1, Deadline.Passed, out _));
        Assert.Equal(WaitOutcome.TimedOut, reader.Wait(1, Deadline.After(TimeSpan.FromMilliseconds(5)), out _));
    }

    [Fact]
    public Task A_wait_ends_when_the_bus_hangs_up() => Limited.Run(() =>
    {
        using var link = new LinkPair();
        var reader = new CompletionReader(link.Client, link.ClientSocket);
        link.BusSocket.Dispose();
        Assert.Equal(WaitOutcome.BusDied, reader.Wait(1, Deadline.Never, out _));
    });

    [Fact]
    public Task A_result_written_before_the_bus_died_is_still_got() => Limited.Run(() =>
    {
        using var link = new LinkPair();
        var reader = new CompletionReader(link.Client, link.ClientSocket);
        new CompletionWriter(link.Bus).Complete(1, new Completion(0, 5));
        link.BusSocket.Dispose();
        Assert.Equal(WaitOutcome.Happened, reader.Wait(1, Deadline.Never, out Completion completion));
        Assert.Equal(5u, completion.Value);
    });

    [Fact]
    public void Nobody_is_woken_when_nobody_sleeps()
    {
        using var link = new LinkPair();
        var writer = new CompletionWriter(link.Bus);
        writer.Publish(CompletionSlot.Of(1, default));
        Assert.False(writer.Wake());
        link.Client.Header.CompletionSleeper = 1;
        Assert.True(writer.Wake());
        Assert.False(writer.Wake());
    }

    [Theory]
    [InlineData(1, 30_000, 0)]
    [InlineData(4, 10_000, 0)]
    [InlineData(3, 10_000, 5_000)]
    public Task No_wake_up_is_lost_however_many_wait(int waiters, int rounds, int spin) => Limited.Run(() =>
    {
        // Every result is asked for by one waiter and written by the bus at its own pace; a lost wake-up would hang.
        using var link = new LinkPair(slots: 64);
        var reader = new CompletionReader(link.Client, link.ClientSocket) { SpinNanoseconds = spin, SliceNanoseconds = OneHour };
        var writer = new CompletionWriter(link.Bus);
        long[] asked = new long[waiters];
        void Waiter(int which)
        {
            for (int round = 0; round < rounds; round++)
            {
                ulong sequence = Sequence(round, which);
                Volatile.Write(ref asked[which], (long)sequence);
                Assert.Equal(WaitOutcome.Happened, reader.Wait(sequence, Deadline.Never, out Completion completion));
                Assert.Equal((uint)sequence, completion.Value);
            }
        }

        // Each waiter has a slot of its own, so that none overwrites what another has not fetched yet.
        static ulong Sequence(int round, int which) => ((ulong)round * 64) + (ulong)which + 1;

        void Bus()
        {
            long[] answered = new long[waiters];
            long left = (long)rounds * waiters;
            while (left > 0)
            {
                for (int i = 0; i < waiters; i++)
                {
                    long sequence = Volatile.Read(ref asked[i]);
                    if (sequence != answered[i])
                    {
                        answered[i] = sequence;
                        writer.Complete((ulong)sequence, new Completion(0, (uint)sequence));
                        left--;
                    }
                }

                LibC.YieldProcessor();
            }
        }

        Action[] all = [Bus, .. Enumerable.Range(0, waiters).Select(which => (Action)(() => Waiter(which)))];
        Limited.Run(all).GetAwaiter().GetResult();
    });

    [Fact]
    public Task More_sleepers_than_the_bus_wakes_at_once_are_woken_by_each_other() => Limited.Run(() =>
    {
        using var link = new LinkPair(slots: 256);
        var reader = new CompletionReader(link.Client, link.ClientSocket) { SliceNanoseconds = OneHour };
        var writer = new CompletionWriter(link.Bus);
        const int Sleepers = CompletionWriter.MostWoken + 20;
        Action[] sleepers = [.. Enumerable.Range(1, Sleepers).Select(sequence => (Action)(() =>
            Assert.Equal(WaitOutcome.Happened, reader.Wait((ulong)sequence, Deadline.Never, out _))))];
        void Bus()
        {
            for (ulong sequence = 1; sequence <= Sleepers; sequence++)
            {
                LibC.YieldProcessor();
                writer.Publish(CompletionSlot.Of(sequence, default));
            }

            writer.Wake();
        }

        Limited.Run([.. sleepers, Bus]).GetAwaiter().GetResult();
    });
}
