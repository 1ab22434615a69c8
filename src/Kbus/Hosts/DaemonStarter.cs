using Kbus.Link;

namespace Kbus.Hosts;

/// <summary>Starts a daemon for a user who has none. It ends by itself when its last Ksock has been closed for a while.</summary>
/// <remarks>Several processes may do this at once: the directory's lock decides which daemon stays, and all of them then find it.</remarks>
internal static class DaemonStarter
{
    private const string IdleSeconds = "30";

    /// <summary>False if <c>KBUS_AUTOSTART=0</c>.</summary>
    public static bool IsAllowed => Environment.GetEnvironmentVariable("KBUS_AUTOSTART") != "0";

    /// <summary>Starts a daemon on a directory and waits until one answers there.</summary>
    /// <exception cref="KbusException">ENOENT: no kbusd program is to be found. ETIMEDOUT: it did not begin to answer.</exception>
    public static void Start(string directory, Deadline deadline)
    {
        string program = Find() ?? throw Refusals.Of(
            Errno.ENOENT, "program", $"No kbusd answers in {directory}, and no kbusd program is to be found to start one.", self: null, "open");

        // The shell ends at once and the daemon goes on without a parent of ours, so it is never ours to wait for; its stdio is its own, and so are its
        // working directory and the permissions of what it makes. What systemd told this process about itself is not for the daemon.
        const string script = "cd / && umask 022 && unset NOTIFY_SOCKET LISTEN_FDS LISTEN_PID LISTEN_FDNAMES; setsid \"$0\" \"$@\" </dev/null >/dev/null 2>&1 &";
        string[] arguments = ["-c", script, Path.GetFullPath(program), "--runtime-dir", Path.GetFullPath(directory), "--exit-when-idle", IdleSeconds];
        PromptThread.AsMostThreads(() => _ = LibC.Run("/bin/sh", arguments));
        string control = RuntimeDirectory.ControlSocket(directory);
        long pause = 1_000_000;
        while (!deadline.HasPassed)
        {
            if (UnixSocket.Connect(control, deadline, out Descriptor? answer) >= 0)
            {
                answer!.Dispose();
                return;
            }

            _ = LibC.Poll([], deadline.NanosecondsAtMost(pause));
            pause = Math.Min(pause * 2, 50_000_000);
        }

        throw Refusals.Of(Errno.ETIMEDOUT, "open", $"{program} was started, but nothing began to answer in {directory}.", self: null, "open");
    }

    /// <summary>Where the daemon's program is; null if nowhere.</summary>
    private static string? Find()
    {
        if (Environment.GetEnvironmentVariable("KBUS_DAEMON") is { Length: > 0 } named)
        {
            // Said at once: a name that is wrong would else look like a daemon that does not answer, ten seconds later.
            return File.Exists(named) ? named : throw Refusals.Of(
                Errno.ENOENT, "program", $"No kbusd answers, KBUS_DAEMON is '{named}', and there is no such program to start.", self: null, "open");
        }

        string? path = Environment.GetEnvironmentVariable("PATH");
        IEnumerable<string> places = [AppContext.BaseDirectory, .. path?.Split(':') ?? [], "/usr/local/bin", "/usr/bin", "/usr/libexec"];
        return places.Where(p => p.Length > 0).Select(p => Path.Join(p, "kbusd")).FirstOrDefault(File.Exists);
    }
}
