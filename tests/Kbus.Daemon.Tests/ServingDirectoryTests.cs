using System.Diagnostics;
using System.Globalization;
using Kbus.Link;
using Kbus.Linux;

namespace Kbus.Daemon.Tests;

/// <summary>What a daemon does with its directory, and with what others do to it.</summary>
public sealed class ServingDirectoryTests : IDisposable
{
    private readonly string _parent = Directory.CreateTempSubdirectory("kbus-").FullName;
    private readonly List<Process> _daemons = [];

    private string Place => Path.Join(_parent, "run");

    public void Dispose()
    {
        foreach (Process daemon in _daemons)
        {
            daemon.Kill();
            daemon.WaitForExit();
            daemon.Dispose();
        }

        Directory.Delete(_parent, recursive: true);
    }

    [Fact]
    public Task Only_sockets_of_a_dead_daemon_are_removed_whatever_else_is_named_so() => Limited.Run(() =>
    {
        Directory.CreateDirectory(Path.Join(Place, "busdir"));
        string[] precious = ["bus.c", "business-plan.txt", "busN", "bus01", "bus256", "bus-3", "controls", "lock.txt"];
        foreach (string file in precious)
        {
            File.WriteAllText(Path.Join(Place, file), file);
        }

        Abandon("bus7");
        Abandon("control");
        Abandon("bus300");
        Process daemon = Started();
        End(daemon, "TERM");
        Assert.Equal([.. precious.Append("bus300").Append("busdir").Append("lock").Order(StringComparer.Ordinal)], Names());
        Assert.All(precious, f => Assert.Equal(f, File.ReadAllText(Path.Join(Place, f))));
    });

    [Fact]
    public Task A_file_where_a_socket_belongs_is_left_and_told() => Limited.Run(() =>
    {
        Directory.CreateDirectory(Place);
        File.WriteAllText(Path.Join(Place, "bus0"), "precious");
        Assert.Equal(
            (2, $"kbusd: {Place}/bus0 exists already, and is nothing that kbusd may remove: only sockets at which nobody listens are. "
                + "Remove it, or choose another --runtime-dir.\n"),
            Refused());
        Assert.Equal("precious", File.ReadAllText(Path.Join(Place, "bus0")));
    });

    [Fact]
    public Task A_socket_can_be_opened_while_those_who_waited_at_a_replaced_one_are_taken() => Limited.Run(() =>
    {
        using ServingDirectory directory = ServingDirectory.Take(Place);
        ListeningSocket replaced = directory.Listen("bus0", 8, 0x180, 0);
        ListeningSocket? opened = null;
        File.Delete(Path.Join(Place, "bus0"));
        Mending mending = directory.Mend((socket, _) =>
        {
            // As a bus's thread does, for a new bus.
            Assert.Same(replaced, socket);
            var other = new Thread(() => opened = directory.Listen("bus1", 8, 0x180, 1));
            other.Start();
            other.Join();
        });
        Assert.Equal(new Mending(MendingOutcome.Mended, "bus0"), mending);
        Assert.Equal(["bus0", "bus1", "lock"], Names());
        directory.Close(replaced);
        directory.Close(opened!);
        Assert.Equal(["lock"], Names());
    });

    [Fact]
    public Task No_link_is_followed_but_on_the_way_to_the_directory() => Limited.Run(() =>
    {
        Directory.CreateDirectory(Place);
        string elsewhere = Path.Join(_parent, "elsewhere");
        File.CreateSymbolicLink(Path.Join(Place, "lock"), elsewhere);
        Assert.Equal((2, $"kbusd: {Place}/lock is a symbolic link, and kbusd follows none there. Remove it.\n"), Refused());
        Assert.False(File.Exists(elsewhere));
        File.Delete(Path.Join(Place, "lock"));

        Directory.Move(Place, elsewhere);
        Directory.CreateSymbolicLink(Place, elsewhere);
        (int code, string errors) = Refused();
        Assert.Equal((2, $"kbusd: {Place} is a symbolic link. Name the directory that it leads to: whoever changes a link would move the buses.\n"), (code, errors));
        Assert.Empty(Directory.GetFileSystemEntries(elsewhere));

        Process daemon = Started(Path.Join(Place, "below"));
        using (Open(Path.Join(Place, "below")))
        {
            End(daemon, "TERM");
        }
    });

