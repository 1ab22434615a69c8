using System.Runtime.InteropServices;
using Kbus.Linux;

namespace Kbus.Daemon.Tests;

/// <summary>The log where it cannot be written.</summary>
public sealed partial class LogTests
{
    [Fact]
    public Task A_line_that_cannot_be_written_is_counted_and_the_count_comes_with_the_next_line() => Limited.Run(() =>
    {
        string path = Path.GetTempFileName();
        using (var target = new Descriptor(LibC.Open("/dev/full", LibC.OpenReadWrite, 0)))
        using (var file = new Descriptor(LibC.Open(path, LibC.OpenReadWrite, 0)))
        using (var writer = new LogWriter(target.Number))
        {
            var log = new Log(writer, TimeProvider.System);
            log.Ended("the disk is full");
            log.Ended("and still is");
            Assert.True(writer.TryFlush(Limited.Limit));
            Assert.Equal(target.Number, DuplicateTo(file.Number, target.Number));
            log.Ended("there is room again");
            log.Ended("and nothing is missing");
            Assert.True(writer.TryFlush(Limited.Limit));
        }

        Assert.Equal(
            "kbusd: 2 lines could not be written before this one.\nkbusd: there is room again\nkbusd: and nothing is missing\n",
            File.ReadAllText(path));
        File.Delete(path);
    });

    [Fact]
    public Task A_reader_that_stands_still_holds_nobody_up_and_lines_are_counted() => Limited.Run(() =>
    {
        int pair = LibC.StreamSocketPair(blocking: true, out int first, out int second);
        Assert.True(pair >= 0);
        using var reader = new Descriptor(first);
        using (var target = new Descriptor(second))
        {
            var writer = new LogWriter(target.Number);
            var log = new Log(writer, TimeProvider.System);
            string line = new('x', 8000);
            for (int i = 0; i < 1000; i++)
            {
                log.Ended(line);
            }

            Task<long> reading = Task.Run(() => ReadAll(reader));
            Assert.True(writer.TryFlush(Limited.Limit));
            log.Ended("last");
            Assert.True(writer.TryFlush(Limited.Limit));
            writer.Dispose();
            target.Dispose();

            // Some lines are in the socket, some waited, and the others were lost.
            Assert.InRange(reading.GetAwaiter().GetResult(), 64 * 8000, 999 * 8000);
        }
    });

    [Fact]
    public Task A_line_that_was_cut_by_a_full_disk_is_followed_by_one_that_begins_a_line() => Limited.Run(() =>
    {
        int pair = LibC.StreamSocketPair(blocking: false, out int first, out int second);
        Assert.True(pair >= 0);
        using var reader = new Descriptor(first);
        using var target = new Descriptor(second);
        using var writer = new LogWriter(target.Number);
        var log = new Log(writer, TimeProvider.System);

        // Lines of 7001 bytes, until the socket takes a part of one and nothing for a second.
        string line = new('x', 6993);
        for (int i = 0; i < 100 && writer.Lost == 0; i++)
        {
            log.Ended(line);
            Assert.True(writer.TryFlush(Limited.Limit));
        }

        byte[] received = new byte[1 << 20];
        int count = 0;
        while (LibC.Receive(reader.Number, received.AsSpan(count), LibC.MessageDontWait) is > 0 and int got)
        {
            count += got;
        }

        log.Ended("whole");
        Assert.True(writer.TryFlush(Limited.Limit));
        count += LibC.Receive(reader.Number, received.AsSpan(count), LibC.MessageDontWait);
        string[] lines = System.Text.Encoding.UTF8.GetString(received, 0, count).TrimEnd('\n').Split('\n');
        Assert.Equal("kbusd: whole", lines[^1]);
        Assert.EndsWith(" could not be written before this one.", lines[^2], StringComparison.Ordinal);
        Assert.All(lines, l => Assert.StartsWith("kbusd: ", l, StringComparison.Ordinal));
    });

    [Fact]
    public Task A_fault_whose_trace_cannot_be_made_is_logged_by_its_type_and_throws_nothing() => Limited.Run(() => Assert.Equal(
        "kbusd: a step was given up by a fault of kbusd. Please report this:\nKbus.Daemon.Tests.UnspeakableException\n",
        Said(log => log.GivenUp("a step", new UnspeakableException()))));

    [Fact]
    public Task A_line_that_cannot_be_put_together_is_counted_and_throws_nothing() => Limited.Run(() => Assert.Equal(
        "kbusd: 2 lines could not be written before this one.\nkbusd: stopped.\n",
        Said(log =>
        {
            log.Detached(new Unreadable(), controlGroup: null);
            log.Detached(new Unreadable(), controlGroup: null);
            log.Stopped();
        })));

    [Fact]
    public Task A_line_that_cannot_be_put_together_costs_no_line_that_was_left_out_before() => Limited.Run(() =>
    {
        var clock = new StandingClock();
        string said = Said(log =>
        {
            for (int i = 0; i < 12; i++)
            {
                log.DevicesIncomplete($"line {i}");
            }

            clock.Seconds++;
            log.DevicesIncomplete("the next second");
        }, clock);
        Assert.EndsWith("kbusd: line 9.\nkbusd: 2 further lines were left out.\nkbusd: the next second.\n", said, StringComparison.Ordinal);
    });

    private static string Said(Action<Log> say, TimeProvider? time = null)
    {
        string path = Path.GetTempFileName();
        using (var file = new Descriptor(LibC.Open(path, LibC.OpenReadWrite, 0)))
        using (var writer = new LogWriter(file.Number))
        {
            say(new Log(writer, time ?? TimeProvider.System));
            Assert.True(writer.TryFlush(Limited.Limit));
        }

        string said = File.ReadAllText(path);
        File.Delete(path);
        return said;
    }

    private static long ReadAll(Descriptor reader)
    {
        byte[] bytes = new byte[65536];
        long sum = 0;
        while (LibC.Read(reader.Number, bytes) is > 0 and long got)
        {
            sum += got;
        }

        return sum;
    }

    [LibraryImport("libc", EntryPoint = "dup2")]
    private static partial int DuplicateTo(int from, int to);

    private sealed class StandingClock : TimeProvider
    {
        public long Seconds { get; set; } = 1;

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => Seconds;
    }

    private sealed class Unreadable : IReadOnlyList<string>
    {
        public int Count => 1;

        public string this[int index] => throw new InvalidOperationException("what a test makes unreadable");

        public IEnumerator<string> GetEnumerator() => throw new InvalidOperationException("what a test makes unreadable");

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
