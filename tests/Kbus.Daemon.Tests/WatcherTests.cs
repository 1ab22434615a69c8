using Kbus.Link;
using Kbus.Linux;
using Kbus.TestKit;

namespace Kbus.Daemon.Tests;

/// <summary>A watcher sees all that happens on a bus, and nobody on the bus sees anything of it.</summary>
public sealed class WatcherTests : IDisposable
{
    private readonly DaemonProcess _daemon = DaemonProcess.Start();

    public void Dispose() => _daemon.Dispose();

    [Fact]
    public Task Each_message_comes_once_in_the_order_of_the_bus_with_its_recipients_and_its_outcome() => Limited.Run(() =>
    {
        using BusWatcher watcher = Watch();
        using Ksock replier = Open();
        using Ksock listener = Open();
        using Ksock asker = Open();
        replier.Bind("$.Ask", replier: true);
        listener.Bind("$.*");
        listener.SetMaxMessages(2);
        MessageId request = asker.Send(new Request("$.Ask", "hello"));
        _ = Assert.Throws<KbusException>(() => asker.Send(new Request("$.Nobody")));
        _ = replier.ReadNextMessage();
        replier.Send(new Reply("$.Ask", request) { To = asker.Id });
        asker.Send(new Announcement("$.Tick"));
        _ = Assert.Throws<KbusException>(() => asker.Send(new Announcement("$.Tick") { Flags = MessageFlags.AllOrFail }));
        replier.Dispose();
        List<BusEvent> events = ReadUntil(watcher, e => e is KsockClosedEvent);
        Assert.Equal(
            [
                "opened 1", "opened 2", "opened 3", "bound 1 $.Ask True None", "bound 2 $.* False None", "set 2 MAXMSGS 2",
                "3 None $.Ask Request 1 Replier, 2 Listener", "3 EADDRNOTAVAIL $.Nobody Request ", "1 None $.Ask Reply 3 Requester, 2 Listener",
                "3 None $.Tick Announcement 2 Missed", "3 EBUSY $.Tick Announcement 2 NoRoom", "closed 1 Closed",
            ],
            events.Where(e => e is not SnapshotEndEvent).Select(Text));
        ulong[] numbers = [.. events.Where(e => e is not SnapshotEndEvent).Select(e => e.Number)];
        Assert.Equal(Enumerable.Range(1, numbers.Length).Select(n => (ulong)n), numbers);
        Assert.Equal(events.Where(e => e is not SnapshotEndEvent).Select(e => e.Monotonic).Order(), events.Where(e => e is not SnapshotEndEvent).Select(e => e.Monotonic));
        Assert.Equal(request, ((MessageEvent)events.First(e => e is MessageEvent)).Message.Id);
    });

    [Fact]
    public Task What_was_there_before_is_told_first() => Limited.Run(() =>
    {
        using Ksock listener = Open();
        using Ksock replier = Open();
        listener.Bind("$.A");
        listener.Bind("$.B.*");
        replier.Bind("$.A", replier: true);
        using BusWatcher watcher = Watch();
        List<BusEvent> events = ReadUntil(watcher, e => e is SnapshotEndEvent);
        Assert.Equal(["opened 2", "opened 1", "bound 2 $.A True None", "bound 1 $.B.* False None", "bound 1 $.A False None"], events[..^1].Select(Text));
        Assert.All(events[..^1], e => Assert.True(e is KsockOpenedEvent { WasPresent: true } or BindingEvent { WasPresent: true }));
        Assert.Equal(Environment.ProcessId, events.OfType<KsockOpenedEvent>().First().ProcessId);
    });

