using System.Globalization;
using System.Runtime.InteropServices;
using Kbus.Core;
using Kbus.Hosts;
using Kbus.Link;
using Kbus.Links;
using Kbus.Linux;

namespace Kbus.Tests;

/// <summary>Ksocks on links to a daemon, which here runs in this process: all between it and them is as between processes.</summary>
public sealed partial class LinkKsockTests : KsockTests
{
    private protected override ITestBuses Start(BusOptions limits, int buses) => new LinkedBuses(limits, buses);

    [Fact]
    public Task A_message_larger_than_any_bus_allows_is_refused_and_the_Ksock_lives_on() => Limited.Run(() =>
    {
        using ITestBuses buses = Start(new BusOptions(), 1);
        using Ksock sender = buses.Open(0, KsockMode.ReadWrite, new KsockOptions());
        Assert.False(sender.TrySend(new Announcement("$.A", new byte[64 * 1024 * 1024]), out _, out Errno error));
        Assert.Equal(Errno.EMSGSIZE, error);
        sender.Send(new Announcement("$.A"));
    });

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public Task A_thread_that_asks_or_replies_gets_short_time_slices_and_one_that_announces_keeps_its_own(bool asks) => Limited.Run(() =>
    {
        using ITestBuses buses = Start(new BusOptions(), 1);
        using Ksock asker = buses.Open(0, KsockMode.ReadWrite, new KsockOptions());
        using Ksock replier = buses.Open(0, KsockMode.ReadWrite, new KsockOptions());
        replier.Bind("$.A", replier: true);
        (ulong Before, ulong Announced, ulong Took) slices = default;
        var thread = new Thread(() =>
        {
            slices.Before = SliceOfThisThread();
            asker.Send(new Announcement("$.B"));
            slices.Announced = SliceOfThisThread();
            if (asks)
            {
                asker.Send(new Request("$.A"));
            }
            else
            {
                using var request = new MessageBuffer();
                replier.WaitForMessage(request);
                replier.Reply(request, default);
            }

            slices.Took = SliceOfThisThread();
        });
        if (!asks)
        {
            asker.Send(new Request("$.A"));
        }

        thread.Start();
        thread.Join();
        Assert.Equal(slices.Before, slices.Announced);
        Assert.Equal(PromptThread.Slice != 0 ? Math.Min(slices.Before, PromptThread.Slice) : slices.Before, slices.Took);
        return;

        // 0 where the kernel knows of no such slices: then there must be none afterwards, too.
        static ulong SliceOfThisThread() => LibC.TryGetTimeSlice(out SchedulingAttributes attributes) ? attributes.Slice : 0;
    });

    [Fact]
    public Task A_bus_that_rings_and_dies_at_once_is_known_to_be_dead() => Limited.Run(async () =>
    {
        using ITestBuses other = Start(new BusOptions(), 1);
        using ITestBuses buses = Start(new BusOptions(), 1);
        using Ksock holder = other.Open(0, KsockMode.ReadWrite, new KsockOptions());
        using Ksock waiter = buses.Open(0, KsockMode.ReadWrite, new KsockOptions());
        using Ksock sender = buses.Open(0, KsockMode.ReadWrite, new KsockOptions());
        waiter.Bind("$.A");
        ValueTask<Message?> waiting = waiter.ReceiveAsync();

        // The thread that hears all rings of this process is held, so that it hears the ring and the hang-up together.
        using var isHeld = new ManualResetEventSlim();
        using var letGo = new ManualResetEventSlim();
        holder.Bind("$.Hold");
        holder.Host.NotifyOfNews(holder.Host.WatchNews(), () =>
        {
            isHeld.Set();
            letGo.Wait();
        });
        holder.Send(new Announcement("$.Hold"));
        isHeld.Wait();

        sender.Send(new Announcement("$.A"));
        buses.Die();
        letGo.Set();
        Assert.Equal("$.A", (await waiting)?.Name);
        Assert.Equal(Errno.ENODEV, (await Assert.ThrowsAsync<KbusException>(async () => await waiter.ReceiveAsync())).Errno);
    });

