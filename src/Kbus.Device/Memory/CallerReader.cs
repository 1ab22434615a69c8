using System.Text.Unicode;

namespace Kbus.Device;

/// <summary>Reads the memory of processes that make device calls: what their ioctl arguments and pointy messages point at.</summary>
/// <remarks>
/// <para>The kernel names the calling thread with each request and keeps it waiting, also if it is killed, until the request has been
/// answered. So until then the number cannot come to mean another process, nor can that process become another program.</para>
/// <para>Whose right it is read by: a caller of the daemon's own user, as the daemon itself, which the kernel allows a user within
/// the limits of Yama and of what capabilities the caller has more. Any other caller, as that caller and not as the daemon: the caller's user and group open the caller's
/// <c>/proc/N/mem</c>, without CAP_SYS_PTRACE, so that the kernel refuses everything the caller could not read by itself. Only this
/// thread's file-system ids are changed for that; with the others, the caller could send the daemon signals meanwhile. The kernel also
/// refuses when only Yama objects, or capabilities of the caller, or when the caller has given up another user's rights since it was started. Then CAP_SYS_PTRACE is
/// used, if the daemon has it and every user and group of the process is the request's: so it is never a set-user-id program's memory.</para>
/// <para>Only the thread that serves the device files may call. Reading can take as long as the caller's memory likes, so it is never
/// done inside a bus, and the thread's turn to serve is given up meanwhile.</para>
/// </remarks>
internal sealed class CallerReader(DeviceBuses buses, ServingTurn turn)
{
    private readonly uint _ownUser = LinuxCalls.UserId();
    private readonly uint _ownGroup = LinuxCalls.GroupId();

    /// <summary>True once no call may reach a bus any more; a read may have taken so long.</summary>
    public bool HasEnded => turn.HasEnded;

    /// <summary>Reads bytes of a caller's memory.</summary>
    /// <param name="caller">Who makes the request that is being served.</param>
    /// <param name="address">Where in its memory.</param>
    /// <param name="target">Takes the bytes.</param>
    /// <returns>False if any of them cannot be read: EFAULT.</returns>
    public bool TryRead(in FuseCaller caller, ulong address, Span<byte> target)
    {
        if (caller.ThreadId == 0)
        {
            buses.MemoryRefused(0, caller.UserId, "it runs in another pid namespace, so that its memory cannot be found");
            return false;
        }

        if (!turn.TryStepOut(caller.UserId))
        {
            buses.MemoryRefused(caller.ThreadId, caller.UserId, "too many calls of this user wait for memory that does not come");
            return false;
        }

        long read = Read(caller, address, target);
        turn.StepIn();
        if (read is LinuxCalls.NotPermitted or LinuxCalls.NoAccess)
        {
            buses.MemoryRefused(
                caller.ThreadId, caller.UserId,
                "the kernel does not let its memory be read (Yama's ptrace_scope, a set-user-id program, or another user)");
        }

        return read == target.Length;
    }

    /// <summary>Reads with CAP_SYS_PTRACE, if the daemon has it and the process is the caller's in every respect.</summary>
    internal static long ReadByCapability(in FuseCaller caller, ulong address, Span<byte> target)
    {
        if (!ProcessIdentity.IsWhollyOf(caller) || !LinuxCalls.SetCapability(LinuxCalls.CapabilityPtrace, wanted: true))
        {
            return LinuxCalls.NotPermitted;
        }

        long read = LinuxCalls.ReadProcess(caller.ThreadId, address, target);
        _ = LinuxCalls.SetCapability(LinuxCalls.CapabilityPtrace, wanted: false);
        return read;
    }

    private long Read(in FuseCaller caller, ulong address, Span<byte> target)
    {
        _ = LinuxCalls.SetCapability(LinuxCalls.CapabilityPtrace, wanted: false);
        if (caller.UserId != _ownUser)
        {
            return ReadAsCaller(caller, address, target);
        }

        // Root's processes have more capabilities than kbusd has kept.
        long read = LinuxCalls.ReadProcess(caller.ThreadId, address, target);
        return read == LinuxCalls.NotPermitted ? ReadByCapability(caller, address, target) : read;
    }

    private long ReadAsCaller(in FuseCaller caller, ulong address, Span<byte> target)
    {
        Span<byte> memory = stackalloc byte[32];
        _ = Utf8.TryWrite(memory, $"/proc/{caller.ThreadId}/mem\0", out _);
        _ = LinuxCalls.SetFileGroup(caller.GroupId);
        _ = LinuxCalls.SetFileUser(caller.UserId);

        // Asked once more, because setting it does not tell whether it was allowed.
        bool isCaller = LinuxCalls.SetFileUser(caller.UserId) == caller.UserId && LinuxCalls.SetFileGroup(caller.GroupId) == caller.GroupId;
        int descriptor = isCaller ? LinuxCalls.Open(memory) : LinuxCalls.NotPermitted;
        _ = LinuxCalls.SetFileUser(_ownUser);
        _ = LinuxCalls.SetFileGroup(_ownGroup);
        return descriptor >= 0 ? ReadFile(descriptor, address, target) : ReadByCapability(caller, address, target);
    }

    private static long ReadFile(int descriptor, ulong address, Span<byte> target)
    {
        long read = 0;
        while (read < target.Length && address + (ulong)read <= long.MaxValue)
        {
            long more = LinuxCalls.ReadAt(descriptor, address + (ulong)read, target[(int)read..]);
            if (more <= 0)
            {
                break;
            }

            read += more;
        }

        LinuxCalls.Close(descriptor);
        return read;
    }
}