    [Fact]
    public Task A_watcher_that_stands_still_loses_its_own_events_and_no_member_notices() => Limited.Run(() =>
    {
        const int messages = 20_000;
        using BusWatcher still = Watch(new BusWatcherOptions { RuntimeDirectory = _daemon.Directory, WithData = true, BufferSize = 256 * 1024 });
        using Ksock listener = Open();
        using Ksock sender = Open();
        listener.Bind("$.Tick");
        listener.SetMaxMessages(messages);
        var announcement = new Announcement("$.Tick", new byte[100]) { Flags = MessageFlags.AllOrFail };
        for (int i = 0; i < messages; i++)
        {
            sender.Send(announcement);
        }

        Assert.Equal((uint)messages, listener.NumMessages);
        Assert.True(still.EventsLost > 0);

        // What is lost is said where it would have stood.
        List<BusEvent> events = [];
        ulong next = 1;
        while (still.TryNext(out BusEvent? seen))
        {
            events.Add(seen);
        }

        sender.Send(new Announcement("$.Last"));
        events.AddRange(ReadUntil(still, e => e is MessageEvent { Message.Name: "$.Last" }));
        foreach (BusEvent seen in events.Where(e => e is not SnapshotEndEvent))
        {
            Assert.Equal(next, seen.Number);
            next += seen is EventsLostEvent lost ? lost.Count : 1;
        }

        Assert.Equal(still.EventsLost, events.OfType<EventsLostEvent>().Aggregate(0ul, (sum, e) => sum + e.Count));
        Assert.Equal(messages + 6ul, next);
    });

    [Fact]
    public Task Data_comes_only_if_it_is_wanted_and_of_long_data_only_the_beginning() => Limited.Run(() =>
    {
        using BusWatcher headers = Watch();
        using BusWatcher data = Watch(new BusWatcherOptions { RuntimeDirectory = _daemon.Directory, WithData = true });
        using Ksock sender = Open();
        sender.Send(new Announcement("$.Short", "hello"));
        byte[] bytes = new byte[100_000];
        new Random(3).NextBytes(bytes);
        sender.Send(new Announcement("$.Long", bytes));
        List<MessageEvent> bare = [.. ReadUntil(headers, e => e is MessageEvent { Message.Name: "$.Long" }).OfType<MessageEvent>()];
        Assert.Equal([(0, 5L), (0, 100_000L)], bare.Select(e => (e.Message.Data.Length, e.DataLength)));
        List<MessageEvent> whole = [.. ReadUntil(data, e => e is MessageEvent { Message.Name: "$.Long" }).OfType<MessageEvent>()];
        Assert.Equal("hello", whole[0].Message.DataAsText);
        Assert.Equal(100_000, whole[1].DataLength);
        Assert.Equal(bytes[..65536], whole[1].Message.Data.ToArray());
        Assert.True(whole[1].EntireLength > 100_000);
    });

    [Fact]
    public async Task An_asynchronous_reader_that_is_cancelled_loses_nothing()
    {
        using BusWatcher watcher = Watch();
        using Ksock sender = Open();
        List<string> names = [];
        int sent = 0;
        for (int round = 0; round < 20; round++)
        {
            using var stop = new CancellationTokenSource();
            sender.Send(new Announcement($"$.N{sent++}"));
            try
            {
                await foreach (BusEvent seen in watcher.ReadAllAsync(stop.Token))
                {
                    if (seen is MessageEvent message)
                    {
                        names.Add(message.Message.Name);
                        sender.Send(new Announcement($"$.N{sent++}"));
                        await stop.CancelAsync();
                    }
                }
            }
            catch (OperationCanceledException)
            {
                // The next round goes on.
            }
        }

        await foreach (BusEvent seen in watcher.ReadAllAsync())
        {
            names.AddRange(seen is MessageEvent message ? [message.Message.Name] : []);
            if (names.Count == sent)
            {
                break;
            }
        }

        Assert.Equal(Enumerable.Range(0, sent).Select(n => $"$.N{n}"), names);
    }

