using System.Security.Cryptography;
using System.Text;

namespace Kbus.Cli.Tests;

/// <summary><c>kbus replay</c>: a recording is sent again.</summary>
public sealed class ReplayTests
{
    [Fact]
    public Task A_recording_of_100000_messages_is_replayed_with_the_same_names_flags_and_data_in_order() => Limited.Run(() =>
    {
        const int messages = 100_000;
        const int atOnce = 5000;
        using var bus = new PrivateBus();
        string file = Path.Join(bus.Directory, "trace");
        using Program recorder = Recording(bus, file, "--compress");
        byte[] sent;
        using (BusWatcher other = Watch(bus))
        {
            // The recorder loses nothing if the messages come no faster than another watcher of the same kind reads.
            using Ksock sender = bus.Open();
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            MessageId last = MessageId.None;
            for (int i = 0; i < messages; i++)
            {
                byte[] data = [.. Enumerable.Repeat((byte)('a' + (i % 26)), i % 50)];
                var message = new Announcement($"$.Tick.N{i % 10}", data, MessageFlags.AllOrWait | (MessageFlags)((uint)(i % 7) << 16));
                last = sender.Send(message);
                Add(hash, message);
                if (i % atOnce == atOnce - 1)
                {
                    while (other.Next() is not MessageEvent seen || seen.Message.Id != last)
                    {
                    }
                }
            }

            sent = hash.GetHashAndReset();
        }

        recorder.Signal("TERM");
        Ended recorded = recorder.End();
        Assert.Equal(143, recorded.Code);
        (byte[] inFile, int count, ulong lost) = Hash(file);
        Assert.Equal((ulong)messages, (ulong)count + lost);
        Assert.Equal(lost > 0, recorded.Errors.Contains($"; {lost} were lost", StringComparison.Ordinal));
        if (lost == 0)
        {
            Assert.Equal(Convert.ToHexString(sent), Convert.ToHexString(inFile));
        }

        // All of them say ALL_OR_WAIT, so a listener that is slower than the replay misses none.
        using Ksock listener = bus.Open();
        listener.Bind("$.Tick.*");
        using Program replay = bus.Start("replay", file, "--fast", "--timeout", "300");
        using var received = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (int i = 0; i < count; i++)
        {
            Add(received, listener.WaitForMessage()!);
        }

        Assert.Equal(new Ended(0, $"sent: {count} announcements, 0 Requests, 0 Replies\n", ""), replay.End());
        Assert.Equal(Convert.ToHexString(inFile), Convert.ToHexString(received.GetHashAndReset()));
    });