    [Theory]
    [InlineData("bus0")]
    [InlineData("control")]
    [InlineData("lock")]
    public Task What_an_age_cleaner_removes_is_made_again_and_links_go_on(string removed) => Limited.Run(() =>
    {
        Process daemon = Started();
        using Ksock before = Open();
        before.Bind("$.News");
        File.Delete(Path.Join(Place, removed));
        Assert.Equal($"kbusd: what was removed from {Place} has been made again: {removed}.", daemon.StandardError.ReadLine());
        Assert.Equal(["bus0", "control", "lock"], Names());
        Speak(before);
        Assert.Equal(daemon.Id, ProcessTests.Status(Place).GetProperty("pid").GetInt32());
        Assert.Equal(2, Refused().Code);
        End(daemon, "TERM");
        Assert.Equal(["lock"], Names());
    });

    [Theory]
    [InlineData("removed")]
    [InlineData("removed with its parent")]
    [InlineData("moved away")]
    [InlineData("moved away with its parent")]
    public Task A_directory_that_has_gone_is_made_again_and_links_go_on(string how) => Limited.Run(() =>
    {
        string parent = Path.Join(_parent, "cache");
        string place = Path.Join(parent, "run");
        Process daemon = Started(place);
        using Ksock before = Open(place);
        before.Bind("$.News");
        string gone = how.EndsWith("parent", StringComparison.Ordinal) ? parent : place;
        if (how.StartsWith("moved", StringComparison.Ordinal))
        {
            Directory.Move(gone, Path.Join(_parent, "elsewhere"));
        }
        else
        {
            Directory.Delete(gone, recursive: true);
        }

        Assert.Equal($"kbusd: what was removed from {place} has been made again: the directory, bus0, control.", daemon.StandardError.ReadLine());
        Speak(before, place);
        End(daemon, "TERM");
        Assert.Equal([Path.Join(place, "lock")], Directory.GetFileSystemEntries(place));
    });

    [Fact]
    public Task A_daemon_whose_directory_another_one_has_taken_says_so_and_ends_and_leaves_that_ones_sockets() => Limited.Run(() =>
    {
        Process first = Started();
        Signal(first, "STOP");
        Directory.Delete(Place, recursive: true);
        Process second = Started();
        Signal(first, "CONT");
        Assert.Equal($"kbusd: stopping (another kbusd has taken {Place}).\nkbusd: stopped.\n", first.StandardError.ReadToEnd());
        first.WaitForExit();
        Assert.Equal(["bus0", "control", "lock"], Names());
        using Ksock ksock = Open();
        Assert.Equal(second.Id, ProcessTests.Status(Place).GetProperty("pid").GetInt32());
    });

    [Fact]
    public Task A_daemon_that_ends_after_its_directory_was_made_anew_removes_nothing_of_its_successor() => Limited.Run(() =>
    {
        Process first = Started();
        Signal(first, "STOP");
        Directory.Delete(Place, recursive: true);
        Started();
        Signal(first, "TERM");
        End(first, "CONT");
        Assert.Equal(["bus0", "control", "lock"], Names());
        using Ksock ksock = Open();
    });

