using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Kbus.Link;

/// <summary>The full fences of the link: what was written before is seen by others before anything after is read.</summary>
/// <remarks>
/// Release and acquire do not order a store before a later load of another word, on x86 neither. Wherever the link says "I wrote my
/// word, now I look at yours" on both sides, both sides need one of these between the two, or both may look too early.
/// </remarks>
internal static class Fence
{
    /// <summary>A full fence.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Full() => Interlocked.MemoryBarrier();

    /// <summary>A full fence directly after an interlocked operation, which on x86 is one itself.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AfterInterlocked()
    {
        if (!X86Base.IsSupported)
        {
            Interlocked.MemoryBarrier();
        }
    }
}
