using Kbus.Core;
using Kbus.Link;
using Microsoft.Win32.SafeHandles;

namespace Kbus.Hosts;

/// <summary>The memory of this process, where pointy messages written at the bare level have their names and data.</summary>
/// <remarks>Read through the kernel, so that a bad pointer gives EFAULT and does not end the process.</remarks>
internal sealed class OwnMemory : CallerMemory
{
    private static OpenedMemory? _opened;

    public override bool TryRead(ulong address, Span<byte> target)
    {
        if (address > long.MaxValue)
        {
            return false;
        }

        try
        {
            SafeFileHandle memory = Opened();
            for (int read = 0; read < target.Length;)
            {
                int count = RandomAccess.Read(memory, target[read..], (long)address + read);
                if (count <= 0)
                {
                    return false;
                }

                read += count;
            }

            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>The file of this process's memory; one that was opened before a fork is the parent's.</summary>
    private static SafeFileHandle Opened()
    {
        int process = LibC.ProcessId();
        OpenedMemory? opened = Volatile.Read(ref _opened);
        if (opened?.Process != process)
        {
            opened = new OpenedMemory(process, File.OpenHandle("/proc/self/mem", FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
            Volatile.Write(ref _opened, opened);
        }

        return opened.File;
    }

    private sealed record OpenedMemory(int Process, SafeFileHandle File);
}
