using System.Globalization;

namespace Kbus.Cli.Tests;

/// <summary>The format of recordings: what a reader makes of one that was cut off, and of what is none.</summary>
public sealed class RecordingTests(ITestOutputHelper output)
{
    private static readonly int Runs = Number("KBUS_TEST_RUNS", 1000);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task A_recording_that_is_cut_off_at_any_byte_is_read_up_to_the_cut(bool compress) => Limited.Run(() =>
    {
        byte[] whole = RecordSome(compress);

        // Where each record ends, and how many events there are up to then.
        List<(long Position, int Events)> ends = [];
        var records = new RecordReader(new MemoryStream(whole));
        int events = 0;
        while (records.TryNext(out RecordKind kind, out _))
        {
            events += kind is RecordKind.Begin or RecordKind.Program or RecordKind.Clock or RecordKind.End ? 0 : 1;
            ends.RemoveAll(e => e.Position == records.Position);
            ends.Add((records.Position, events));
        }

        Assert.Equal(whole.Length, records.Position);
        Assert.True(ends.Count > (compress ? 3 : 20), $"{ends.Count} records");
        Assert.True(events > 20);
        for (int length = whole.Length; length > ends[0].Position; length--)
        {
            using var reader = new RecordingReader(new MemoryStream(whole, 0, length), "it", withData: true);
            int read = 0;
            while (reader.TryNext(out _))
            {
                read++;
            }

            (long position, int expected) = ends.Last(e => e.Position <= length);
            Assert.Equal((length, expected), (length, read));
            RecordingFault unlessWhole = length == position ? RecordingFault.Unended : RecordingFault.Cut;
            Assert.Equal(length == whole.Length ? RecordingFault.None : unlessWhole, reader.Fault);
        }

        // And so says the command.
        string file = Path.GetTempFileName();
        foreach (int length in (int[])[whole.Length - 1, whole.Length - 60, (int)ends[0].Position + 5])
        {
            File.WriteAllBytes(file, whole[..length]);
            using Program show = Program.Start(Program.Kbus, new Dictionary<string, string?>(), "show", file);
            Ended ended = show.End();
            (long position, _) = ends.Last(e => e.Position <= length);
            string note = $"kbus: {file} is cut off in the middle of a record, at byte {position}. All before it was read.\n";
            Assert.Equal((0, note), (ended.Code, ended.Errors));
        }

        File.Delete(file);
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task A_changed_byte_is_noticed_and_what_stands_before_it_is_read(bool compress) => Limited.Run(() =>
    {
        byte[] whole = RecordSome(compress);
        int first = 12 + BitConverter.ToInt32(whole, 4);
        for (int place = first; place < whole.Length; place++)
        {
            byte[] changed = [.. whole];
            changed[place] ^= 0x10;
            using var reader = new RecordingReader(new MemoryStream(changed), "it", withData: true);
            while (reader.TryNext(out _))
            {
            }

            // A length that is too great says the same as a cut.
            Assert.True(reader.Fault is RecordingFault.Damaged or RecordingFault.Cut, $"byte {place}: {reader.Fault}");
        }
    });

    [Fact]
    public Task Random_bytes_as_a_recording_are_shown_or_refused() => Limited.Run(() =>
    {
        int seed = Number("KBUS_TEST_SEED", Environment.TickCount & 0xFFFFFF);
        byte[] plain = RecordSome(compress: false);
        byte[] compressed = RecordSome(compress: true);
        int shown = 0;
        for (int i = 0; i < Runs; i++, seed++)
        {
            var random = new Random(seed);
            byte[] bytes = (i % 6) switch
            {
                0 => Bytes(random, random.Next(2000)),
                1 => Changed(random, random.Next(2) == 0 ? plain : compressed),
                2 or 3 => ChangedWithin(random, plain, compress: i % 6 == 3),
                _ => Nonsense(random, compress: i % 6 == 5),
            };
            try
            {
                _ = Show(bytes, ["diagram", "-", "--with-data", "--quiet", .. random.Next(2) == 0 ? (string[])["--mermaid"] : []]);
                string[] choice = random.Next(4) == 0 ? ["$.A.*", "", "$"] : ["--full"];
                string[] form = random.Next(2) == 0 ? ["--json", "--data", "auto"] : ["--time", "delta"];
                shown += Show(bytes, ["show", "-", .. choice, .. form]) == 0 ? 1 : 0;
            }
            catch (Exception e)
            {
                Assert.Fail($"KBUS_TEST_SEED={seed} KBUS_TEST_RUNS=6: {e}");
            }
        }

        output.WriteLine($"seeds up to {seed}: {shown} of {Runs} were recordings");
        Assert.InRange(shown, Runs / 4, Runs);
    });

    [Fact]
    public Task Nonsense_in_a_recording_is_replayed_or_refused() => Limited.Run(() =>
    {
        int seed = Number("KBUS_TEST_SEED", Environment.TickCount & 0xFFFFFF);
        byte[] plain = RecordSome(compress: false);
        using var bus = new PrivateBus();
        using Ksock listener = bus.Open();
        listener.Bind("$.*");
        for (int i = 0; i < Runs / 5; i++, seed++)
        {
            var random = new Random(seed);
            byte[] bytes = ChangedWithin(random, plain, compress: false);
            try
            {
                string[] pace = random.Next(10) == 0 ? ["--speed", "1000000", "--for", "0.1"] : ["--fast"];
                Assert.InRange(Show(bytes, ["replay", "-", "--runtime-dir", bus.Directory, "--timeout", "0", .. pace]), 0, 3);
            }
            catch (Exception e)
            {
                Assert.Fail($"KBUS_TEST_SEED={seed} KBUS_TEST_RUNS=5: {e}");
            }
        }

        output.WriteLine($"seeds up to {seed}");
        Assert.NotNull(listener.ReadNextMessage());
    });

    [Fact]
    public void The_check_of_a_record_is_what_the_document_says()
    {
        // CRC-32C of "123456789" is known to all that compute it.
        byte[] text = "123456789"u8.ToArray();
        Assert.Equal(0xE3069283, Crc32C(text));
        for (int length = 0; length <= text.Length; length++)
        {
            byte[] all = [1, 1, 0, 0, (byte)length, 0, 0, 0, .. text[..length]];
            Assert.Equal(Crc32C(all), RecordFrame.Of((RecordKind)0x101, text.AsSpan(0, length)).Check);
        }
    }

    [Fact]
    public void A_recording_of_a_newer_version_is_refused_by_its_number()
    {
        using var newer = new MemoryStream();
        byte[] begin = new RecordingBegin(RecordingFlags.None, 0, default, "kbus 9", "here").ToBytes();
        begin[0] = 2;
        byte[] frame = new byte[RecordFrame.Size];
        RecordFrame.Of(RecordKind.Begin, begin).Write(frame);
        newer.Write(frame);
        newer.Write(begin);
        newer.Position = 0;
        using var reader = new RecordingReader(newer, "it", withData: true);
        Assert.Equal(RecordingFault.Unreadable, reader.Fault);
        Assert.Equal("it was recorded by a newer kbus (version 2 of recordings); this one reads version 1.", reader.FaultText);
    }

    private static int Number(string variable, int usual) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out int number) ? number : usual;

    /// <summary>Bit by bit, as the polynomial is defined.</summary>
    private static uint Crc32C(byte[] bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in bytes)
        {
            crc ^= b;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ ((crc & 1) * 0x82F63B78);
            }
        }

