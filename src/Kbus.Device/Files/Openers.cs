using System.Globalization;
using Kbus.Core;
using Kbus.Linux;

namespace Kbus.Device;

/// <summary>Who opens a device file, and for what.</summary>
internal static class Openers
{
    private const int AccessMask = 3;

    // The kernel tells no more of a caller than its number. No pidfd has such an identity.
    private const ulong ByNumber = 1UL << 63;

    /// <summary>The owner of a Ksock that is being opened.</summary>
    /// <param name="caller">Who makes the request.</param>
    /// <param name="flags">The flags of the open.</param>
    public static KsockOwner Of(in FuseCaller caller, int flags)
    {
        KsockMode mode = (flags & AccessMask) switch
        {
            0 => KsockMode.Read,
            1 => KsockMode.Write,
            2 => KsockMode.ReadWrite,

            // The fourth value of Linux allows neither reading nor writing, only the rest.
            _ => 0,
        };
        int process = ProcessOf(caller.ThreadId);
        return new KsockOwner(process, caller.UserId, mode, ByNumber | (uint)process);
    }

    /// <summary>The process that a thread belongs to. The kernel names the thread.</summary>
    private static int ProcessOf(int thread)
    {
        if (thread == 0 || LibC.IsProcess(thread))
        {
            return thread;
        }

        try
        {
            const string field = "Tgid:";
            string line = System.IO.File.ReadLines($"/proc/{thread}/status").First(l => l.StartsWith(field, StringComparison.Ordinal));
            return int.Parse(line.AsSpan(field.Length), CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            return thread;
        }
    }
}
