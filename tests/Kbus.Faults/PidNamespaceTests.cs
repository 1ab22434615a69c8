using System.Diagnostics;
using System.Globalization;

namespace Kbus.Faults;

/// <summary>A daemon in another pid namespace than its members, as in a container with a shared directory: it sees every process as number 0.</summary>
public sealed class PidNamespaceTests
{
    [Fact]
    public Task A_process_that_ends_takes_only_its_own_Ksocks_with_it_though_all_have_number_0() => Limited.Run(_ =>
    {
        Assert.SkipUnless(Environment.UserName == "root", "only root can make a pid namespace");
        string directory = Directory.CreateTempSubdirectory("kbus-").FullName;
        string kbusd = Path.Join(AppContext.BaseDirectory, "kbusd");
        using Process through = Process.Start(
            new ProcessStartInfo("unshare", ["--pid", "--fork", kbusd, "--runtime-dir", directory]) { RedirectStandardError = true })!;
        Assert.Contains(" in ", through.StandardError.ReadLine(), StringComparison.Ordinal);
        try
        {
            using Ksock own = ActorProgram.Open(directory);
            own.Bind("$.Own", replier: true);
            using (Actor listener = Actor.Start("listener", directory, "$.News.*").Ready())
            using (Actor other = Actor.Start("listener", directory, "$.News.*").Ready())
            {
                Assert.Equal([0, 0, 0], DaemonStatus.Bus(directory).GetProperty("ksocks").EnumerateArray().Select(k => k.GetProperty("pid").GetInt32()));
                other.Kill();
                Until.True(() => DaemonStatus.Ksocks(directory) == 2, () => "the Ksock of a process that was killed stays open");
                own.Send(new Announcement("$.News.end"));
                Assert.StartsWith("1 ", listener.Hear(), StringComparison.Ordinal);
                own.Send(new Request("$.Own"));
                Assert.True(own.WaitForMessage()!.WantsUsToReply);
            }
        }
        finally
        {
            string inside = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{through.Id}/task/{through.Id}/children")).Trim();
            using Process stopping = Process.Start("kill", ["-TERM", inside]);
            through.WaitForExit();
            Directory.Delete(directory, recursive: true);
        }
    });
}
