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

    /// <summary>All values that a field has in the threads of a process.</summary>
    private static IEnumerable<ulong> Distinct(int process, string field) => Directory.GetDirectories($"/proc/{process}/task")
        .SelectMany(t => Lines(Path.Join(t, "status"))).Where(l => l.StartsWith(field + ":", StringComparison.Ordinal))
        .Select(l => ulong.Parse(l.Split(':')[1], NumberStyles.HexNumber | NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture)).Distinct();

    /// <summary>What is said of a thread; nothing if it has just ended.</summary>
    private static string[] Lines(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
