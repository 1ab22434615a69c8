using System.Diagnostics;
using System.Globalization;

namespace Kbus.Daemon.Tests;

/// <summary>A kbusd that root starts with <c>--user</c> is that user's in every respect, and so is what it makes.</summary>
public sealed class ServingUserTests : IDisposable
{
    private const string User = "nobody";
    private const uint Stranger = 54321;
    private static readonly string UserNumber = IdOf("-u");
    private static readonly string GroupNumber = IdOf("-g");
    private readonly string _directory = Directory.CreateTempSubdirectory("kbus-").FullName;

    public ServingUserTests() => File.SetUnixFileMode(_directory, (UnixFileMode)0x1ED);

    private string Runtime => Path.Join(_directory, "run");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public Task Every_thread_has_the_ids_and_groups_of_that_user_and_no_privilege() => Limited.Run(() =>
    {
        using Process daemon = Started("exec \"$0\" --runtime-dir \"$1\" --user nobody --buses 2");
        File.SetUnixFileMode(Runtime, (UnixFileMode)0x1ED);
        using (Ksock ksock = Open())
        using (Ksock other = OtherUser.Run(Stranger, Open))
        {
            other.Bind("$.A", replier: true);
            MessageId request = ksock.Send(new Request("$.A", new byte[100_000]));
            Assert.Equal(request, other.WaitForMessage()!.Id);
            Assert.Equal(2u, ksock.NewDevice());
            Assert.Equal([Four(UserNumber)], ThreadStatus.Values(daemon.Id, "Uid"));
            Assert.Equal([Four(GroupNumber)], ThreadStatus.Values(daemon.Id, "Gid"));
            Assert.Equal([Sorted(IdOf("-G"))], ThreadStatus.Values(daemon.Id, "Groups").Select(Sorted));
            Assert.Equal(["0000000000000000"], ThreadStatus.Values(daemon.Id, "CapPrm", "CapEff", "CapInh", "CapAmb"));
            Assert.Equal(["1"], ThreadStatus.Values(daemon.Id, "NoNewPrivs"));
        }

        Stop(daemon);
        Assert.Equal(["lock"], Directory.GetFileSystemEntries(Runtime).Select(f => Path.GetFileName(f)));
    });

    [Fact]
    public Task What_it_makes_in_its_directory_is_that_users_and_what_leads_there_stays_roots() => Limited.Run(() =>
    {
        string below = Path.Join(Runtime, "of", "kbus");
        using Process daemon = Started("exec \"$0\" --runtime-dir \"$1/of/kbus\" --user nobody --detached");
        Assert.Equal(["0:0 755", "0:0 755"], new[] { Runtime, Path.Join(Runtime, "of") }.Select(Whose));
        Assert.Equal($"{UserNumber}:{GroupNumber} 700", Whose(below));
        Assert.Equal(
            [("bus0", "666"), ("control", "666"), ("kbusd.log", "600"), ("lock", "600")],
            Directory.GetFileSystemEntries(below).Order(StringComparer.Ordinal).Select(f => (Path.GetFileName(f), Whose(f).Replace($"{UserNumber}:{GroupNumber} ", "", StringComparison.Ordinal))));

        // The directory is the user's, so its sockets can be made again.
        File.Delete(Path.Join(below, "bus0"));
        while (!File.Exists(Path.Join(below, "bus0")))
        {
            Thread.Yield();
        }

        Stop(daemon);
    });

    [Theory]
    [InlineData("-TERM")]
    [InlineData("-KILL")]
    public Task The_directory_that_roots_kbusd_has_left_changes_hands(string signal) => Limited.Run(() =>
    {
        using (Process before = Started("exec \"$0\" --runtime-dir \"$1\" --detached"))
        {
            Assert.Equal("0:0 600", Whose(Path.Join(Runtime, "lock")));
            Assert.Equal(0, Kbusd.Run("/bin/kill", signal, before.Id.ToString(CultureInfo.InvariantCulture)).Code);
            before.WaitForExit();
        }

        using Process daemon = Started("exec \"$0\" --runtime-dir \"$1/\" --user nobody --detached");
        Assert.StartsWith($"{UserNumber}:{GroupNumber} ", Whose(Runtime), StringComparison.Ordinal);
        Assert.All(Directory.GetFileSystemEntries(Runtime), f => Assert.StartsWith($"{UserNumber}:{GroupNumber} ", Whose(f), StringComparison.Ordinal));
        Assert.Contains($"process {daemon.Id}", File.ReadAllText(Path.Join(Runtime, "kbusd.log")), StringComparison.Ordinal);
        using Ksock ksock = Open();
        Assert.Equal(1u, ksock.Id);
        Stop(daemon);
    });

