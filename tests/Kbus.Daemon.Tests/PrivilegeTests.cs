using System.Diagnostics;
using System.Globalization;

namespace Kbus.Daemon.Tests;

/// <summary>A kbusd that root started keeps only what it needs, in every thread, and serves as before.</summary>
public sealed class PrivilegeTests : IDisposable
{
    private const uint Stranger = 54321;
    private const string Nothing = "0000000000000000";
    private readonly string _directory = Directory.CreateTempSubdirectory("kbus-").FullName;

    private string Runtime => Path.Join(_directory, "run");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public Task Without_device_files_no_thread_has_a_capability_or_can_get_one() => Limited.Run(() =>
    {
        using Process daemon = Started("exec \"$0\" --runtime-dir \"$1\" --buses 3");
        using (Ksock ksock = Open())
        using (Ksock other = OtherUser.Run(Stranger, Open))
        {
            other.Bind("$.A", replier: true);
            MessageId request = ksock.Send(new Request("$.A"));
            Assert.Equal(request, other.WaitForMessage()!.Id);
            Assert.Equal(3u, ksock.NewDevice());
            Assert.Equal([Nothing], ThreadStatus.Values(daemon.Id, "CapPrm", "CapEff", "CapInh", "CapAmb"));
            Assert.Equal(["1"], ThreadStatus.Values(daemon.Id, "NoNewPrivs"));
            Assert.Equal("kbusd", File.ReadAllText($"/proc/{daemon.Id}/comm").Trim());
            if (MayLowerBounds)
            {
                Assert.Equal([Nothing], ThreadStatus.Values(daemon.Id, "CapBnd"));
            }
        }

        Stop(daemon);
        Assert.Equal(["lock"], Directory.GetFileSystemEntries(Runtime).Select(f => Path.GetFileName(f)));
    });

    [Fact]
    public Task What_only_root_can_take_off_is_taken_off_before() => Limited.Run(() =>
    {
        using Process daemon = Started(
            "renice -n 5 $$ >/dev/null; echo 100 >/proc/self/oom_score_adj; ulimit -S -n 300; exec chrt -b 0 taskset -c 0 \"$0\" --runtime-dir \"$1\" --detached");
        using Ksock ksock = Open();
        Assert.Equal([Nothing], ThreadStatus.Values(daemon.Id, "CapPrm", "CapEff"));
        Assert.Equal(ThreadStatus.Values(Environment.ProcessId, "Cpus_allowed_list"), ThreadStatus.Values(daemon.Id, "Cpus_allowed_list"));
        Assert.Equal("0", File.ReadAllText($"/proc/{daemon.Id}/oom_score_adj").Trim());

        // Behind the name in parentheses: the nice value is the 19th field of all, the policy the 41st.
        string[] fields = File.ReadAllText($"/proc/{daemon.Id}/stat").Split(") ")[^1].Split(' ');
        Assert.Equal(("0", "0"), (fields[16], fields[38]));
        Assert.DoesNotContain("it keeps of the program", File.ReadAllText(Path.Join(Runtime, "kbusd.log")), StringComparison.Ordinal);
        Stop(daemon);
    });

    [Fact]
    public Task Begun_anew_it_has_no_descriptor_that_it_had_not_at_the_first_beginning() => Limited.Run(() =>
    {
        // Without a capability it has no reason to begin anew.
        using Process plain = Started("exec setpriv --inh-caps=-all --bounding-set=-all \"$0\" --runtime-dir \"$1.plain\"");
        using Process daemon = Started("exec \"$0\" --runtime-dir \"$1\"");
        while (!Descriptors(plain.Id).SequenceEqual(Descriptors(daemon.Id)))
        {
            // Some are open for a moment only.
            Thread.Yield();
        }

        Stop(plain);
        Stop(daemon);
    });

    [Fact]
    public Task Root_is_told_why_it_may_not_serve_a_directory_of_somebody_else() => Limited.Run(() =>
    {
        SkipUnlessRoot();
        Directory.CreateDirectory(Runtime, (UnixFileMode)0x1C0);
        Assert.Equal(0, Kbusd.Run("/bin/chown", "54321", Runtime).Code);
        (int code, _, string errors) = Kbusd.Run(Kbusd.Path, "--runtime-dir", Runtime);
        Assert.Equal(2, code);
        Assert.Contains("EACCES", errors, StringComparison.Ordinal);
        Assert.Contains(" kbusd gives up the right to pass over permissions.", errors, StringComparison.Ordinal);
    });