    [Fact]
    public Task A_fault_in_the_thread_that_hears_all_rings_ends_one_Ksock_which_says_so_and_the_others_go_on() => Limited.Run(async () =>
    {
        using var buses = new LinkedBuses(new BusOptions(), 1);
        using Ksock faulty = buses.Open(0, KsockMode.ReadWrite, new KsockOptions());
        using Ksock other = buses.Open(0, KsockMode.ReadWrite, new KsockOptions());
        using Ksock asker = buses.Open(0, KsockMode.ReadWrite, new KsockOptions());
        faulty.Bind("$.Owed", replier: true);
        other.Bind("$.News");
        ValueTask<Message?> heard = other.ReceiveAsync();
        MessageId asked = asker.Send(new Request("$.Owed"));
        Assert.Equal(asked, faulty.WaitForMessage()?.Id);
        ValueTask<Message?> waiting = faulty.ReceiveAsync();

        // The bus's answers are in nobody's hands but that thread's.
        using var letGo = new ManualResetEventSlim();
        buses.Hold(letGo);
        Task<MessageId> behind;
        try
        {
            PostForThrower(faulty.Host);
            behind = faulty.SendAsync(new Announcement("$.Second")).AsTask();
        }
        finally
        {
            letGo.Set();
        }

        const string Named = "ENODEV: A fault of KBUS itself has ended Ksock 1 of bus 0, and nothing else. Please report it: InvalidTimeZoneException: planted (at ";
        Assert.StartsWith(Named, (await Assert.ThrowsAsync<KbusException>(async () => await waiting)).Message, StringComparison.Ordinal);
        Assert.StartsWith(Named, Assert.Throws<KbusException>(() => faulty.Bind("$.More")).Message, StringComparison.Ordinal);
        Assert.StartsWith(Named, Assert.Throws<KbusException>(() => faulty.Send(new Announcement("$.More"))).Message, StringComparison.Ordinal);
        Exception? outcome = await Record.ExceptionAsync(() => behind);
        Assert.True(outcome is null or KbusException { Errno: Errno.ENODEV }, $"{outcome}");

        Message? answer = await asker.ReceiveAsync();
        Assert.Equal((asked, "$.KBUS.Replier.Ignored"), (answer!.InReplyTo, answer.Name));
        await asker.SendAsync(new Announcement("$.News"));
        Assert.Equal("$.News", (await heard)?.Name);
    });

    [Fact]
    public Task A_program_that_closes_the_descriptor_of_all_doorbells_hears_them_all_the_same() => Limited.Run(async () =>
    {
        using ITestBuses buses = Start(new BusOptions(), 1);
        using Ksock first = buses.Open(0, KsockMode.ReadWrite, new KsockOptions());
        using Ksock second = buses.Open(0, KsockMode.ReadWrite, new KsockOptions());
        using Ksock sender = buses.Open(0, KsockMode.ReadWrite, new KsockOptions());
        first.Bind("$.First");
        second.Bind("$.Second");
        for (int i = 0; i < 3; i++)
        {
            ValueTask<Message?> waiting = first.ReceiveAsync();
            using var another = new Descriptor(LibC.CreateEvent());
            Assert.Equal(SetOf(first), Duplicate(another.Number, SetOf(first)));

            // The thread sleeps on the set that is gone. Only the newcomer finds that out.
            using Ksock newcomer = buses.Open(0, KsockMode.ReadWrite, new KsockOptions());
            newcomer.Bind("$.Newcomer");
            ValueTask<Message?> waitingToo = i == 0 ? second.ReceiveAsync() : newcomer.ReceiveAsync();
            sender.Send(new Announcement(i == 0 ? "$.Second" : "$.Newcomer"));
            Assert.NotNull(await waitingToo);
            sender.Send(new Announcement("$.First"));
            Assert.NotNull(await waiting);
        }
    });

    [Fact]
    public Task An_asynchronous_wait_that_gets_no_descriptor_does_not_spoil_those_that_come_later() => Limited.Run(() =>
    {
        using var bus = new Links.BusEnd();
        int attempts = 0;
        bus.Board.OnPump = () => throw new KbusException(++attempts == 1 ? Errno.EMFILE : Errno.ENOMEM);
        Assert.Equal(Errno.EMFILE, Assert.Throws<KbusException>(() => bus.Board.NotifyOfNews(bus.Board.Count, () => { })).Errno);
        Assert.False(bus.Board.IsPumped);
        Assert.Equal(Errno.ENOMEM, Assert.Throws<KbusException>(() => bus.Board.NotifyOfNews(bus.Board.Count, () => { })).Errno);
        bus.Board.OnPump = () => attempts++;
        bus.Board.NotifyOfNews(bus.Board.Count, () => { });
        Assert.True(bus.Board.IsPumped);
        Assert.Equal(3, attempts);
    });

    /// <summary>The epoll set that has the Ksock's socket.</summary>
    private static int SetOf(Ksock ksock)
    {
        string socket = $"tfd:{((LinkHost)ksock.Host).SocketNumber,9} ";
        return Directory.EnumerateFiles("/proc/self/fd")
            .Select(f => int.Parse(Path.GetFileName(f), CultureInfo.InvariantCulture))
            .First(n => new FileInfo($"/proc/self/fd/{n}").LinkTarget == "anon_inode:[eventpoll]"
                && File.ReadAllText($"/proc/self/fdinfo/{n}").Contains(socket, StringComparison.Ordinal));
    }

    private static void PostForThrower(KsockHost host)
    {
        var header = new MessageHeader { StartGuard = MessageHeader.StartGuardValue, EndGuard = MessageHeader.EndGuardValue };
        host.TellOutcome(host.Post(new OutgoingMessage(ref header, "$.First"u8, default), new Thrower(), Deadline.Never));
    }

    [LibraryImport("libc", EntryPoint = "dup2")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Duplicate(int from, int to);

    private sealed class Thrower : IPostedSend
    {
        public void Complete(ReadOnlySpan<SendOutcome> outcomes) => throw new InvalidTimeZoneException("planted");
    }
}
