using Kbus.Core;
using Kbus.Linux;

namespace Kbus.Hosts;

/// <summary>The memory of this process, where pointy messages written at the bare level have their names and data.</summary>
/// <remarks>
/// Read through the kernel, so that a bad pointer gives EFAULT and does not end the process. No file is kept open for it: its number could be the
/// host's before it is used again.
/// </remarks>
internal sealed class OwnMemory : CallerMemory
{
    private static bool _isFileNeeded;

    public override bool TryRead(ulong address, Span<byte> target)
    {
        if (address > long.MaxValue)
        {
            return false;
        }

        if (!Volatile.Read(ref _isFileNeeded))
        {
            int error = LibC.ReadMemory(LibC.ProcessId(), address, target);
            if (error is not LibC.NoSuchCall and not LibC.NotPermitted)
            {
                return error == 0;
            }

            // A kernel, or a filter of system calls, that does not let a process read itself in this way.
            Volatile.Write(ref _isFileNeeded, true);
        }

        int file = LibC.Open("/proc/self/mem", LibC.OpenReadOnly, 0);
        bool isRead = file >= 0 && LibC.ReadAt(file, target, (long)address) == 0;
        if (file >= 0)
        {
            _ = LibC.Close(file);
        }

        return isRead;
    }
}
