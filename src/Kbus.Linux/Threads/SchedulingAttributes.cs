using System.Runtime.InteropServices;

namespace Kbus.Linux;

/// <summary>How the kernel schedules a thread (<c>struct sched_attr</c>, its first version).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct SchedulingAttributes
{
    /// <summary>Bytes of this, as the kernel tells.</summary>
    public uint Size;

    /// <summary>The policy: 0 for the usual one.</summary>
    public uint Policy;

    /// <summary>Flags.</summary>
    public ulong Flags;

    /// <summary>The nice value.</summary>
    public int Nice;

    /// <summary>The priority, for other policies.</summary>
    public uint Priority;

    /// <summary>The time slice in nanoseconds, with the usual policy.</summary>
    public ulong Slice;

    /// <summary>For other policies.</summary>
    public ulong Deadline;

    /// <summary>For other policies.</summary>
    public ulong Period;
}
