using System.Runtime.InteropServices;

namespace Kbus.Link;

/// <summary>A result where it lies in shared memory: 32 bytes, at the command's sequence number modulo the number of slots.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CompletionSlot
{
    /// <summary>The command whose result this is; written last.</summary>
    public ulong Sequence;

    /// <summary>Zero, or the errno.</summary>
    public int Error;

    /// <summary>What the command returns.</summary>
    public uint Value;

    /// <summary>The first half of a message id.</summary>
    public uint NetworkId;

    /// <summary>The second half.</summary>
    public uint Serial;

    /// <summary>More, depending on the command.</summary>
    public uint Flags;

    /// <summary>More still.</summary>
    public uint Spare;
}
