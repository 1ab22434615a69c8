using System.Text.Unicode;
using Kbus.Linux;

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
    private readonly uint _ownUser = LibC.UserId();
    private readonly uint _ownGroup = LibC.GroupId();

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

        int result = Read(caller, address, target);
        turn.StepIn();
        if (result is LibC.NotPermitted or LibC.NoAccess)
        {
            buses.MemoryRefused(
                caller.ThreadId, caller.UserId,
                "the kernel does not let its memory be read (Yama's ptrace_scope, a set-user-id program, or another user)");
        }

        return result == 0;
    }

    /// <summary>Reads with CAP_SYS_PTRACE, if the daemon has it and the process is the caller's in every respect. Zero or <c>-errno</c>.</summary>
    internal static int ReadByCapability(in FuseCaller caller, ulong address, Span<byte> target)
    {
        if (!ProcessIdentity.IsWhollyOf(caller) || !LibC.SetCapability(LibC.CapabilityPtrace, wanted: true))
        {
            return LibC.NotPermitted;
        }

        int result = LibC.ReadMemory(caller.ThreadId, address, target);
        _ = LibC.SetCapability(LibC.CapabilityPtrace, wanted: false);
        return result;
    }

    private int Read(in FuseCaller caller, ulong address, Span<byte> target)
    {
        _ = LibC.SetCapability(LibC.CapabilityPtrace, wanted: false);
        if (caller.UserId != _ownUser)
        {
            return ReadAsCaller(caller, address, target);
        }

        // Root's processes have more capabilities than kbusd has kept.
        int result = LibC.ReadMemory(caller.ThreadId, address, target);
        return result == LibC.NotPermitted ? ReadByCapability(caller, address, target) : result;
    }

    private int ReadAsCaller(in FuseCaller caller, ulong address, Span<byte> target)
    {
        Span<byte> memory = stackalloc byte[32];
        _ = Utf8.TryWrite(memory, $"/proc/{caller.ThreadId}/mem\0", out _);
        _ = LibC.SetFileGroup(caller.GroupId);
        _ = LibC.SetFileUser(caller.UserId);

        // Asked once more, because setting it does not tell whether it was allowed.
        bool isCaller = LibC.SetFileUser(caller.UserId) == caller.UserId && LibC.SetFileGroup(caller.GroupId) == caller.GroupId;
        int descriptor = isCaller ? LibC.Open(memory, LibC.OpenReadOnly, 0) : LibC.NotPermitted;
        _ = LibC.SetFileUser(_ownUser);
        _ = LibC.SetFileGroup(_ownGroup);
        if (descriptor < 0)
        {
            return ReadByCapability(caller, address, target);
        }

        // The kernel refuses an address in its own half, which is a negative place here.
        int result = LibC.ReadAt(descriptor, target, unchecked((long)address));
        _ = LibC.Close(descriptor);
        return result;
    }
}
