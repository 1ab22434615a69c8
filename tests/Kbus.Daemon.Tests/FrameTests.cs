using System.Collections.Concurrent;
using System.Net.Sockets;
using Kbus.Link;
using Kbus.Linux;

namespace Kbus.Daemon.Tests;

/// <summary>The outermost frame of each step of a thread: a fault there ends the step, and the daemon goes on.</summary>
public sealed class FrameTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("kbus-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("a wait for connections")]
    [InlineData("a connection")]
    [InlineData("the check for silent connections")]
    [InlineData("the mending of the directory")]
    [InlineData("the return of memory")]
    [InlineData("the check whether kbusd is in use")]
    [InlineData("the preparation of the status")]
    [InlineData("all questions about the status")]
    [InlineData("a question about the status")]
    [InlineData("the closing of a question")]
    public Task A_fault_in_a_step_of_a_thread_ends_that_step_alone(string step) => Limited.Run(() =>
    {
        string said = Said((log, made) =>
        {
            using var daemon = Daemon.Start(new DaemonOptions { RuntimeDirectory = _directory }, log, new StopRequest(), Faulty(log, step, made));
            while (!made.Contains(step))
            {
                Open().Dispose();
                Ask();
            }

            using Ksock ksock = Open();
            Assert.Equal(daemon.OpenKsocks, ProcessTests.Status(_directory).GetProperty("buses")[0].GetProperty("ksocks").GetArrayLength());
        });
        Assert.Contains($"kbusd: {step} was given up by a fault of kbusd. Please report this:\n", said, StringComparison.Ordinal);
        Assert.Contains(nameof(UnspeakableException), said, StringComparison.Ordinal);
    });

    [Theory]
    [InlineData("the hanging up of a Ksock")]
    [InlineData("a bus's posted work")]
    [InlineData("work for a bus")]
    [InlineData("what a bus still held")]
    [InlineData("the notice that a bus has no Ksock left")]
    public Task A_fault_in_the_ending_of_a_bus_keeps_no_member_from_seeing_it_die(string step) => Limited.Run(() =>
    {
        string said = Said((log, made) =>
        {
            using var daemon = Daemon.Start(new DaemonOptions { RuntimeDirectory = _directory }, log, new StopRequest(), Faulty(log, step, made));
            using Ksock first = Open();
            using Ksock second = Open();
            Assert.True(daemon.FindBus(0)!.Post(new Stubborn()));
            int dead = new[] { first, second }.Count(k => SeesItDie(k));
            Assert.InRange(dead, step == "the hanging up of a Ksock" ? 1 : 2, 2);
            using Ksock anew = Open();
            Assert.Equal(1u, anew.Id);
            Until(() => made.Contains(step));
        });
        Assert.Contains("bus 0 has ended by a fault of kbusd", said, StringComparison.Ordinal);
        Assert.Contains($"kbusd: {step} was given up by a fault of kbusd.", said, StringComparison.Ordinal);
    });

    [Fact]
    public Task A_bus_whose_posted_work_cannot_even_be_abandoned_still_hangs_up_all_its_members() => Limited.Run(() =>
    {
        string said = Said((log, _) =>
        {
            using var daemon = Daemon.Start(new DaemonOptions { RuntimeDirectory = _directory }, log, new StopRequest());
            using Ksock first = Open();
            using Ksock second = Open();
            BusThread bus = daemon.FindBus(0)!;
            using var together = new ManualResetEventSlim();
            Assert.True(bus.Post(new Waiting(together)));
            Assert.True(bus.Post(new Stubborn()));
            Assert.True(bus.Post(new Stubborn()));
            together.Set();
            Assert.True(SeesItDie(first));
            Assert.True(SeesItDie(second));
        });
        Assert.Contains("kbusd: work for a bus was given up by a fault of kbusd.", said, StringComparison.Ordinal);
    });

    [Fact]
    public Task A_fault_that_cannot_be_put_into_words_ends_its_bus_alone() => Limited.Run(() =>
    {
        string said = Said((log, _) =>
        {
            using var daemon = Daemon.Start(new DaemonOptions { RuntimeDirectory = _directory, Buses = 2 }, log, new StopRequest());
            using Ksock member = Open();
            using Ksock elsewhere = Open(1);
            Assert.True(daemon.FindBus(0)!.Post(new Stubborn()));
            Assert.True(SeesItDie(member));
            elsewhere.Bind("$.A");
            elsewhere.Send(new Announcement("$.A"));
            Assert.Equal("$.A", elsewhere.WaitForMessage()!.Name);
        });
        Assert.Contains("bus 0 has ended by a fault of kbusd; its 1 Ksocks see it die", said, StringComparison.Ordinal);
        Assert.Contains($"Please report this:\n{typeof(UnspeakableException)}\n", said, StringComparison.Ordinal);
    });

    [Fact]
    public Task A_fault_in_reading_the_policy_again_ends_that_reading_alone() => Limited.Run(() =>
    {
        string policy = Path.Join(_directory, "policy.json");
        File.WriteAllText(policy, """{ "rules": [ { "allow": "everybody", "everything": true } ] }""");
        string said = Said((log, made) =>
        {
            const string step = "the reading of the policy";
            var options = new DaemonOptions { RuntimeDirectory = _directory, Policy = policy };
            using var daemon = Daemon.Start(options, log, new StopRequest(), Faulty(log, step, made));
            using var hangUp = new HangUp(daemon, new StopRequest());
            hangUp.Came();
            Until(() => made.Contains(step));
            hangUp.Came();
            Until(() => File.ReadAllText(Path.Join(_directory, "log")).Contains("has been read again", StringComparison.Ordinal));
        });
        Assert.Contains("kbusd: the reading of the policy was given up by a fault of kbusd.", said, StringComparison.Ordinal);
    });

    /// <summary>Frames in which a step throws once.</summary>
    private static Frames Faulty(Log log, string step, ConcurrentBag<string> made)
    {
        int left = 1;
        return new Frames(log, what =>
        {
            if (what == step && Interlocked.Exchange(ref left, 0) == 1)
            {
                made.Add(step);
                throw new UnspeakableException();
            }
        });
    }

    private static bool SeesItDie(Ksock ksock)
    {
        try
        {
            return ksock.WaitForMessage(TimeSpan.FromSeconds(30)) is not null && SeesItDie(ksock);
        }
        catch (KbusException e) when (e.Errno == Errno.ENODEV)
        {
            return true;
        }
    }

    private static void Until(Func<bool> isSo)
    {
        while (!isSo())
        {
            Thread.Yield();
        }
    }

    private Ksock Open(uint device = 0) =>
        Ksock.Open(device, KsockMode.ReadWrite, new KsockOptions { RuntimeDirectory = _directory, StartDaemon = false, OpenTimeout = TimeSpan.FromMinutes(3) });

    /// <summary>Asks for the status, and takes any answer, or none.</summary>
    private void Ask()
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(Path.Join(_directory, "control")));
        try
        {
            socket.Send("status\n"u8);
            while (socket.Receive(new byte[4096]) > 0)
            {
            }
        }
        catch (SocketException)
        {
            // The question was given up.
        }
    }

    private string Said(Action<Log, ConcurrentBag<string>> run)
    {
        string path = Path.Join(_directory, "log");
        using (var file = new Descriptor(LibC.Open(path, LibC.OpenReadWrite | LibC.OpenCreate, 0x180)))
        {
            using var writer = new LogWriter(file.Number);
            run(new Log(writer, TimeProvider.System), []);
            Assert.True(writer.TryFlush(Limited.Limit));
        }

        return File.ReadAllText(path);
    }

    /// <summary>Work whose every step throws.</summary>
    private sealed class Stubborn : BusWork
    {
        public override void CarryOut(BusThread bus) => throw new UnspeakableException();

        public override void Abandon() => throw new UnspeakableException();
    }

    /// <summary>Work that is done when the test says so.</summary>
    private sealed class Waiting(ManualResetEventSlim go) : BusWork
    {
        public override void CarryOut(BusThread bus) => Assert.True(go.Wait(Limited.Limit));

        public override void Abandon()
        {
        }
    }
}