    [Fact]
    public Task Arguments_are_the_same_when_it_begins_anew() => Limited.Run(() =>
    {
        SkipUnlessRoot();
        string spaced = Path.Join(_directory, "a b  'c\" $d");
        using Process daemon = Kbusd.Start(Kbusd.Path, "--socket-mode", "600", "--runtime-dir", spaced, "--default-max-messages=7");
        Assert.Contains($" in {spaced}, process {daemon.Id}.", daemon.StandardError.ReadLine(), StringComparison.Ordinal);
        Assert.Equal((UnixFileMode)0x180, File.GetUnixFileMode(Path.Join(spaced, "bus0")));
        Stop(daemon);
    });

    [Fact]
    public Task A_user_without_capabilities_has_none_afterwards() => Limited.Run(() =>
    {
        SkipUnlessRoot();
        Directory.CreateDirectory(Runtime);
        Assert.Equal(0, Kbusd.Run("/bin/chown", "54321", Runtime).Code);
        File.SetUnixFileMode(_directory, (UnixFileMode)0x1FF);
        using Process daemon = Started("exec setpriv --reuid 54321 --regid 54321 --clear-groups \"$0\" --runtime-dir \"$1\"");
        Assert.Equal([Nothing], ThreadStatus.Values(daemon.Id, "CapPrm", "CapEff"));
        using Ksock ksock = Open();
        Assert.Equal(1u, ksock.Id);
        Stop(daemon);
    });

    [Fact]
    public Task Capabilities_that_a_supervisor_gave_another_user_are_given_up_too() => Limited.Run(() =>
    {
        SkipUnlessRoot();
        Directory.CreateDirectory(Runtime);
        Assert.Equal(0, Kbusd.Run("/bin/chown", "54321", Runtime).Code);
        File.SetUnixFileMode(_directory, (UnixFileMode)0x1FF);
        using Process daemon = Started(
            "exec setpriv --reuid 54321 --regid 54321 --clear-groups --inh-caps=+setuid,+chown --ambient-caps=+setuid,+chown \"$0\" --runtime-dir \"$1\"");
        Assert.Equal([Nothing], ThreadStatus.Values(daemon.Id, "CapPrm", "CapEff", "CapInh", "CapAmb"));
        Stop(daemon);
    });

    /// <summary>Without CAP_SETPCAP, as in some containers, the bounding set stays; no_new_privs then does its work.</summary>
    private static bool MayLowerBounds =>
        (ulong.Parse(ThreadStatus.Values(Environment.ProcessId, "CapEff")[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture) & (1 << 8)) != 0;

    /// <summary>What a process has open, without what differs from one process to the next.</summary>
    private static string[] Descriptors(int process) =>
    [
        .. Directory.GetFileSystemEntries($"/proc/{process}/fd").Select(f => new FileInfo(f).LinkTarget ?? string.Empty)
            .Select(t => t.Split(":[")[0].Replace($"/{process}/", "/self/", StringComparison.Ordinal).Replace("run.plain", "run", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
    ];

    private static void SkipUnlessRoot() => Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root has privileges to give up");

    private Process Started(string script)
    {
        SkipUnlessRoot();
        using var readiness = new Readiness(Path.Join(_directory, "ready"));
        Process process = Process.Start(new ProcessStartInfo("/bin/bash", ["-c", script, Kbusd.Path, Runtime]) { Environment = { ["NOTIFY_SOCKET"] = readiness.Path } })!;
        readiness.Wait();
        File.SetUnixFileMode(_directory, (UnixFileMode)0x1FF);
        if (Directory.Exists(Runtime))
        {
            File.SetUnixFileMode(Runtime, (UnixFileMode)0x1ED);
        }

        return process;
    }

    private static void Stop(Process daemon)
    {
        Assert.Equal(0, Kbusd.Run("/bin/kill", "-TERM", daemon.Id.ToString(CultureInfo.InvariantCulture)).Code);
        daemon.WaitForExit();
        Assert.Equal(0, daemon.ExitCode);
    }

    private Ksock Open() => Ksock.Open(0, KsockMode.ReadWrite, new KsockOptions { RuntimeDirectory = Runtime, StartDaemon = false });
}
