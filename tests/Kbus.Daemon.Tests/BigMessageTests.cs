namespace Kbus.Daemon.Tests;

/// <summary>Messages whose data are in a payload area.</summary>
public sealed class BigMessageTests
{
    /// <summary>A big message that went into the ring just when the bus saw that all before it were taken was not published: nobody was told.</summary>
    [Fact]
    public Task A_big_message_that_comes_as_the_ring_begins_again_is_told() => Limited.Run(() =>
    {
        using DaemonProcess daemon = DaemonProcess.Start();
        using var listener = Ksock.Open(0, KsockMode.Read, new KsockOptions { RuntimeDirectory = daemon.Directory, StartDaemon = false });
        using var sender = Ksock.Open(0, options: new KsockOptions { RuntimeDirectory = daemon.Directory, StartDaemon = false });
        listener.Bind("$.Big");
        using var buffer = new MessageBuffer();
        byte[] data = new byte[50_000];

        // Some 100 bytes of the ring each: its beginning, of 32 KiB, is passed a few times.
        for (uint i = 1; i <= 2000; i++)
        {
            BitConverter.TryWriteBytes(data, i);
            sender.Send(new Announcement("$.Big", data));

            // The buffer gives a message back only when the next one comes: the bus has not been told that the last one was taken.
            Assert.True(listener.WaitForMessage(buffer, TimeSpan.FromSeconds(60)), $"message {i} did not come");
            Assert.Equal(i, BitConverter.ToUInt32(buffer.Data));
        }
    });
}
