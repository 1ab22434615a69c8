using Kbus.Core;
using Microsoft.Win32.SafeHandles;

namespace Kbus.Hosts;

/// <summary>The memory of this process, where pointy messages written at the bare level have their names and data.</summary>
/// <remarks>Read through the kernel, so that a bad pointer gives EFAULT and does not end the process.</remarks>
internal sealed class OwnMemory : CallerMemory
{
    private static readonly Lazy<SafeFileHandle> Memory =
        new(() => File.OpenHandle("/proc/self/mem", FileMode.Open, FileAccess.Read, FileShare.ReadWrite));

    public override bool TryRead(ulong address, Span<byte> target)
    {
        if (address > long.MaxValue)
        {
            return false;
        }

        try
        {
            for (int read = 0; read < target.Length;)
            {
                int count = RandomAccess.Read(Memory.Value, target[read..], (long)address + read);
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
}
