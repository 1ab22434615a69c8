using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Kbus.Link;

/// <summary>A result where it lies in shared memory: 16 bytes, at the command's sequence number modulo the number of slots.</summary>
/// <remarks>Small, because the cache line in which it lies goes from the bus's processor to the client's.</remarks>
[StructLayout(LayoutKind.Sequential)]
internal struct CompletionSlot
{
    private const int ErrorBits = 16;

    /// <summary>Which command's result this is, and its errno (<see cref="HeadOf"/>); written last.</summary>
    public ulong Head;

    /// <summary>What the command returns.</summary>
    public ulong Result;

    /// <summary>What the slot of a command holds when it has been carried out.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static CompletionSlot Of(ulong sequence, Completion result) => new() { Head = HeadOf(sequence, result.Error), Result = result.Result };

    /// <summary>The first word: the last 48 bits of the sequence number, which nobody counts through, and the errno.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong HeadOf(ulong sequence, int error) => (sequence << ErrorBits) | (ushort)error;

    /// <summary>Which command a first word belongs to, as far as it tells.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong SequenceOf(ulong head) => head >> ErrorBits;

    /// <summary>Whether a first word belongs to a command.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsOf(ulong head, ulong sequence) => (head ^ (sequence << ErrorBits)) <= ushort.MaxValue;

    /// <summary>The errno in a first word.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ErrorOf(ulong head) => (ushort)head;
}