    [Fact]
    public Task A_removed_lock_lets_no_second_daemon_take_the_sockets_of_a_living_one() => Limited.Run(() =>
    {
        Process first = Started();
        using Ksock before = Open();
        before.Bind("$.News");
        Signal(first, "STOP");
        File.Delete(Path.Join(Place, "lock"));
        Assert.Equal(
            (2, $"kbusd: {Place}/control is answered already, by process {first.Id}, although nobody holds {Place}/lock. "
                + "Stop that process first, or choose another --runtime-dir.\n"),
            Refused());
        Signal(first, "CONT");
        Assert.Equal($"kbusd: what was removed from {Place} has been made again: lock.", first.StandardError.ReadLine());
        Speak(before);
        Assert.Equal((2, $"kbusd: A kbusd is running on {Place} already. Stop it first, or choose another --runtime-dir.\n"), Refused());
    });

    [Fact]
    public Task What_cannot_be_made_again_is_told_and_made_when_it_can_be() => Limited.Run(() =>
    {
        Process daemon = Started();
        Signal(daemon, "STOP");
        File.Delete(Path.Join(Place, "bus0"));
        File.WriteAllText(Path.Join(Place, "bus0"), "precious");
        Signal(daemon, "CONT");
        Assert.StartsWith(
            $"kbusd: no new Ksock can be opened until this is mended: {Place}/bus0 exists already, ", daemon.StandardError.ReadLine(), StringComparison.Ordinal);
        Assert.Equal("precious", File.ReadAllText(Path.Join(Place, "bus0")));
        File.Delete(Path.Join(Place, "bus0"));
        Assert.Equal($"kbusd: what was removed from {Place} has been made again: bus0.", daemon.StandardError.ReadLine());
        using Ksock ksock = Open();
    });

    [Fact]
    public Task A_daemon_that_begins_while_another_ends_waits_for_its_lock() => Limited.Run(() =>
    {
        Directory.CreateDirectory(Place);
        using var held = new Descriptor(LibC.Open(Path.Join(Place, "lock"), LibC.OpenReadWrite | LibC.OpenCreate, 0x180));
        Assert.Equal(0, LibC.Lock(held.Number, LibC.LockExclusive));
        Process daemon = Kbusd.Start(Kbusd.Path, "--runtime-dir", Place);
        _daemons.Add(daemon);
        held.Dispose();
        Assert.Contains($" in {Place}, process {daemon.Id}.", daemon.StandardError.ReadLine(), StringComparison.Ordinal);
    });

    [Fact]
    public Task A_lock_that_somebody_holds_without_answering_is_told_as_that() => Limited.Run(() =>
    {
        Directory.CreateDirectory(Place);
        using var held = new Descriptor(LibC.Open(Path.Join(Place, "lock"), LibC.OpenReadWrite | LibC.OpenCreate, 0x180));
        Assert.Equal(0, LibC.Lock(held.Number, LibC.LockExclusive));
        Assert.Equal(
            (2, $"kbusd: Another process holds {Place}/lock, but no kbusd answers in {Place}. It may have been stopped, or run on another machine "
                + "that shares the directory. End it first, or choose another --runtime-dir.\n"),
            Refused());
    });

    [Theory]
    [InlineData("ENOLCK")]
    [InlineData("EOPNOTSUPP")]
    [InlineData("ENOSYS")]
    public Task A_file_system_that_cannot_lock_is_not_told_as_a_running_daemon(string error) => Limited.Run(() =>
    {
        (int code, _, string errors) = Kbusd.Run(Refusing("flock", error), Kbusd.Path, "--runtime-dir", Place);
        Assert.Equal(2, code);
        Assert.StartsWith($"kbusd: {Place}/lock cannot be locked (flock: ", errors, StringComparison.Ordinal);
        Assert.Contains(error, errors, StringComparison.Ordinal);
        Assert.EndsWith(
            "). Without a lock kbusd cannot know that it is the only one there. "
            + "Choose a directory of this machine with --runtime-dir or KBUS_RUNTIME_DIR.\n",
            errors,
            StringComparison.Ordinal);
        Assert.Equal(["lock"], Names());
    });