    [Fact]
    public Task A_directory_of_root_with_other_things_in_it_stays_roots() => Limited.Run(() =>
    {
        SkipUnlessRoot();
        Directory.CreateDirectory(Runtime);
        File.WriteAllText(Path.Join(Runtime, "passwd"), string.Empty);
        (int code, _, string errors) = Kbusd.Run(Kbusd.Path, "--runtime-dir", Runtime, "--user", User);
        Assert.Equal(2, code);
        Assert.Contains("EACCES", errors, StringComparison.Ordinal);
        Assert.Contains(" What counts here are the permissions of the user 'nobody' (--user), also if root has started kbusd.", errors, StringComparison.Ordinal);
        Assert.StartsWith("0:0 ", Whose(Runtime), StringComparison.Ordinal);
        Assert.Equal(["passwd"], Directory.GetFileSystemEntries(Runtime).Select(f => Path.GetFileName(f)));
    });

    [Fact]
    public Task A_directory_that_the_user_may_write_to_is_served_and_stays_whose_it_is() => Limited.Run(() =>
    {
        SkipUnlessRoot();
        Directory.CreateDirectory(Runtime);
        Assert.Equal(0, Kbusd.Run("/bin/chgrp", GroupNumber, Runtime).Code);
        File.SetUnixFileMode(Runtime, (UnixFileMode)0x1FD);
        using Process daemon = Started("exec \"$0\" --runtime-dir \"$1\" --user nobody");
        Assert.Equal($"0:{GroupNumber} 775", Whose(Runtime));
        Assert.StartsWith($"{UserNumber}:{GroupNumber} ", Whose(Path.Join(Runtime, "bus0")), StringComparison.Ordinal);
        Stop(daemon);
    });

    [Fact]
    public Task A_directory_that_roots_kbusd_serves_is_not_taken_from_it() => Limited.Run(() =>
    {
        using Process first = Started("exec \"$0\" --runtime-dir \"$1\"");
        (int code, _, string errors) = Kbusd.Run(Kbusd.Path, "--runtime-dir", Runtime, "--user", User);
        Assert.Equal((2, $"kbusd: A kbusd is running on {Runtime} already. Stop it first, or choose another --runtime-dir.\n"), (code, errors));
        Assert.StartsWith("0:0 ", Whose(Runtime), StringComparison.Ordinal);
        using Ksock ksock = Open();
        Assert.Equal(1u, ksock.Id);
        Stop(first);
    });

    [Theory]
    [InlineData("kbusd: --user no-such-user: there is no such user on this machine.\n", "no-such-user")]
    [InlineData("kbusd: --user 3999999999: there is no such user on this machine.\n", "3999999999")]
    [InlineData("kbusd: --user: its value is empty.\n", "")]
    public Task A_user_that_does_not_exist_is_named_and_nothing_is_made(string sentence, string user) => Limited.Run(() =>
    {
        (int code, _, string errors) = Kbusd.Run(Kbusd.Path, "--runtime-dir", Runtime, "--user", user);
        Assert.Equal((2, sentence), (code, errors));
        Assert.False(Directory.Exists(Runtime));
    });

    [Fact]
    public Task Nobody_but_root_can_choose_another_user() => Limited.Run(() =>
    {
        SkipUnlessRoot();
        (int code, _, string errors) = Kbusd.Run(
            "/usr/bin/setpriv", "--reuid", "54321", "--regid", "54321", "--clear-groups", Kbusd.Path, "--runtime-dir", Runtime, "--user", User);
        Assert.Equal((2, "kbusd: --user nobody: only root can serve as another user, and user 54321 has started this kbusd. Leave the option out.\n"), (code, errors));
    });

    [Fact]
    public Task Root_without_the_right_to_change_users_does_not_serve_as_root() => Limited.Run(() =>
    {
        SkipUnlessRoot();
        (int code, _, string errors) = Kbusd.Run(
            "/usr/bin/setpriv", "--inh-caps=-setuid,-setgid", "--bounding-set=-setuid,-setgid", Kbusd.Path, "--runtime-dir", Runtime, "--user", User);
        Assert.Equal(2, code);
        Assert.Contains("the kernel does not let it become this user (setgroups, setresgid, setresuid: EPERM", errors, StringComparison.Ordinal);
    });