        return ~crc;
    }

    /// <summary>What the command says is read by nobody here.</summary>
    private static int Show(byte[] recording, string[] args)
    {
        using FileStream nowhere = File.OpenWrite("/dev/null");
        var lines = new LineOutput((int)nowhere.SafeFileHandle.DangerousGetHandle());
        return KbusCommand.Run(args, lines, lines, () => new MemoryStream(recording));
    }

    private static byte[] RecordSome(bool compress)
    {
        using var bus = new PrivateBus();
        string file = Path.Join(bus.Directory, "trace");
        using Program recorder = bus.Start(["record", file, .. compress ? (string[])["--compress"] : []]);
        Assert.StartsWith("kbus: recording", recorder.Note(), StringComparison.Ordinal);
        using (Ksock ksock = bus.Open())
        {
            ksock.Bind("$.A.*");
            for (int i = 0; i < 20; i++)
            {
                ksock.Send(new Announcement("$.A.B", new string('x', 3 * i)));
            }

            if (compress)
            {
                while (new FileInfo(file).Length < 300)
                {
                    // So that there are at least two blocks.
                }
            }

            Assert.Throws<KbusException>(() => ksock.Send(new Request("$.Nobody")));
        }

        recorder.Signal("TERM");
        Assert.Equal(143, recorder.End().Code);
        return File.ReadAllBytes(file);
    }

    private static byte[] Bytes(Random random, int length)
    {
        byte[] bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    private static byte[] Changed(Random random, byte[] recording)
    {
        byte[] bytes = [.. recording[..random.Next(recording.Length)]];
        for (int i = random.Next(4); i > 0 && bytes.Length > 0; i--)
        {
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        }

        return bytes;
    }

    /// <summary>The records of a recording with some of their bytes changed, and with right checks.</summary>
    private static byte[] ChangedWithin(Random random, byte[] recording, bool compress)
    {
        var file = new MemoryStream();
        using var writer = new RecordWriter(file, "it", compress);
        writer.Begin(new RecordingBegin(RecordingFlags.WithData, 0, new(random.NextInt64(), random.NextInt64()), "kbus", "here"));
        var reader = new RecordReader(new MemoryStream(recording));
        while (reader.TryNext(out RecordKind kind, out ReadOnlySpan<byte> record))
        {
            byte[] changed = record.ToArray();
            for (int i = random.Next(3); i > 0 && changed.Length > 0; i--)
            {
                // Above all in the head of a message, where all its numbers are.
                int place = random.Next(Math.Min(changed.Length, random.Next(4) == 0 ? int.MaxValue : 130));
                changed[place] = (byte)(random.Next(2) == 0 ? random.Next(256) : 1 << random.Next(8));
            }

            if (kind is not (RecordKind.Begin or RecordKind.End))
            {
                writer.Write(kind, changed);
            }
        }

        writer.End(default);
        return file.ToArray();
    }

    /// <summary>Records with right checks whose contents are nonsense, more or less.</summary>
    private static byte[] Nonsense(Random random, bool compress)
    {
        var file = new MemoryStream();
        using var writer = new RecordWriter(file, "it", compress);
        var flags = (RecordingFlags)random.Next(4);
        writer.Begin(new RecordingBegin(flags, (uint)random.Next(), new(random.NextInt64(), random.NextInt64()), "\e[2J\u202e", "\0"));
        for (int i = random.Next(20); i > 0; i--)
        {
            uint kind = (uint)(random.Next(10) == 0 ? random.Next() : random.Next(4) == 0 ? random.Next(255, 262) : random.Next(13));
            byte[] record = Bytes(random, random.Next(3) == 0 ? random.Next(400) : 8 * random.Next(40));
            if (random.Next(2) == 0)
            {
                // Small numbers make more sense than great ones.
                for (int place = 0; place < record.Length; place++)
                {
                    record[place] = (byte)(place % 4 == 0 ? random.Next(32) : random.Next(12) == 0 ? random.Next(256) : 0);
                }
            }

            writer.Write((RecordKind)kind, record);
        }

        if (random.Next(2) == 0)
        {
            writer.End(default);
        }
        else
        {
            writer.Flush();
        }

        return file.ToArray();
    }
}
