using System.Runtime.InteropServices;

namespace Kbus.Native;

/// <summary>Memory that callers own, from the C library's <c>malloc</c>: as against the runtime's own, which leak checkers are told not to count.</summary>
internal static unsafe partial class CallersMemory
{
    /// <summary>A zeroed block; null if there is no memory.</summary>
    [LibraryImport("libc", EntryPoint = "kbus_gate_allocate")]
    public static partial void* Allocate(nuint length);

    /// <summary>A block whose bytes mean nothing yet; null if there is no memory.</summary>
    [LibraryImport("libc", EntryPoint = "kbus_gate_allocate_to_fill")]
    public static partial void* AllocateToFill(nuint length);

    /// <summary>Frees a block; null is none.</summary>
    [LibraryImport("libc", EntryPoint = "free")]
    public static partial void Free(void* block);
}