    [Fact]
    public Task Requests_are_asked_again_and_answered_by_whoever_replies_now() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        string file = RecordTalk(bus);
        using Ksock listener = bus.Open();
        listener.Bind("$.Note");
        using Program replier = bus.StartBound("reply", "$.Ask", "yes");
        Ended ended = bus.Run("replay", file);
        string[] lines =
        [
            "sent: 1 announcement, 1 Request, 0 Replies",
            "answered: by 1 Reply and 0 Statuses; 0 not yet",
            "left out: 1 Replies (--as-replier sends them)",
            "left out: 1 refused when they were recorded",
        ];
        Assert.Equal((0, "", string.Join('\n', lines)), (ended.Code, ended.Errors, ended.Output.TrimEnd()));
        Assert.Equal("well", listener.ReadNextMessage()!.DataAsText);
        Assert.Equal("sent: 0 announcements, 1 Request, 0 Replies", bus.Run("replay", file, "--requests-only", "--fast").Lines[0]);
        Assert.Equal("sent: 1 announcement, 0 Requests, 0 Replies", bus.Run("replay", file, "$.Note", "--speed", "1000").Lines[0]);
        Assert.Equal("sent: 1 announcement, 2 Requests, 0 Replies", bus.Run("replay", file, "--fast", "--loops", "5", "-n", "3").Lines[0]);
        Assert.Equal("sent: 3 announcements, 3 Requests, 0 Replies", bus.Run("replay", file, "--fast", "--loops", "3").Lines[0]);
    });

    [Fact]
    public Task Without_a_replier_each_Request_is_refused_and_counted() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        string file = RecordTalk(bus);
        Ended ended = bus.Run("replay", file, "--fast", "--loops", "20");
        Assert.Equal((1, ""), (ended.Code, ended.Errors));
        Assert.Equal("sent: 20 announcements, 0 Requests, 0 Replies", ended.Lines[0]);
        string refused = "refused: 20 by EADDRNOTAVAIL (Cannot assign requested address), first $.Ask; see kbus errno EADDRNOTAVAIL";
        Assert.Equal(refused, ended.Lines[^1]);
    });

    [Fact]
    public Task A_full_listener_refuses_what_is_for_all_or_none_and_the_replay_goes_on() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        string file = Path.Join(bus.Directory, "trace");
        using (Program recorder = Recording(bus, file, "-n", "4"))
        {
            using Ksock sender = bus.Open();
            sender.Send(new Announcement("$.A", "1", MessageFlags.AllOrFail));
            sender.Send(new Announcement("$.A", "2", MessageFlags.AllOrFail));
            sender.Send(new Announcement("$.A", "3", MessageFlags.AllOrWait));
            Assert.Equal(0, recorder.End().Code);
        }

        using Ksock listener = bus.Open();
        listener.SetMaxMessages(1);
        listener.Bind("$.A");
        Ended ended = bus.Run("replay", file, "--fast", "--timeout", "0.05");
        Assert.Equal(1, ended.Code);
        string[] lines =
        [
            "sent: 1 announcement, 0 Requests, 0 Replies",
            "refused: 1 by EAGAIN (Resource temporarily unavailable), first $.A; see kbus errno EAGAIN",
            "refused: 1 by EBUSY (Device or resource busy), first $.A; see kbus errno EBUSY",
        ];
        Assert.Equal(lines, ended.Lines);
    });

    [Fact]
    public Task As_replier_it_gives_the_recorded_answers() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        string file = RecordTalk(bus);
        using Ksock listener = bus.Open();
        listener.Bind("$.Other.Ask");
        Ended ended = bus.Run("replay", file, "--as-replier", "--fast", "--map", "$.*=$.Other.*", "--loops", "2");
        Assert.Equal((0, ""), (ended.Code, ended.Errors));
        string[] lines =
        [
            "sent: 2 announcements, 2 Requests, 2 Replies",
            "answered: by 2 Replies and 0 Statuses; 0 not yet",
            "left out: 2 refused when they were recorded",
        ];
        Assert.Equal(lines, ended.Lines);
        string[] heard = [.. listener.ReadAvailable().Select(m => $"{m.Kind} {m.DataAsText}")];
        Assert.Equal(["Request hello", "Reply yes", "Request hello", "Reply yes"], heard);
    });

    [Fact]
    public Task As_replier_it_says_whose_place_is_taken() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        string file = RecordTalk(bus);
        using Program replier = bus.StartBound("reply", "$.Ask", "no");
        Ended ended = bus.Run("replay", file, "--as-replier", "--fast");
        Assert.Equal(0, ended.Code);
        Assert.StartsWith("kbus: EADDRINUSE: ", ended.Errors, StringComparison.Ordinal);
        Assert.Contains("left out: 1 Replies to Requests that the replay's replier has not got\n", ended.Output, StringComparison.Ordinal);
        Assert.Contains("answered: by 1 Reply and 0 Statuses; 0 not yet\n", ended.Output, StringComparison.Ordinal);
    });

    [Fact]
    public Task A_stateful_Request_is_for_the_replier_that_there_is_now() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        string file = Path.Join(bus.Directory, "trace");
        using (Program recorder = Recording(bus, file))
        {
            using BusWatcher other = Watch(bus);
            using Ksock replier = bus.Open();
            replier.Bind("$.Count", replier: true);
            using Ksock asker = bus.Open();
            asker.Send(new Request("$.Count", "1", to: replier.Id));
            AwaitClose(other, asker);
            recorder.Signal("TERM");
            recorder.End();
        }

        using Ksock between = bus.Open();
        using Program now = bus.StartBound("reply", "$.Count", "one", "-n", "1");
        Assert.Equal("answered: by 1 Reply and 0 Statuses; 0 not yet", bus.Run("replay", file, "--fast").Lines[1]);
    });

    [Fact]
    public Task What_is_not_in_the_recording_is_not_sent() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        string file = Path.Join(bus.Directory, "trace");
        using Program recorder = Recording(bus, file, "--headers-only", "-n", "3");
        using Ksock sender = bus.Open();
        sender.Send(new Announcement("$.A"));
        sender.Send(new Announcement("$.A", "data"));
        Assert.Equal(0, recorder.End().Code);
        string[] lines = ["sent: 1 announcement, 0 Requests, 0 Replies", "left out: 1 whose data is not in the recording"];
        Assert.Equal(lines, bus.Run("replay", file).Lines);
    });

    [Fact]
    public Task It_goes_step_by_step_and_ends_at_a_signal() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        string file = RecordTalk(bus);
        using Ksock listener = bus.Open();
        listener.Bind("$.Note");
        listener.Bind("$.Ask", replier: true);
        using Program replay = bus.Start("replay", file, "--step");
        Assert.Equal("kbus: press Enter for each next line, Ctrl-C to end.", replay.Note());
        replay.Type("\n");
        Assert.Equal("hello", listener.WaitForMessage()!.DataAsText);
        replay.Signal("INT");
        Ended ended = replay.End();
        Assert.Equal((130, ""), (ended.Code, ended.Errors));
        Assert.StartsWith("sent: 0 announcements, 1 Request, 0 Replies\n", ended.Output, StringComparison.Ordinal);
    });

    [Fact]
    public Task The_end_of_the_bus_ends_it() => Limited.Run(() =>
    {
        var bus = new PrivateBus();
        string file = Path.GetTempFileName();
        File.Copy(RecordTalk(bus), file, overwrite: true);
        using Program replay = bus.Start("replay", file, "--fast", "--loops", "100000000");
        using (Ksock listener = bus.Open())
        {
            listener.Bind("$.Note");
            Assert.NotNull(listener.WaitForMessage());
        }

        bus.Dispose();
        Ended ended = replay.End();
        Assert.Equal(4, ended.Code);
        Assert.StartsWith("sent: ", ended.Output, StringComparison.Ordinal);
        File.Delete(file);
    });

    [Theory]
    [InlineData("--speed: 'x' is not a number from 0.001 to 1000000, such as 10 or 0.5.", "--speed", "x")]
    [InlineData("--map: '$.A' is not as '$.Old=$.New' or '$.Old.*=$.New.*'.", "--map", "$.A")]
    [InlineData("--map: '$.A.*=$.B' is not as", "--map", "$.A.*=$.B")]
    [InlineData("--speed and --fast contradict each other.", "--speed", "2", "--fast")]
    [InlineData("--loops: '0' is not a whole number from 1", "--loops", "0")]
    public Task Wrong_options_are_refused(string why, params string[] args) => Limited.Run(() =>
    {
        using Program replay = Program.Start(Program.Kbus, new Dictionary<string, string?>(), ["replay", "/dev/null", .. args]);
        Ended ended = replay.End();
        Assert.Equal(2, ended.Code);
        Assert.Contains(why, ended.Errors, StringComparison.Ordinal);
    });

    /// <summary>A Request with its Reply, an announcement, and a Request that was refused.</summary>
    private static string RecordTalk(PrivateBus bus)
    {
        string file = Path.Join(bus.Directory, "trace");
        using Program recorder = Recording(bus, file);
        using BusWatcher other = Watch(bus);
        using Ksock replier = bus.Open();
        replier.Bind("$.Ask", replier: true);
        using Ksock asker = bus.Open();
        MessageId id = asker.Send(new Request("$.Ask", "hello"));
        _ = replier.ReadNextMessage();
        replier.Send(new Reply("$.Ask", id, "yes") { To = asker.Id });
        asker.Send(new Announcement("$.Note", "well"));
        Assert.Throws<KbusException>(() => asker.Send(new Request("$.Nobody")));
        AwaitClose(other, asker);
        recorder.Signal("TERM");
        Assert.Equal(143, recorder.End().Code);
        return file;
    }

    private static (byte[] Hash, int Count, ulong Lost) Hash(string file)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var reader = new RecordingReader(File.OpenRead(file), file, withData: true);
        int count = 0;
        while (reader.TryNext(out BusEvent? happened))
        {
            if (happened is MessageEvent sent)
            {
                Add(hash, sent.Message);
                count++;
            }
        }

        Assert.Equal(RecordingFault.None, reader.Fault);
        return (hash.GetHashAndReset(), count, reader.Lost);
    }

    /// <summary>Name, flags and data, each with its length, so that none can be taken for part of another.</summary>
    private static void Add(IncrementalHash hash, Message message) =>
        hash.AppendData([.. Encoding.ASCII.GetBytes($"{message.Name} {(uint)message.Flags} {message.Data.Length} "), .. message.Data.Span]);

    private static BusWatcher Watch(PrivateBus bus) =>
        BusWatcher.Open(0, new BusWatcherOptions { RuntimeDirectory = bus.Directory, BufferSize = 16 * 1024 * 1024 });

    private static void AwaitClose(BusWatcher watcher, Ksock ksock)
    {
        uint id = ksock.Id;
        ksock.Dispose();
        while (watcher.Next() is not KsockClosedEvent closed || closed.Ksock != id)
        {
        }
    }

    private static Program Recording(PrivateBus bus, string file, params string[] args)
    {
        Program program = bus.Start(["record", file, .. args]);
        Assert.Equal($"kbus: recording bus 0 to {file}.", program.Note());
        return program;
    }
}
