namespace Kbus.Faults;

/// <summary>A daemon in another pid namespace than its members, as in a container with a shared directory: it sees every process as number 0.</summary>
public sealed class PidNamespaceTests
{
    private static readonly string[] InNamespace = ["unshare", "--pid", "--fork"];

    [Fact]
    public Task A_process_that_ends_takes_only_its_own_Ksocks_with_it_though_all_have_number_0() => Limited.Run(_ =>
    {
        Assert.SkipUnless(Environment.UserName == "root", "only root can make a pid namespace");
        using var daemon = new DaemonThrough(InNamespace);
        Check(daemon, areNumbered: false);
    });

    /// <summary>The kernels from 6.1 on that are served have less to tell processes apart by.</summary>
    [Theory]
    [InlineData("6.8", true)]
    [InlineData("6.8", false)]
    [InlineData("6.4", true)]
    [InlineData("6.4", false)]
    [InlineData("5.2", true)]
    [InlineData("5.2", false)]
    public Task A_process_that_ends_takes_only_its_own_Ksocks_with_it_under_older_kernels(string version, bool isInNamespace) => Limited.Run(_ =>
    {
        Assert.SkipUnless(Environment.UserName == "root", "only root can make a pid namespace");
        string launcher = Path.GetTempFileName();
        try
        {
            Compile("oldkernel.c", launcher);
            using var daemon = new DaemonThrough([.. isInNamespace ? InNamespace : [], launcher, version]);
            Check(daemon, areNumbered: !isInNamespace);
        }
        finally
        {
            File.Delete(launcher);
        }
    });

    private static void Check(DaemonThrough daemon, bool areNumbered)
    {
        using Ksock own = ActorProgram.Open(daemon.Runtime);
        using Ksock alsoOwn = ActorProgram.Open(daemon.Runtime);
        own.Bind("$.Own", replier: true);
        using Actor listener = Actor.Start("listener", daemon.Runtime, "$.News.*").Ready();
        using Actor other = Actor.Start("listener", daemon.Runtime, "$.News.*").Ready();
        int[] numbers = [.. DaemonStatus.Bus(daemon.Runtime).GetProperty("ksocks").EnumerateArray().Select(k => k.GetProperty("pid").GetInt32())];
        Assert.Equal(areNumbered ? [Environment.ProcessId, Environment.ProcessId] : [0, 0], numbers[..2]);
        Assert.All(numbers[2..], n => Assert.Equal(areNumbered, n != 0));
        other.Kill();
        Until.True(() => DaemonStatus.Ksocks(daemon.Runtime) == 3, () => "the Ksock of a process that was killed stays open");
        own.Send(new Announcement("$.News.end"));
        Assert.StartsWith("1 ", listener.Hear(), StringComparison.Ordinal);
        alsoOwn.Send(new Request("$.Own"));
        Assert.True(own.WaitForMessage()!.WantsUsToReply);
    }

    private static void Compile(string source, string program)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/gcc"), "there is no gcc");
        using var compiler = System.Diagnostics.Process.Start(
            "/usr/bin/gcc", ["-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", Path.Join(AppContext.BaseDirectory, "programs", source), "-o", program]);
        compiler.WaitForExit();
        Assert.Equal(0, compiler.ExitCode);
    }
}
