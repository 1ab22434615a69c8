using Kbus.Core;

namespace Kbus.Tests;

/// <summary>What is special about buses in this process.</summary>
public sealed class EmbeddedKbusTests
{
    [Fact]
    public void Limits_out_of_their_range_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new EmbeddedKbus(new BusOptions { DefaultMaxMessages = 0 }));
        Assert.Throws<ArgumentException>(() => new EmbeddedKbus(new BusOptions { DefaultMaxMessageSize = 99 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new EmbeddedKbus(buses: 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new EmbeddedKbus(buses: 257));
    }

    [Fact]
    public void There_may_be_256_buses()
    {
        using var kbus = new EmbeddedKbus(buses: 255);
        using Ksock ksock = kbus.Open(254);
        Assert.Equal(255u, kbus.NewDevice());
        Assert.Equal(256, kbus.Buses);
        KbusException refusal = Assert.Throws<KbusException>(() => kbus.NewDevice());
        Assert.StartsWith("EINVAL: There are as many buses as there may be.", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(Errno.EINVAL, Assert.Throws<KbusException>(() => ksock.NewDevice()).Errno);
    }

    [Fact]
    public void After_its_end_nothing_can_be_opened()
    {
        var kbus = new EmbeddedKbus();
        kbus.Dispose();
        kbus.Dispose();
        Assert.Throws<ObjectDisposedException>(() => kbus.Open());
    }

    [Fact]
    public void Limits_are_those_that_were_given()
    {
        using var kbus = new EmbeddedKbus(new BusOptions { DefaultMaxMessages = 3, DefaultMaxMessageSize = 200, AbsoluteMaxMessageSize = 300 });
        using Ksock ksock = kbus.Open();
        Assert.Equal((3u, 200u, 300u), (ksock.MaxMessages, ksock.MaxMessageSize, ksock.AbsoluteMaxMessageSize));
        Assert.Equal(-1, ksock.GetDescriptor());
    }

    [Fact]
    public void Sending_and_reading_allocate_nothing_once_warm()
    {
        using var kbus = new EmbeddedKbus();
        using Ksock listener = kbus.Open();
        using Ksock sender = kbus.Open();
        listener.Bind("$.A.B");
        using var buffer = new MessageBuffer();
        byte[] data = new byte[64];
        Rounds(1000);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Rounds(1000);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Rounds(int count)
        {
            for (int i = 0; i < count; i++)
            {
                sender.Send("$.A.B"u8, data);
                Assert.True(listener.WaitForMessage(buffer));
            }
        }
    }

    [Fact]
    public Task Requesting_and_replying_allocate_nothing_for_each_round() => Limited.Run(async () =>
    {
        using var kbus = new EmbeddedKbus();
        using Ksock replier = kbus.Open();
        using Ksock sender = kbus.Open();
        replier.Bind("$.Q", replier: true);
        const int rounds = 2000;
        Task<long> replying = Task.Run(() => Measured(buffer =>
        {
            Assert.True(replier.WaitForMessage(buffer));
            replier.Reply(buffer, buffer.Data);
        }));
        long asking = Measured(buffer => Assert.True(sender.Request("$.Q"u8, "data"u8, buffer)));

        // A thread's first sleep on a lock may cost it one small object; rounds cost nothing.
        Assert.InRange(asking + await replying, 0, 1000);

        static long Measured(Action<MessageBuffer> round)
        {
            using var buffer = new MessageBuffer();
            for (int i = 0; i < rounds; i++)
            {
                round(buffer);
            }

            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < rounds; i++)
            {
                round(buffer);
            }

            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    });
}