    [Theory]
    [InlineData("inotify_init1", "EMFILE")]
    [InlineData("inotify_init1", "ENOSYS")]
    [InlineData("inotify_add_watch", "ENOSPC")]
    public Task Where_nothing_is_told_of_removals_they_are_found_and_mended_all_the_same(string call, string error) => Limited.Run(() =>
    {
        Process daemon = Kbusd.Start(Refusing(call, error), Kbusd.Path, "--runtime-dir", Place);
        _daemons.Add(daemon);
        string[] lines = [daemon.StandardError.ReadLine()!, daemon.StandardError.ReadLine()!];
        Assert.Single(lines, l => l.Contains($" in {Place}, process {daemon.Id}.", StringComparison.Ordinal));
        Assert.Single(lines, l => l.StartsWith($"kbusd: what is removed from {Place} will be noticed late, by a check every ten seconds (inotify: ", StringComparison.Ordinal)
            && l.Contains(error, StringComparison.Ordinal));
        using Ksock before = Open();
        before.Bind("$.News");

        // And the line is not repeated with each check.
        File.Delete(Path.Join(Place, "bus0"));
        Assert.Equal($"kbusd: what was removed from {Place} has been made again: bus0.", daemon.StandardError.ReadLine());
        Directory.Delete(Place, recursive: true);
        Assert.Equal($"kbusd: what was removed from {Place} has been made again: the directory, bus0, control.", daemon.StandardError.ReadLine());
        Speak(before);
        End(daemon, "TERM");
        Assert.Equal(["lock"], Names());
    });

