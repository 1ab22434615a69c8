using System.Diagnostics;
using System.Globalization;
using Kbus.Replay;

namespace Kbus.Device.Tests;

/// <summary>With device files kbusd keeps the four capabilities that they need, and no other.</summary>
public sealed class PrivilegeTests
{
    private const ulong MayLowerBounds = 1UL << 8;

    // CAP_SETGID, CAP_SETUID, CAP_SYS_PTRACE, CAP_SYS_ADMIN.
    private const ulong Needed = (1UL << 6) | (1UL << 7) | (1UL << 19) | (1UL << 21);

    [Fact]
    public Task Every_thread_has_what_device_files_need_and_nothing_else() => Devices.Run(() =>
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root has privileges to give up");
        ulong own = Distinct(Environment.ProcessId, "CapPrm").Single();
        DaemonProcess daemon = Devices.Start();
        string place = Path.Join(daemon.Directory, "dev");
        using (daemon)
        {
            Assert.Equal(own & Needed, Distinct(daemon.Id, "CapPrm").Single());
            Assert.All(Distinct(daemon.Id, "CapEff"), set => Assert.Equal(0ul, set & ~Needed));
            Assert.Equal(1ul, Distinct(daemon.Id, "NoNewPrivs").Single());
            if ((own & MayLowerBounds) != 0)
            {
                Assert.Equal(0ul, Distinct(daemon.Id, "CapBnd").Single() & ~Needed);
            }

            // Root is read, and so is another user.
            using PlainKsock ksock = PlainKsock.Open(daemon);
            Assert.Equal(Errno.None, ksock.Bind("$.Root"));
            using Process stranger = Devices.Started(
                "/usr/bin/setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "/usr/bin/python3", Devices.Script("plain"), "member", Path.Join(place, "kbus0"));
            Assert.Equal("understood\n", stranger.StandardOutput.ReadToEnd());
        }

        Assert.DoesNotContain(place, File.ReadAllText("/proc/self/mountinfo"), StringComparison.Ordinal);
    });

    [Theory]
    [InlineData("exec \"$0\" --runtime-dir \"$1/run\" --user nobody --devices")]
    [InlineData("""
        mkdir "$1/run" && chown nobody "$1/run" && caps=+sys_admin,+setuid,+setgid,+sys_ptrace &&
        exec setpriv --reuid nobody --regid nogroup --clear-groups --inh-caps=-all,$caps --ambient-caps=$caps "$0" --runtime-dir "$1/run" --devices
        """)]
    public Task Another_user_whom_root_names_or_gives_the_capabilities_serves_the_memory_of_all_users(string start) => Devices.Run(() =>
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root can become another user");
        string directory = Directory.CreateTempSubdirectory("kbus-").FullName;
        File.SetUnixFileMode(directory, (UnixFileMode)0x1ED);
        Directory.CreateDirectory(Path.Join(directory, "node"));

        // Not on every machine may users open /dev/fuse. This one may, in a mount namespace of its own.
        const string open = """mount -t tmpfs -o mode=755 none "$1/node" && mknod -m 666 "$1/node/fuse" c 10 229 && mount --bind "$1/node/fuse" /dev/fuse && """;
        string kbusd = Path.Join(AppContext.BaseDirectory, "kbusd");
        using Process daemon = Devices.Started("/usr/bin/unshare", "--mount", "/bin/bash", "-c", open + start, kbusd, directory);
        Assert.Contains($"process {daemon.Id}.", daemon.StandardError.ReadLine(), StringComparison.Ordinal);
        string runtime = Path.Join(directory, "run");
        File.SetUnixFileMode(runtime, (UnixFileMode)0x1ED);
        Assert.Equal(Needed, Distinct(daemon.Id, "CapPrm").Single());
        Assert.All(Distinct(daemon.Id, "CapEff"), set => Assert.Equal(0ul, set & ~Needed));
        Assert.Equal("65534", File.ReadAllLines($"/proc/{daemon.Id}/status").Single(l => l.StartsWith("Uid:", StringComparison.Ordinal)).Split('\t')[1]);
        foreach (string user in (string[])["0", "65534", "54321"])
        {
            Assert.Equal((0, "understood\n"), Devices.Outcome(
                "/usr/bin/nsenter", $"--mount=/proc/{daemon.Id}/ns/mnt", "/usr/bin/setpriv", "--reuid", user, "--regid", user, "--clear-groups",
                "/usr/bin/python3", Devices.Script("plain"), "member", Path.Join(runtime, "dev", "kbus0")));
        }

        Assert.Equal(0, Devices.Outcome("/bin/kill", "-TERM", $"{daemon.Id}").Code);
        daemon.WaitForExit();
        Assert.Equal(0, daemon.ExitCode);
        Assert.Equal([Path.Join(runtime, "lock")], Directory.GetFileSystemEntries(runtime));
        Directory.Delete(directory, recursive: true);
    });

    /// <summary>The values that a set of capabilities has in the threads of a process.</summary>
    private static IEnumerable<ulong> Distinct(int process, string field) =>
        ThreadStatus.Values(process, field).Select(v => ulong.Parse(v, NumberStyles.HexNumber, CultureInfo.InvariantCulture));
}