    [Fact]
    public Task Whoever_waits_for_an_event_wakes_when_the_watcher_is_disposed_of() => Limited.Run(() =>
    {
        BusWatcher watcher = Watch();
        _ = ReadUntil(watcher, e => e is SnapshotEndEvent);
        var waiting = Task.Factory.StartNew(() => watcher.Next(), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        Task other = AllOf(watcher);
        watcher.Dispose();
        _ = Assert.Throws<ObjectDisposedException>(() => waiting.GetAwaiter().GetResult());
        _ = Assert.Throws<ObjectDisposedException>(() => other.GetAwaiter().GetResult());
        watcher.Dispose();
        Assert.Equal(0ul, watcher.EventsLost);
    });

    [Fact]
    public Task When_the_daemon_ends_what_was_told_is_read_and_then_ENODEV() => Limited.Run(() =>
    {
        using DaemonProcess daemon = DaemonProcess.Start();
        using BusWatcher watcher = BusWatcher.Open(0, new BusWatcherOptions { RuntimeDirectory = daemon.Directory });
        using (Ksock sender = Ksock.Open(0, KsockMode.ReadWrite, new KsockOptions { RuntimeDirectory = daemon.Directory, StartDaemon = false }))
        {
            sender.Send(new Announcement("$.Last"));
        }

        Assert.Equal(0, Kbusd.Run("/bin/kill", "-TERM", daemon.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)).Code);
        List<string> told = [];
        Assert.Equal(Errno.ENODEV, Assert.Throws<KbusException>(() => ReadToEnd(watcher, told)).Errno);
        Assert.Contains("1 None $.Last Announcement ", told);
        Assert.Contains("closed 1 Closed", told);
    });

    [Fact]
    public Task There_is_a_limit_of_watchers_for_each_user() => Limited.Run(() =>
    {
        List<BusWatcher> watchers = [.. Enumerable.Range(0, BusWatchers.MostOfUser).Select(_ => Watch())];
        KbusException refusal = Assert.Throws<KbusException>(() => _ = Watch());
        Assert.Equal(Errno.EDQUOT, refusal.Errno);
        Assert.Contains("Bus 0 has 8 watchers, 8 of them of this user.", refusal.Message, StringComparison.Ordinal);
        watchers[0].Dispose();
        using BusWatcher next = WatchSoon();
        watchers.ForEach(w => w.Dispose());

        // A watcher uses up no id.
        using Ksock first = Open();
        Assert.Equal(1u, first.Id);
    });

    [Fact]
    public Task A_watcher_that_writes_nonsense_ends_itself_alone() => Limited.Run(() =>
    {
        using BusWatcher honest = Watch();
        Assert.Equal(0, UnixSocket.Connect(Path.Join(_daemon.Directory, "bus0"), Deadline.Never, out Descriptor? socket));
        using (socket)
        {
            Assert.Equal(HandshakeFault.None, HandshakeExchange.SendHello(socket!, ClientHello.Watch(Environment.ProcessId, false, 0), Deadline.Never));
            Assert.Equal(HandshakeFault.None, HandshakeExchange.ReceiveWelcome(socket!, Deadline.Never, out BusWelcome? welcome, out Descriptor? file, out Descriptor? bell));
            Assert.Equal(0, SharedMemory.Map(file!, welcome!.Layout!, out SharedMemory? memory));
            memory!.Header.DeliveryHeadWord() = 0x1234567;
            using Ksock sender = Open();
            sender.SetMaxMessages(10);

            // The bus reads the word when it is far into the ring.
            for (int i = 0; i < 1000; i++)
            {
                sender.Send(new Announcement($"$.{new string('n', 900)}", new byte[10]));
            }

            Assert.True(PeerSocket.HangsUp(socket!.Number, Deadline.Never));
            sender.Send(new Announcement("$.Last"));
            _ = ReadUntil(honest, e => e is MessageEvent { Message.Name: "$.Last" });
            memory.Dispose();
            file!.Dispose();
            bell!.Dispose();
        }
    });

    [Fact]
    public Task A_process_that_hangs_up_is_told_from_one_that_closes() => Limited.Run(() =>
    {
        using BusWatcher watcher = Watch();
        Assert.Equal(0, UnixSocket.Connect(Path.Join(_daemon.Directory, "bus0"), Deadline.Never, out Descriptor? socket));
        using (socket)
        {
            Assert.Equal(HandshakeFault.None, HandshakeExchange.SendHello(socket!, new ClientHello(KsockMode.Read, Environment.ProcessId, 0, 0, 0, 0), Deadline.Never));
            Assert.Equal(HandshakeFault.None, HandshakeExchange.ReceiveWelcome(socket!, Deadline.Never, out _, out Descriptor? file, out Descriptor? bell));
            file!.Dispose();
            bell!.Dispose();
        }

        Assert.Equal("closed 1 Died", Text(ReadUntil(watcher, e => e is KsockClosedEvent)[^1]));
    });

