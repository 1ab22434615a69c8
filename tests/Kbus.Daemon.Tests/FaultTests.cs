using System.Diagnostics;
using Kbus.Link;
using Kbus.Linux;

namespace Kbus.Daemon.Tests;

/// <summary>Faults of our own: each ends the smallest thing that can be given up, and is written to the log.</summary>
public sealed class FaultTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("kbus-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public Task An_exception_in_a_bus_ends_that_bus_alone_and_its_number_can_be_opened_anew() => Limited.Run(() =>
    {
        string said = Said(log =>
        {
            var options = new DaemonOptions { RuntimeDirectory = _directory, Buses = 2 };
            using var daemon = Daemon.Start(options, log, new StopRequest());
            using Ksock replier = Open(0);
            using Ksock asker = Open(0);
            using Ksock elsewhere = Open(1);
            replier.Bind("$.Q", replier: true);
            MessageId asked = asker.Send(new Request("$.Q", "?"));

            Assert.True(daemon.FindBus(0)!.Post(new Fault()));

            Message answer = asker.WaitForMessage()!;
            Assert.Equal(("$.KBUS.Replier.GoneAway", asked), (answer.Name, answer.InReplyTo));
            Assert.Equal(Errno.ENODEV, Assert.Throws<KbusException>(() => asker.WaitForMessage()).Errno);
            Assert.Equal("?", replier.WaitForMessage()!.DataAsText);
            Assert.Equal(Errno.ENODEV, Assert.Throws<KbusException>(() => replier.Send(new Announcement("$.A"))).Errno);

            elsewhere.Bind("$.A");
            elsewhere.Send(new Announcement("$.A", "the other bus goes on"));
            Assert.Equal("the other bus goes on", elsewhere.WaitForMessage()!.DataAsText);

            using Ksock anew = Open(0);
            Assert.Equal(1u, anew.Id);
            Assert.Equal(new MessageId(0, 1), anew.Send(new Announcement("$.First")));
            Assert.Equal(Errno.EADDRNOTAVAIL, Assert.Throws<KbusException>(() => anew.Send(new Request("$.Q"))).Errno);
            Assert.Equal(2, daemon.OpenKsocks);
        });

        Assert.Contains("kbusd: bus 0 has ended by a fault of kbusd; its 2 Ksocks see it die, and the next one", said, StringComparison.Ordinal);
        Assert.Contains("a fault that a test makes", said, StringComparison.Ordinal);
        Assert.Contains(nameof(FaultTests), said, StringComparison.Ordinal);
        Assert.DoesNotContain("bus 1", said, StringComparison.Ordinal);
    });

    [Fact]
    public Task A_bus_can_fail_again_and_again_and_the_daemon_keeps_nothing_of_it() => Limited.Run(() =>
    {
        using var daemon = Daemon.Start(new DaemonOptions { RuntimeDirectory = _directory }, Log.Silent, new StopRequest());
        int Descriptors() => Directory.GetFileSystemEntries("/proc/self/fd").Length;
        FailOnce(daemon);
        int before = Descriptors();
        for (int i = 0; i < 50; i++)
        {
            FailOnce(daemon);
        }

        Assert.InRange(Descriptors(), 0, before + 10);
    });

    [Fact]
    public Task A_device_file_of_a_bus_that_failed_gives_EIO_and_the_bus_can_be_opened_anew() => Limited.Run(() =>
    {
        Assert.SkipUnless(File.Exists("/dev/fuse"), "there is no FUSE here");
        string said = Said(log =>
        {
            using var daemon = Daemon.Start(new DaemonOptions { RuntimeDirectory = _directory, Devices = string.Empty }, log, new StopRequest());
            string file = Path.Join(_directory, "dev", "kbus0");
            using (var opened = new Descriptor(LibC.Open(file, LibC.OpenReadWrite, 0)))
            {
                Assert.True(LibC.Poll(opened.Number, LibC.PollIn, Deadline.Passed) == 0);
                Task<int> polled = Task.Run(() => LibC.Poll(opened.Number, LibC.PollIn, Deadline.After(Limited.Limit)));

                // The poll has reached the bus when the bus has carried out one more call of the same thread.
                Assert.True(daemon.FindBus(0)!.Post(new Fault()));
                Assert.NotEqual(0, polled.GetAwaiter().GetResult() & LibC.PollError);
                Assert.Equal(-(int)Errno.EIO, LibC.Write(opened.Number, [1]));
            }

            using var anew = new Descriptor(LibC.Open(file, LibC.OpenReadWrite, 0));
            Assert.Equal(1, LibC.Write(anew.Number, [1]));
            using Ksock second = Open(0);
            Assert.Equal(2u, second.Id);
        });
        Assert.Contains("bus 0 has ended by a fault of kbusd; its 1 Ksocks", said, StringComparison.Ordinal);
    });

    [Fact]
    public Task An_exception_under_a_call_on_a_device_file_ends_that_bus_alone() => Limited.Run(() =>
    {
        Assert.SkipUnless(File.Exists("/dev/fuse"), "there is no FUSE here");
        string said = Said(log =>
        {
            var options = new DaemonOptions { RuntimeDirectory = _directory, Devices = string.Empty, Buses = 2 };
            using var daemon = Daemon.Start(options, log, new StopRequest());
            using var other = new Descriptor(LibC.Open(Path.Join(_directory, "dev", "kbus1"), LibC.OpenReadWrite, 0));
            using Ksock linked = Open(0);
            using var opened = new Descriptor(LibC.Open(Path.Join(_directory, "dev", "kbus0"), LibC.OpenReadWrite, 0));
            BusThread bus = daemon.FindBus(0)!;
            Assert.True(bus.TryEnterAsGuest());
            bus.FailAsGuest(Thrown());

            Assert.Equal(Errno.ENODEV, Assert.Throws<KbusException>(() => linked.WaitForMessage()).Errno);
            Assert.Equal(-(int)Errno.EIO, LibC.Write(opened.Number, [1]));
            Assert.Equal(1, LibC.Write(other.Number, [1]));
        });
        Assert.Contains("a fault that a test makes", said, StringComparison.Ordinal);
    });

    [Fact]
    public Task A_daemon_that_ends_while_its_last_Ksock_closes_ends_without_a_fault() => Limited.Run(() =>
    {
        string said = Said(log =>
        {
            for (int i = 0; i < 100; i++)
            {
                using var daemon = Daemon.Start(new DaemonOptions { RuntimeDirectory = _directory }, log, new StopRequest());
                Ksock ksock = Open(0);
                using var together = new Barrier(2);
                Task closing = Task.Run(() =>
                {
                    together.SignalAndWait();
                    ksock.Dispose();
                });
                together.SignalAndWait();
                daemon.Dispose();
                closing.GetAwaiter().GetResult();
            }
        });
        Assert.Empty(said);
    });

    private void FailOnce(Daemon daemon)
    {
        using Ksock ksock = Open(0);
        Assert.True(daemon.FindBus(0)!.Post(new Fault()));
        Assert.Equal(Errno.ENODEV, Assert.Throws<KbusException>(() => ksock.WaitForMessage()).Errno);
    }

    private Ksock Open(uint device) =>
        Ksock.Open(device, KsockMode.ReadWrite, new KsockOptions { RuntimeDirectory = _directory, StartDaemon = false, OpenTimeout = TimeSpan.FromMinutes(3) });

    private static InvalidOperationException Thrown() => new("a fault that a test makes");

    private string Said(Action<Log> run)
    {
        string path = Path.Join(_directory, "log");
        using (FileStream file = File.Create(path))
        {
            using var writer = new LogWriter((int)file.SafeFileHandle.DangerousGetHandle());
            run(new Log(writer, TimeProvider.System));
            Assert.True(writer.TryFlush(Limited.Limit));
        }

        return File.ReadAllText(path);
    }

    private sealed class Fault : BusWork
    {
        public override void CarryOut(BusThread bus) => throw Thrown();

        public override void Abandon()
        {
        }
    }
}
