using System.Text.Json;

namespace Kbus.Faults;

/// <summary>kbusd in a container and members outside, and the other way round: namespaces of their own for processes, users and time, and a shared directory.</summary>
public sealed class ContainerTests
{
    private const string All = """{ "allow": "0", "everything": true }""";
    private const int Overflow = 65534;
    private static readonly string[] Container = ["unshare", "--user", "--map-root-user", "--pid", "--fork"];

    [Fact]
    public Task A_daemon_in_a_user_namespace_takes_all_users_that_it_does_not_know_for_one_and_serves_them() => Limited.Run(_ =>
    {
        SkipWithoutNamespaces();
        using var daemon = new DaemonThrough(Container);
        using Ksock own = ActorProgram.Open(daemon.Runtime);
        using Actor first = Actor.StartThrough(As("54321"), "listener", daemon.Runtime, "$.News.*").Ready();
        using Actor second = Actor.StartThrough(As("54322"), "listener", daemon.Runtime, "$.News.*").Ready();
        Assert.Equal([0, Overflow, Overflow], Ksocks(daemon, "uid"));
        Assert.Equal([0, 0, 0], Ksocks(daemon, "pid"));
        second.Kill();
        Until.True(() => DaemonStatus.Ksocks(daemon.Runtime) == 2, () => "the Ksock of a process that was killed stays open");
        own.Send(new Announcement("$.News.big", Filled(200_000)));
        own.Send(new Announcement("$.News.end"));
        Assert.StartsWith("2 ", first.Hear(), StringComparison.Ordinal);
    });

    [Fact]
    public Task A_policy_in_a_user_namespace_knows_its_own_root_and_nobody_else() => Limited.Run(_ =>
    {
        SkipWithoutNamespaces();
        string policy = Path.GetTempFileName();
        File.WriteAllText(policy, $$"""{ "rules": [ {{All}}, { "allow": "54321", "everything": true }, { "allow": "65534", "open": ["read", "write"], "listen": "$.News.*" } ] }""");
        using var daemon = new DaemonThrough(Container, "--policy", policy);
        File.Delete(policy);
        using Ksock own = ActorProgram.Open(daemon.Runtime);
        own.Bind("$.Secret", replier: true);

        // What the policy says of the number that a user has outside is said of nobody here.
        using Actor listener = Actor.StartThrough(As("54321"), "listener", daemon.Runtime, "$.News.*").Ready();
        using Actor replier = Actor.StartThrough(As("54321"), "bound", daemon.Runtime, "$.Mine");
        Assert.Equal("refused EPERM", replier.Hear());
        own.Send(new Announcement("$.News.end"));
        Assert.StartsWith("1 ", listener.Hear(), StringComparison.Ordinal);
    });

    [Fact]
    public Task The_root_of_a_container_is_the_user_who_made_it_to_a_daemon_outside() => Limited.Run(_ =>
    {
        SkipWithoutNamespaces();
        string policy = Path.GetTempFileName();
        File.WriteAllText(policy, $$"""{ "rules": [ {{All}}, { "allow": "54321", "open": ["read", "write"], "listen": "$.News.*" } ] }""");
        using DaemonProcess daemon = DaemonProcess.Start("--policy", policy);
        File.Delete(policy);
        File.SetUnixFileMode(daemon.Directory, (UnixFileMode)0x1ED);
        string[] inside = [.. As("54321"), .. Container];
        using Actor listener = Actor.StartThrough(inside, "listener", daemon.Directory, "$.News.*").Ready();
        using Actor other = Actor.StartThrough(inside, "listener", daemon.Directory, "$.News.*").Ready();
        using Actor replier = Actor.StartThrough(inside, "bound", daemon.Directory, "$.Mine");
        Assert.Equal("refused EPERM", replier.Hear());
        JsonElement[] ksocks = [.. DaemonStatus.Bus(daemon.Directory).GetProperty("ksocks").EnumerateArray()];
        Assert.All(ksocks.Take(2), k => Assert.Equal(54321, k.GetProperty("uid").GetInt32()));

        // From outside each is seen by the number that it has here, and its death is noticed by that of its whole container.
        Assert.Distinct(ksocks.Select(k => k.GetProperty("pid").GetInt32()));
        int inner = ksocks[1].GetProperty("pid").GetInt32();
        Signals.Send(inner, Signals.Kill);
        Until.True(() => DaemonStatus.Bus(daemon.Directory).GetProperty("ksocks").EnumerateArray().All(k => k.GetProperty("pid").GetInt32() != inner), () => "the Ksock of a process that was killed stays open");
        using Ksock own = ActorProgram.Open(daemon.Directory);
        own.Send(new Announcement("$.News.big", Filled(200_000)));
        own.Send(new Announcement("$.News.end"));
        Assert.StartsWith("2 ", listener.Hear(), StringComparison.Ordinal);
    });

    [Fact]
    public Task A_daemon_whose_clocks_count_from_another_beginning_serves_as_any() => Limited.Run(_ =>
    {
        SkipWithoutNamespaces();
        using var daemon = new DaemonThrough(["unshare", "--time", "--monotonic", "8640000", "--boottime", "8640000", "--fork"]);
        using Actor replier = Actor.Start("replier", daemon.Runtime, "$.Echo", "-1").Ready();
        using Ksock asker = ActorProgram.Open(daemon.Runtime);
        for (int i = 0; i < 200; i++)
        {
            Assert.Equal("x", asker.Request(new Request("$.Echo", "x"))!.DataAsText);
        }

        Assert.Null(asker.WaitForMessage(TimeSpan.FromMilliseconds(50)));
        MessageId request = asker.Send(new Request("$.Echo"));
        replier.Kill();
        Assert.Equal(request, asker.WaitForMessage()!.InReplyTo);
    });

    private static string[] As(string user) => ["setpriv", "--reuid", user, "--regid", user, "--clear-groups"];

    private static byte[] Filled(int length)
    {
        byte[] data = new byte[length];
        Content.Fill(data, 1);
        return data;
    }

    private static IEnumerable<int> Ksocks(DaemonThrough daemon, string field) =>
        DaemonStatus.Bus(daemon.Runtime).GetProperty("ksocks").EnumerateArray().Select(k => k.GetProperty(field).GetInt32());

    private static void SkipWithoutNamespaces()
    {
        Assert.SkipUnless(Environment.UserName == "root", "only root can become another user");
        using var trial = System.Diagnostics.Process.Start("unshare", ["--user", "--map-root-user", "--pid", "--time", "--fork", "true"]);
        trial.WaitForExit();
        Assert.SkipUnless(trial.ExitCode == 0, "there can be no namespaces of users here");
    }
}
