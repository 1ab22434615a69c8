using System.Text.Json;
using System.Text.RegularExpressions;

namespace Kbus.Cli.Tests;

/// <summary><c>kbus record</c> and <c>kbus show</c>, as processes that watch others.</summary>
public sealed class RecordTests
{
    private const string Kept = "What was recorded before is in it, and can be read.";

    [Theory]
    [InlineData]
    [InlineData("--compress")]
    public Task A_recording_shows_what_the_monitor_has_shown(params string[] options) => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        using Ksock before = bus.Open();
        before.Bind("$.Ask", replier: true);
        string file = Path.Join(bus.Directory, "trace");
        using Program monitor = bus.Start("monitor", "--json", "--with-data");
        Assert.Equal("kbus: watching bus 0.", monitor.Note());
        using Program recorder = Recording(bus, file, options);
        Talk(bus, before);
        Ended shown = Stop(recorder, monitor);
        Ended again = bus.Run("show", file, "--json", "--with-data");
        Assert.Equal((0, ""), (again.Code, again.Errors));
        Assert.Equal(shown.Lines.Select(WithoutTime), again.Lines.Select(WithoutTime));
        Assert.Contains("\"kind\":\"reply\"", again.Output, StringComparison.Ordinal);

        // And so with the monitor's options: names, kinds, errors, the form of time, a count, data only if it is asked for.
        string full = bus.Run("show", file, "$.Ask", "--full", "--kind", "request,reply").Output;
        Assert.Matches(@"^\S+ \S+\[2\] asks \$\.Ask \[0:1\] 5 B to \S+\[1\] 'hello'\n\S+ \S+\[1\] answers ", full);
        Assert.DoesNotContain("hello", bus.Run("show", file, "$.Ask").Output, StringComparison.Ordinal);
        string wrong = bus.Run("show", file, "--errors-only", "--time", "relative").Output;
        Assert.Matches(@"^0\.000000 \S+\[2\] asks \$\.Nobody .*: refused, EADDRNOTAVAIL\n$", wrong);
        Assert.Equal(2, bus.Run("show", file, "-n", "2").Lines.Length);
        Assert.Equal(2, bus.Run("show", file, "--kind", "mistake").Code);
    });

    [Fact]
    public Task Programs_and_users_keep_their_names_when_they_have_gone() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        using Program gone = bus.StartBound("listen", "$.X");
        string file = Path.Join(bus.Directory, "trace");
        using (Program recorder = Recording(bus, file))
        {
            Assert.Equal(0, bus.Run("send", "$.X", "1").Code);
            gone.Signal("KILL");
            gone.End();
            using Ksock later = bus.Open();
            Stop(recorder);
        }

        string[] lines = bus.Run("show", file).Lines;
        Assert.Contains(lines, l => Regex.IsMatch(l, @" Kbus\.Cli\[2\] announces \$\.X \[0:1\] 1 B to Kbus\.Cli\[1\]$"));
        Assert.Contains(lines, l => Regex.IsMatch(l, @" Kbus\.Cli\[1\] dies"));
        Assert.Contains(lines, l => Regex.IsMatch(l, @" Kbus\.Cli\[2\] opens for writing, process \d+, user \D\S*$"));
    });

    [Theory]
    [InlineData("INT", 130)]
    [InlineData("TERM", 143)]
    public Task A_signal_ends_it_cleanly_and_loses_nothing(string signal, int code) => Limited.Run(() =>
    {
        const int messages = 5000;
        using var bus = new PrivateBus();
        string file = Path.Join(bus.Directory, "trace");
        using Program recorder = Recording(bus, file, "--compress");
        using (BusWatcher other = Watch(bus))
        {
            using Ksock sender = bus.Open();
            for (int i = 0; i < messages; i++)
            {
                sender.Send(new Announcement("$.Tick", $"{i}"));
            }

            AwaitClose(other, sender);
        }

        recorder.Signal(signal);
        Ended ended = recorder.End();
        Assert.Equal((code, ""), (ended.Code, ended.Output));
        Assert.Matches(@"^kbus: \d+ events in \d+ bytes\.\n$", ended.Errors);
        Ended shown = bus.Run("show", file, "$.Tick");
        Assert.Equal((0, "", messages), (shown.Code, shown.Errors, shown.Lines.Length));
    });

    [Fact]
    public Task A_recorder_that_is_killed_leaves_what_it_wrote() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        string file = Path.Join(bus.Directory, "trace");
        using Program recorder = Recording(bus, file);
        using Ksock sender = bus.Open();
        sender.Send(new Announcement("$.Tick"));
        while (bus.Run("show", file, "$.Tick").Lines.Length == 0)
        {
            // It writes what it has before it sleeps.
        }

        recorder.Signal("KILL");
        Assert.Equal(137, recorder.End().Code);
        Ended shown = bus.Run("show", file, "$.Tick");
        string note = $"kbus: {file} has no end: it is still being recorded, or its recorder was killed. All of it was read.\n";
        Assert.Equal((0, note), (shown.Code, shown.Errors));
        Assert.Single(shown.Lines);
    });

    [Fact]
    public Task The_end_of_the_bus_ends_the_recording() => Limited.Run(() =>
    {
        var bus = new PrivateBus();
        string directory = Directory.CreateTempSubdirectory("kbus-").FullName;
        string file = Path.Join(directory, "trace");
        using Program recorder = Recording(bus, file);
        bus.Dispose();
        Ended ended = recorder.End();
        Assert.Equal(4, ended.Code);
        Assert.Contains("kbus: ENODEV", ended.Errors, StringComparison.Ordinal);
        Assert.Equal((0, ""), Show(file));
        Directory.Delete(directory, recursive: true);
    });

    [Fact]
    public Task What_is_lost_is_counted_in_its_place() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        string file = Path.Join(bus.Directory, "trace");
        using Program recorder = Recording(bus, file);
        recorder.Stop();
        using Ksock sender = bus.Open();
        var tick = new Announcement("$.Tick", new byte[1000]);
        const int messages = 40_000;
        for (int i = 0; i < messages; i++)
        {
            sender.Send(tick);
        }

        recorder.Signal("CONT");
        while (bus.Run("show", file, "--kind", "lost").Lines.Length == 0)
        {
            sender.Send(new Announcement("$.More"));
        }

        recorder.Signal("TERM");
        string errors = recorder.End().Errors;
        JsonElement[] events = [.. bus.Run("show", file, "--json").Lines.Select(l => JsonDocument.Parse(l).RootElement)];
        ulong lost = 0;
        ulong next = events[0].GetProperty("number").GetUInt64();
        foreach (JsonElement happened in events)
        {
            Assert.Equal(next, happened.GetProperty("number").GetUInt64());
            ulong count = happened.GetProperty("kind").GetString() == "lost" ? happened.GetProperty("count").GetUInt64() : 0;
            lost += count;
            next += Math.Max(1, count);
        }

        Assert.InRange(lost, 1ul, (ulong)messages);
        Assert.Contains($"; {lost} were lost, because they were not read in time.", errors, StringComparison.Ordinal);
        Assert.True(next > messages);
    });

    [Fact]
    public Task Files_of_a_rotation_can_be_read_alone_and_one_after_another() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        using Ksock listener = bus.Open();
        listener.Bind("$.Tick");
        listener.Bind("$.Tick");
        using Ksock bound = bus.Open();
        bound.Bind("$.Old", replier: true);
        string file = Path.Join(bus.Directory, "trace");
        using Program recorder = Recording(bus, file, ".000001", "--rotate-size", "4K");
        bound.Unbind("$.Old", replier: true);
        using BusWatcher other = Watch(bus);
        using Ksock sender = bus.Open();
        for (int i = 0; i < 100; i++)
        {
            sender.Send(new Announcement("$.Tick", $"{i}"));
        }

        AwaitClose(other, sender);
        Stop(recorder);
        string[] files = [.. Directory.GetFiles(bus.Directory, "trace.*").Order(StringComparer.Ordinal)];
        Assert.InRange(files.Length, 3, 20);
        Assert.All(files[..^1], f => Assert.InRange(new FileInfo(f).Length, 4096, 8192));
        string[] alone = [.. files.SelectMany(f => bus.Run("show", f, "--json").Lines)];
        Ended together = bus.RunLine($"cat '{file}'.* | kbus show - --json");
        Assert.Equal((0, ""), (together.Code, together.Errors));
        Assert.Equal(together.Lines, alone);
        ulong[] numbers = [.. alone.Select(l => JsonDocument.Parse(l).RootElement.GetProperty("number").GetUInt64())];
        Assert.Equal(Enumerable.Range(0, numbers.Length).Select(n => numbers[0] + (ulong)n), numbers);

        // The second file says who was bound by then.
        var present = new List<string>();
        using var reader = new RecordingReader(File.OpenRead(files[1]), files[1], withData: true);
        while (reader.TryNext(out BusEvent? happened))
        {
            if (happened is BindingEvent { WasPresent: true } binding)
            {
                present.Add($"{binding.Ksock} {binding.Name} {binding.IsReplier}");
            }
        }

        Assert.Equal(RecordingFault.None, reader.Fault);
        Assert.Equal(["1 $.Tick False", "1 $.Tick False"], present);
    });

    [Fact]
    public Task Only_the_newest_files_of_a_rotation_are_kept() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        string file = Path.Join(bus.Directory, "trace");
        File.WriteAllText(file + ".000007", "an older one");
        File.WriteAllText(file + ".notes", "somebody's own");
        using Program recorder = Recording(bus, file, ".000008", "--rotate-after", "0", "--keep", "2");
        using BusWatcher other = Watch(bus);
        using Ksock sender = bus.Open();
        for (int i = 0; i < 5; i++)
        {
            sender.Send(new Announcement("$.Tick"));
        }

        AwaitClose(other, sender);
        Stop(recorder);
        string[] names = [.. Directory.GetFiles(bus.Directory, "trace.*").Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal)];
        Assert.Equal(["trace.000014", "trace.000015", "trace.notes"], names);
    });

    [Fact]
    public Task A_recording_goes_on_behind_one_that_was_cut_off() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        string file = Path.Join(bus.Directory, "trace");
        using Ksock sender = bus.Open();
        using (Program first = Recording(bus, file, "-n", "2"))
        {
            sender.Send(new Announcement("$.First"));
            sender.Send(new Announcement("$.Second"));
            Assert.Equal(0, first.End().Code);
        }

        Cut(file, 50);
        Program second = bus.Start("record", file, "--append", "-n", "1");
        Assert.StartsWith($"kbus: {file} was cut off in the middle of a record, at byte ", second.Note(), StringComparison.Ordinal);
        Assert.Equal($"kbus: recording bus 0 to {file}.", second.Note());
        sender.Send(new Announcement("$.Third"));
        Assert.Equal(0, second.End().Code);
        second.Dispose();
        Ended shown = bus.Run("show", file);
        Assert.Equal((0, ""), (shown.Code, shown.Errors));
        Assert.Equal(["$.First", "$.Third"], shown.Lines.Select(l => Regex.Match(l, @"\$\.\w+").Value));
    });

    [Fact]
    public Task Headers_are_recorded_without_data_if_they_are_enough() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        string file = Path.Join(bus.Directory, "trace");
        using Ksock sender = bus.Open();
        using Program recorder = Recording(bus, file, "--headers-only", "-n", "1");
        sender.Send(new Announcement("$.X", "a secret"));
        Assert.Equal(0, recorder.End().Code);
        Assert.Matches(@"announces \$\.X \[0:1\] 8 B to nobody\n$", bus.Run("show", file, "--full").Output);
        Assert.DoesNotContain("secret", File.ReadAllText(file), StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.Equal(3, bus.Run("record", file + "2", "--for", "0.05").Code);
        Assert.Equal((0, ""), Show(file + "2"));
    });

    [Fact]
    public Task A_file_that_cannot_be_written_is_named_with_the_reason() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        string file = Path.Join(bus.Directory, "trace");
        File.WriteAllText(file, "somebody's own");
        const string exists = "exists already (EEXIST), and stays as it is. Name another file, or add to this one by --append.";
        Fails(bus, $"kbus: {file} {exists}\n", "record", file);
        const string isNone = "is not a recording of this version of kbus, and stays as it is. Name another file.";
        Fails(bus, $"kbus: {file} {isNone}\n", "record", file, "--append");
        Assert.Equal("somebody's own", File.ReadAllText(file));
        Fails(bus, $"kbus: {file} is not a recording of kbus.\n", "show", file);
        string nowhere = bus.Directory + "/no/trace";
        Fails(bus, $"kbus: {nowhere} cannot be written to: ENOENT (No such file or directory).\n", "record", nowhere);
        Fails(bus, $"kbus: {nowhere} cannot be read: ENOENT (No such file or directory).\n", "show", nowhere);
        Fails(bus, $"kbus: {bus.Directory} cannot be read: EISDIR (Is a directory).\n", "show", bus.Directory);
        Assert.Equal(2, bus.Run("record", file, "--keep", "2").Code);
        Assert.Equal(2, bus.Run("record", file, "--rotate-size", "1").Code);
        Assert.Equal(2, bus.Run("record", "-", "--append").Code);
        using Program recorder = bus.Start("record", "/dev/full");
        Ended full = recorder.End();
        Assert.Equal(1, full.Code);
        Assert.Contains($"kbus: /dev/full cannot be written to: ENOSPC (No space left on device). {Kept}\n", full.Errors, StringComparison.Ordinal);
    });

    [Fact]
    public Task A_file_that_may_grow_no_further_keeps_what_was_written() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        string file = Path.Join(bus.Directory, "trace");

        // The runtime of a program that is not compiled ahead of time keeps its code in a file, unless it is told otherwise.
        const string limits = "trap '' XFSZ; ulimit -f 8; export DOTNET_EnableWriteXorExecute=0";
        using Program recorder = Program.Start("/bin/bash", bus.Environment, "-c", $"{limits}; exec '{Program.Kbus}' record '{file}'");
        Assert.Equal($"kbus: recording bus 0 to {file}.", recorder.Note());
        using Ksock sender = bus.Open();
        for (int i = 0; i < 200; i++)
        {
            sender.Send(new Announcement("$.Tick", new byte[100]));
        }

        Ended ended = recorder.End();
        Assert.Equal(1, ended.Code);
        Assert.Contains($"kbus: {file} cannot be written to: EFBIG (File too large). {Kept}\n", ended.Errors, StringComparison.Ordinal);
        Assert.Equal(8192, new FileInfo(file).Length);
        Ended shown = bus.Run("show", file, "$.Tick");
        Assert.Equal(0, shown.Code);
        Assert.InRange(shown.Lines.Length, 20, 60);
    });

    [Fact]
    public Task A_recording_can_go_through_a_pipe() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        using Program pipe = Program.Start("/bin/bash", bus.Environment, "-c", $"'{Program.Kbus}' record - -n 1 | '{Program.Kbus}' show -");
        Assert.Equal("kbus: recording bus 0 to standard output.", pipe.Note());
        using Ksock sender = bus.Open();
        Ended ended = pipe.End();
        Assert.Equal((0, "kbus: 1 event in "), (ended.Code, ended.Errors[..17]));
        Assert.Matches(@"\[1\] opens for reading and writing, ", ended.Output);
    });

    /// <summary>One line of JSON without what depends on when the wall clock was read.</summary>
    private static string WithoutTime(string line) => Regex.Replace(line, "\"time\":\"[^\"]*\",", "");

    private static (int Code, string Errors) Show(string file)
    {
        using Program show = Program.Start(Program.Kbus, new Dictionary<string, string?>(), "show", file);
        Ended ended = show.End();
        return (ended.Code, ended.Errors);
    }

    private static void Fails(PrivateBus bus, string errors, params string[] args) => Assert.Equal(new Ended(1, "", errors), bus.Run(args));

    private static void Cut(string file, int bytes)
    {
        using FileStream stream = File.OpenWrite(file);
        stream.SetLength(stream.Length - bytes);
    }

    private static void Talk(PrivateBus bus, Ksock replier)
    {
        using BusWatcher other = Watch(bus);
        using Ksock asker = bus.Open();
        MessageId id = asker.Send(new Request("$.Ask", "hello"));
        _ = replier.ReadNextMessage();
        replier.Send(new Reply("$.Ask", id, "yes"u8.ToArray()) { To = asker.Id });
        Assert.Throws<KbusException>(() => asker.Send(new Request("$.Nobody")));
        asker.Send(new Announcement("$.Urgent", new byte[5000], MessageFlags.Urgent));
        AwaitClose(other, asker);
    }

    private static BusWatcher Watch(PrivateBus bus) => BusWatcher.Open(0, new BusWatcherOptions { RuntimeDirectory = bus.Directory });

    /// <summary>Closes a Ksock and waits until one watcher has got that. Then the bus has written all before it for the others,
    /// too.</summary>
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
        string suffix = args.Length > 0 && args[0][0] == '.' ? args[0] : "";
        Program program = bus.Start(["record", file, .. suffix.Length > 0 ? args[1..] : args]);
        Assert.Equal($"kbus: recording bus 0 to {file}{suffix}.", program.Note());
        return program;
    }

    /// <summary>Ends a recorder, and another program that watches; gives what the last one has said.</summary>
    private static Ended Stop(params Program[] watching)
    {
        Ended ended = new(0, "", "");
        foreach (Program program in watching)
        {
            program.Signal("TERM");
            ended = program.End();
            Assert.Equal(143, ended.Code);
        }

        return ended;
    }
}