    /// <summary>As a container, or a session that ends, may do it. Inside the mount namespace the path leads to another directory.</summary>
    [Fact]
    public Task A_directory_that_something_is_mounted_over_is_made_again_there_and_links_go_on() => Limited.Run(() =>
    {
        string[] apart = Environment.IsPrivilegedProcess ? ["--mount"] : ["--user", "--map-root-user", "--mount"];
        Assert.SkipUnless(
            Kbusd.Run("unshare", [.. apart, "mount", "-t", "tmpfs", "none", _parent]).Code == 0,
            "This user may not mount anything, not even in a namespace of its own.");
        using Process shell = Process.Start(new ProcessStartInfo("unshare", [.. apart, "bash", "-c", "\"$0\" --runtime-dir \"$1\" & echo $!; exec bash", Kbusd.Path, Place])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Process daemon = Process.GetProcessById(int.Parse(shell.StandardOutput.ReadLine()!, CultureInfo.InvariantCulture));
        _daemons.Add(daemon);
        Assert.Contains($" in {Place}, process {daemon.Id}.", shell.StandardError.ReadLine(), StringComparison.Ordinal);
        using Ksock before = Open();
        before.Bind("$.News");
        string again = $"kbusd: what was removed from {Place} has been made again: the directory, bus0, control.";

        shell.StandardInput.WriteLine($"mount -t tmpfs -o mode=700 none '{Place}'");
        Assert.Equal(again, shell.StandardError.ReadLine());
        Speak(before, $"/proc/{daemon.Id}/root{Place}");
        Assert.Equal(["lock"], Names());

        shell.StandardInput.WriteLine($"umount '{Place}' || umount --lazy '{Place}'");
        Assert.Equal(again, SkipBusy(shell.StandardError));
        Speak(before);
        Assert.Equal(["bus0", "control", "lock"], Names());

        // Another kbusd that has taken what was mounted ends this one, which says so.
        Signal(daemon, "STOP");
        shell.StandardInput.WriteLine($"mount -t tmpfs -o mode=700 none '{Place}'; '{Kbusd.Path}' --runtime-dir '{Place}' & echo $!");
        Assert.Contains($" in {Place}, process ", shell.StandardError.ReadLine(), StringComparison.Ordinal);
        Signal(daemon, "CONT");
        Assert.StartsWith($"kbusd: stopping (another kbusd has taken {Place}); 1 open Ksock ", shell.StandardError.ReadLine(), StringComparison.Ordinal);
        Assert.Equal("kbusd: stopped.", shell.StandardError.ReadLine());
        shell.StandardInput.WriteLine("kill $!; wait; exit");
        shell.WaitForExit();

        // The kernel says that a mount is busy while the daemon's sockets are there.
        static string? SkipBusy(TextReader errors)
        {
            string? line;
            do
            {
                line = errors.ReadLine();
            }
            while (line?.StartsWith("umount: ", StringComparison.Ordinal) == true);
            return line;
        }
    });

    [Fact]
    public Task A_directory_that_every_user_may_change_is_served_and_told() => Limited.Run(() =>
    {
        Directory.CreateDirectory(Place);
        File.SetUnixFileMode(Place, (UnixFileMode)0x1FF);
        Process daemon = Started();
        Assert.Equal(
            $"kbusd: {Place} is not safe: every user may change it, and put a socket of his own in the place of a bus. Take that permission away.",
            daemon.StandardError.ReadLine());
        using Ksock ksock = Open();
    });

    [Fact]
    public void A_socket_that_is_removed_a_million_times_costs_ever_less()
    {
        var pace = new MendingPace();
        long now = 0;
        int looks = 0;
        for (int i = 0; i < 1_000_000; i++, now += 1_000_000)
        {
            pace.Noticed(now);
            if (pace.IsDue(now))
            {
                looks++;
                pace.Looked(now, again: false);
            }
        }

        // A thousand seconds: a pause of ten each, but for the first few.
        Assert.InRange(looks, 100, 110);
        pace.Looked(now, again: false);
        now += 60_000_000_000;
        pace.Noticed(now);
        Assert.Equal(MendingPace.ShortestPause, pace.Left(now));
    }

    private void Speak(Ksock listener, string? place = null)
    {
        using Ksock sender = Open(place);
        MessageId sent = sender.Send(new Announcement("$.News"));
        Assert.Equal(sent, listener.WaitForMessage()!.Id);
    }

    private Ksock Open(string? place = null) =>
        Ksock.Open(options: new KsockOptions { RuntimeDirectory = place ?? Place, StartDaemon = false, OpenTimeout = Limited.Limit });

    private Process Started(string? place = null)
    {
        Process daemon = Kbusd.Start(Kbusd.Path, "--runtime-dir", place ?? Place);
        _daemons.Add(daemon);
        Assert.Contains($" in {place ?? Place}, process {daemon.Id}.", daemon.StandardError.ReadLine(), StringComparison.Ordinal);
        return daemon;
    }

    private (int Code, string Errors) Refused()
    {
        (int code, _, string errors) = Kbusd.Run(Kbusd.Path, "--runtime-dir", Place);
        return (code, errors);
    }

    /// <summary>Makes a program that runs another one, to which a system call is refused.</summary>
    private string Refusing(string call, string error)
    {
        string launcher = Path.Join(_parent, "launcher");
        string source = Path.Join(AppContext.BaseDirectory, "programs", "refusing.c");
        Assert.Equal((0, string.Empty, string.Empty), Kbusd.Run("gcc", $"-DCALL=__NR_{call}", $"-DREFUSED={error}", "-o", launcher, source));
        return launcher;
    }

    /// <summary>A socket of somebody who has died.</summary>
    private void Abandon(string name)
    {
        Assert.Equal(0, UnixSocket.Listen(Path.Join(Place, name), 1, 0x1B6, out Descriptor? socket));
        socket!.Dispose();
    }

    private static void Signal(Process process, string signal) =>
        Assert.Equal(0, Kbusd.Run("/bin/kill", $"-{signal}", process.Id.ToString(CultureInfo.InvariantCulture)).Code);

    private static void End(Process process, string signal)
    {
        Signal(process, signal);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    private string[] Names() => [.. Directory.GetFileSystemEntries(Place).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)];
}
