namespace Kbus.Faults;

/// <summary>Ends of the link that only show after a long time, or with bad luck.</summary>
public sealed class LinkEndTests
{
    [Fact]
    public Task A_big_message_comes_through_though_many_rings_were_not_heard() => Limited.Run(_ =>
    {
        using DaemonProcess daemon = DaemonProcess.Start();
        using Ksock sender = ActorProgram.Open(daemon.Directory);
        using Ksock listener = ActorProgram.Open(daemon.Directory);
        using var buffer = new MessageBuffer();
        listener.Bind("$.News");

        // As when each message comes just after the listener asked to be rung and just before it looks once more.
        for (int i = 0; i < 2000; i++)
        {
            listener.Host.WatchNews();
            sender.Send("$.News"u8, "small"u8);
            Assert.True(listener.TryReadNext(buffer));
        }

        byte[] data = new byte[100_000];
        Content.Fill(data, 1);
        sender.Send("$.News"u8, data);
        Task<bool> reading = Task.Run(() => listener.WaitForMessage(buffer, TimeSpan.FromSeconds(120)));
        Assert.True(Task.WaitAny([reading], TimeSpan.FromSeconds(180)) == 0, "reading a big message never ends");
        Assert.True(reading.GetAwaiter().GetResult() && Content.IsWhole(buffer.Data));
    });

    [Fact]
    public Task Who_overhears_replies_to_others_remembers_nothing_of_them() => Limited.Run(_ =>
    {
        using DaemonProcess daemon = DaemonProcess.Start();
        using var echo = new EchoPair(daemon.Directory);
        using Ksock listener = ActorProgram.Open(daemon.Directory);
        using var buffer = new MessageBuffer();
        listener.Bind("$.Echo");
        Overhear(1000);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        const int count = 30_000;
        Overhear(count);
        long grown = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.True(grown < count * 10, $"{grown} bytes more after {count} overheard replies");

        void Overhear(int times)
        {
            for (int i = 0; i < times; i++)
            {
                echo.Once(16);
                Assert.True(listener.TryReadNext(buffer) && listener.TryReadNext(buffer));
            }
        }
    });
}
