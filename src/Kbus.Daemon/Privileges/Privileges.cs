using Kbus.Link;

namespace Kbus.Daemon;

/// <summary>Takes away from kbusd what it does not need, when root started it, or anybody else with capabilities.</summary>
/// <remarks>
/// <para>Links need no capability. Device files need the four of <see cref="ForDevices"/>. The right to pass over the permissions of files is not among them.</para>
/// <para>Capabilities belong to threads, and the runtime has several before the first line of this program runs. So this thread gives up its own and executes
/// the program anew, which then starts with what is left. That cannot be more than this thread has, since it forgoes new privileges; so it happens once.</para>
/// </remarks>
internal static class Privileges
{
    private const ulong SetGroup = 1UL << 6;
    private const ulong SetUser = 1UL << 7;
    private const ulong Trace = 1UL << 19;
    private const ulong Administer = 1UL << 21;

    /// <summary>What device files need: to mount (CAP_SYS_ADMIN), and to read a caller's memory by the caller's own rights (CAP_SETUID, CAP_SETGID, CAP_SYS_PTRACE).</summary>
    public const ulong ForDevices = SetGroup | SetUser | Trace | Administer;

    /// <summary>What is to be said besides to root, whom a file's permissions kept from it.</summary>
    public static string Advice(string complaint) =>
        LibC.UserId() == 0 && complaint.Contains(nameof(Errno.EACCES), StringComparison.Ordinal)
            ? " Here root's rights are those of a file's owner: kbusd gives up the right to pass over permissions."
            : string.Empty;

    /// <summary>Gives up all privileges that these options do not need. May begin the program anew.</summary>
    /// <returns>Why some are left that are not needed; null if none are.</returns>
    public static string? GiveUp(DaemonOptions options)
    {
        ulong needed = options.Devices is null ? 0 : ForDevices;
        int result = LibC.PermittedCapabilities(out ulong had);
        ulong kept = had & needed;
        if (result < 0 || had == kept)
        {
            return result < 0 ? $"the system call capget fails with {ServingDirectory.Words(result)}" : null;
        }

        DeviceHost.CleanUp(options);

        // Whoever may not mount by itself has fusermount3 do it, which needs the rights of its owner.
        bool mayMount = options.Devices is null || (kept & Administer) != 0;
        if (mayMount || LibC.UserId() == 0)
        {
            result = LibC.ForgoNewPrivileges();
            LibC.LowerBoundingSet(kept);
        }

        result = result < 0 ? result : LibC.SetCapabilities(kept);
        if (result < 0)
        {
            return $"the kernel does not let it (prctl, capset: {ServingDirectory.Words(result)})";
        }

        OwnProgram.BeginAnew();
        return "it cannot execute itself anew (/proc/self/exe)";
    }
}