    [Fact]
    public Task A_policy_decides_who_may_watch() => Limited.Run(() =>
    {
        const string all = """{ "allow": "root", "everything": true }""";
        const string open = """{ "allow": "everybody", "open": ["read", "write"] }""";
        using var daemon = new PolicyDaemon([all, """{ "allow": "54322", "watch": true }""", """{ "deny": "everybody", "watch": true }""", open]);
        BusWatcher WatchAs(uint user) => OtherUser.Run(user, () => BusWatcher.Open(0, new BusWatcherOptions { RuntimeDirectory = daemon.Runtime }));
        KbusException refusal = Assert.Throws<KbusException>(() => _ = WatchAs(54321));
        Assert.Equal(Errno.EPERM, refusal.Errno);
        Assert.Contains($"This user may not watch bus 0: policy {daemon.PolicyPath} line 4.", refusal.Message, StringComparison.Ordinal);
        using BusWatcher friend = WatchAs(54322);
        using Ksock stranger = daemon.OpenAs(54321);
        Assert.Equal(Errno.EPERM, Assert.Throws<KbusException>(() => stranger.Send(new Announcement("$.Denied"))).Errno);
        Assert.Equal(Errno.EPERM, Assert.Throws<KbusException>(() => stranger.Bind("$.Denied")).Errno);
        List<string> told = [.. ReadUntil(friend, e => e is BindingEvent).Where(e => e is not SnapshotEndEvent).Select(Text)];
        Assert.Equal(["opened 1", "1 EPERM $.Denied Announcement ", "bound 1 $.Denied False EPERM"], told);

        // Whoever may not watch any more is hung up on.
        _ = daemon.Reload(all, """{ "deny": "everybody", "watch": true }""");
        Assert.Equal(Errno.ENODEV, Assert.Throws<KbusException>(() => ReadToEnd(friend, [])).Errno);
    });

    private static async Task AllOf(BusWatcher watcher)
    {
        await foreach (BusEvent seen in watcher.ReadAllAsync())
        {
            Assert.NotNull(seen);
        }
    }

    private static List<BusEvent> ReadUntil(BusWatcher watcher, Predicate<BusEvent> isLast)
    {
        List<BusEvent> events = [];
        do
        {
            events.Add(watcher.Next()!);
        }
        while (!isLast(events[^1]));
        return events;
    }

    private static void ReadToEnd(BusWatcher watcher, List<string> told)
    {
        while (true)
        {
            told.Add(Text(watcher.Next()!));
        }
    }

    private static string Text(BusEvent seen) => seen switch
    {
        MessageEvent m => $"{m.Ksock} {m.Outcome} {m.Message.Name} {m.Message.Kind} {string.Join(", ", m.Recipients.Select(r => $"{r.Ksock} {r.Fate}"))}",
        KsockOpenedEvent o => $"opened {o.Ksock}",
        KsockClosedEvent c => $"closed {c.Ksock} {c.End}",
        BindingEvent { IsBind: true } b => $"bound {b.Ksock} {b.Name} {b.IsReplier} {b.Outcome}",
        BindingEvent b => $"unbound {b.Ksock} {b.Name} {b.IsReplier} {b.Outcome}",
        SettingEvent s => $"set {s.Ksock} {s.Setting} {s.Value}",
        LimitEvent l => $"limit {l.Ksock} {l.What} {l.Whose}",
        EventsLostEvent e => $"lost {e.Count}",
        _ => "end of what was there",
    };

    private BusWatcher Watch(BusWatcherOptions? options = null) => BusWatcher.Open(0, options ?? new BusWatcherOptions { RuntimeDirectory = _daemon.Directory });

    /// <summary>Watches as soon as the bus has come to the end of another watcher.</summary>
    private BusWatcher WatchSoon()
    {
        while (true)
        {
            try
            {
                return Watch();
            }
            catch (KbusException e) when (e.Errno == Errno.EDQUOT)
            {
                _ = Thread.Yield();
            }
        }
    }

    private Ksock Open() => Ksock.Open(0, KsockMode.ReadWrite, new KsockOptions { RuntimeDirectory = _daemon.Directory, StartDaemon = false });
}
