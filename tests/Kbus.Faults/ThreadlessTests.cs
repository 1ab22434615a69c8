namespace Kbus.Faults;

/// <summary>A process that can have no further thread: each call that needs one says so, and leaves nothing behind.</summary>
public sealed class ThreadlessTests
{
    private const string Advice = "Allow this process more threads (ulimit -u, the pids controller).";

    [Fact]
    public Task Where_there_can_be_no_further_thread_a_call_that_needs_one_says_so_and_a_Ksock_is_closed_all_the_same() => Limited.Run(_ =>
    {
        Assert.SkipUnless(Environment.UserName == "root", "only root can become a user whose processes are counted");
        using DaemonProcess daemon = DaemonProcess.Start();
        File.SetUnixFileMode(daemon.Directory, (UnixFileMode)0x1ED);
        File.SetUnixFileMode(Path.Join(daemon.Directory, "bus0"), (UnixFileMode)0x1B6);
        using Actor actor = Actor.StartThrough(["setpriv", "--reuid", "61239", "--regid", "61239", "--clear-groups"], "threadless", daemon.Directory).Ready();
        Assert.Equal($"ENOMEM: The process can have no further thread, which opening asynchronously needs. {Advice}", actor.Hear());
        Assert.Equal($"ENOMEM: The process can have no further thread, which asynchronous calls need. {Advice}", actor.Hear());
        Assert.Equal("done", actor.Hear());
        Assert.Equal($"ENOMEM: The process can have no further thread, and a Limpet needs two, and timers. {Advice}", actor.Hear());
        Until.True(() => DaemonStatus.Ksocks(daemon.Directory) == 1, () => "a Ksock was left open");
    });
}