    [Fact]
    public Task The_user_may_name_himself_as_in_a_unit_with_User() => Limited.Run(() =>
    {
        SkipUnlessRoot();
        Directory.CreateDirectory(Runtime);
        Assert.Equal(0, Kbusd.Run("/bin/chown", $"{UserNumber}:{GroupNumber}", Runtime).Code);
        using Process daemon = Started("exec setpriv --reuid nobody --regid nogroup --init-groups \"$0\" --runtime-dir \"$1\" --user nobody");
        Assert.Equal([Four(UserNumber)], ThreadStatus.Values(daemon.Id, "Uid"));
        Stop(daemon);
    });

    [Fact]
    public Task A_number_names_a_user_too_and_the_configuration_file_may_name_him() => Limited.Run(() =>
    {
        string file = Path.Join(_directory, "kbusd.json");
        File.WriteAllText(file, $$"""{ "user": {{UserNumber}} }""");
        using Process daemon = Started($"exec \"$0\" --runtime-dir \"$1\" --config {file}");
        Assert.Equal([Four(UserNumber)], ThreadStatus.Values(daemon.Id, "Uid"));
        Stop(daemon);
    });

    [Fact]
    public Task A_policy_is_read_as_that_user_at_the_start_and_afterwards() => Limited.Run(() =>
    {
        SkipUnlessRoot();
        string file = Path.Join(_directory, "policy.json");
        File.WriteAllText(file, """{ "rules": [ { "allow": "everybody", "everything": true } ] }""");
        File.SetUnixFileMode(file, (UnixFileMode)0x180);
        (int code, _, string errors) = Kbusd.Run(Kbusd.Path, "--runtime-dir", Runtime, "--user", User, "--policy", file);
        Assert.Equal(2, code);
        Assert.Contains($"{file}: it cannot be read: permission denied", errors, StringComparison.Ordinal);
    });

    [Fact]
    public Task Without_a_directory_it_serves_the_machines_which_it_makes_for_everybody() => Limited.Run(() =>
    {
        SkipUnlessRoot();
        Assert.SkipUnless(Kbusd.Run("/usr/bin/unshare", "--mount", "mount", "-t", "tmpfs", "none", "/run").Code == 0, "nothing can be mounted here");
        using Process daemon = Started(
            "unset KBUS_RUNTIME_DIR; export HOME=/root XDG_RUNTIME_DIR=/run/user/0; exec unshare --mount bash -c 'mount -t tmpfs -o mode=755 none /run; exec \"$0\" --user nobody' \"$0\"");
        string machines = $"/proc/{daemon.Id}/root/run/kbus";
        Assert.Equal($"{UserNumber}:{GroupNumber} 755", Whose(machines));
        Assert.Equal($"{UserNumber}:{GroupNumber} 666", Whose(Path.Join(machines, "bus0")));
        Stop(daemon);
    });

    private static string Four(string number) => string.Join('\t', Enumerable.Repeat(number, 4));

    private static string Sorted(string numbers) => string.Join(' ', numbers.Split(' ').Order(StringComparer.Ordinal));

    private static string IdOf(string which) => Kbusd.Run("/usr/bin/id", which, User).Output.Trim();

    /// <summary>Owner, group and permissions of a file.</summary>
    private static string Whose(string path) => Kbusd.Run("/usr/bin/stat", "--format=%u:%g %a", path).Output.Trim();

    private static void SkipUnlessRoot() => Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root can become another user");

    private static void Stop(Process daemon)
    {
        Assert.Equal(0, Kbusd.Run("/bin/kill", "-TERM", daemon.Id.ToString(CultureInfo.InvariantCulture)).Code);
        daemon.WaitForExit();
        Assert.Equal(0, daemon.ExitCode);
    }

    private Process Started(string script)
    {
        SkipUnlessRoot();
        using var readiness = new Readiness(Path.Join(_directory, "ready"));
        Process process = Process.Start(new ProcessStartInfo("/bin/bash", ["-c", script, Kbusd.Path, Runtime]) { Environment = { ["NOTIFY_SOCKET"] = readiness.Path } })!;
        readiness.Wait();
        return process;
    }

    private Ksock Open() => Ksock.Open(0, KsockMode.ReadWrite, new KsockOptions { RuntimeDirectory = Runtime, StartDaemon = false });
}
