using Kbus.Linux;

namespace Kbus.Daemon;

/// <summary>Drops the privileges that kbusd does not need, if root or another user with capabilities started it.</summary>
/// <remarks>
/// <para>Links need no capability. Device files need the four of <see cref="ForDevices"/>. The right to override file permissions is not among them.</para>
/// <para>Capabilities belong to threads, and the runtime has several threads before the first line of this program runs. So this thread drops its own
/// and executes the program again, which then starts with what is left. It cannot get more, because new privileges are disabled. So this happens once.</para>
/// </remarks>
internal static class Privileges
{
    private const ulong SetGroup = 1UL << 6;
    private const ulong SetUser = 1UL << 7;
    private const ulong Trace = 1UL << 19;
    private const ulong Administer = 1UL << 21;

    /// <summary>What device files need: to mount (CAP_SYS_ADMIN), and to read a caller's memory by the caller's own rights (CAP_SETUID, CAP_SETGID, CAP_SYS_PTRACE).</summary>
    public const ulong ForDevices = SetGroup | SetUser | Trace | Administer;

    /// <summary>Advice for root, when file permissions were the cause of an error.</summary>
    /// <param name="complaint">The error.</param>
    /// <param name="user">The user as whom root has kbusd serve; null if none was named.</param>
    public static string Advice(string complaint, string? user) => (complaint.Contains(nameof(Errno.EACCES), StringComparison.Ordinal), user) switch
    {
        (true, { } name) => $" What counts here are the permissions of the user '{name}' (--user), also if root has started kbusd.",
        (true, null) when LibC.UserId() == 0 => " Here root's rights are those of a file's owner: kbusd gives up the right to pass over permissions.",
        _ => string.Empty,
    };

    /// <summary>Becomes the user who is to serve, and drops all privileges that these options do not need. May execute the program again.</summary>
    /// <returns>Why some are left that are not needed; null if none are.</returns>
    /// <exception cref="KbusdException">It cannot become that user.</exception>
    public static string? GiveUp(DaemonOptions options)
    {
        ServingUser? user = ServingUser.Of(options);
        ulong needed = options.Devices is null ? 0 : ForDevices;
        int result = LibC.PermittedCapabilities(out ulong had);
        ulong kept = had & needed;
        if (user is null && (result < 0 || had == kept))
        {
            return result < 0 ? $"the system call capget fails with {ServingDirectory.Words(result)}" : null;
        }

        string? directory = Daemon.DirectoryOf(options);
        user?.Become(directory, had);
        DeviceHost.CleanUp(options, directory);

        // Without the right to mount, fusermount3 mounts, which needs the rights of its owner.
        bool mayMount = options.Devices is null || (kept & Administer) != 0;
        if (mayMount || LibC.UserId() == 0)
        {
            result = LibC.ForgoNewPrivileges();
            LibC.LowerBoundingSet(kept);
        }

        result = result < 0 ? result : LibC.SetCapabilities(kept);
        if (result >= 0 && LibC.UserId() != 0)
        {
            // Only root has by itself, in a program that it executes, what it had before.
            result = LibC.PassOnCapabilities(kept);
        }

        if (result < 0)
        {
            string refused = $"the kernel does not let it (prctl, capset: {ServingDirectory.Words(result)})";
            return user is null ? refused : throw new KbusdException($"kbusd cannot give up root's privileges: {refused}.");
        }

        // The user's own environment would lead elsewhere: the place that was root's to choose stays.
        OwnProgram.BeginAnew(user is null || directory is null ? [] : [$"--runtime-dir={directory}"]);
        return user is null ? "it cannot execute itself anew (/proc/self/exe)" : throw user.CannotBegin();
    }
}
