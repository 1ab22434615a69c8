using System.Runtime.CompilerServices;

namespace Kbus.Linux;

/// <summary>One mapping, which is removed exactly once. A field of the object that owns it; never copied.</summary>
/// <remarks>
/// It has no finalizer, because a use after the mapping is gone ends the process. Whoever maps memory removes the mapping when nobody uses it any
/// more.
/// </remarks>
/// <param name="start">The first byte.</param>
/// <param name="length">The number of bytes.</param>
internal unsafe struct MappedMemory(byte* start, nuint length)
{
    private readonly nuint _length = length;
    private nint _start = (nint)start;

    /// <summary>The first byte.</summary>
    /// <exception cref="ObjectDisposedException">The mapping was removed.</exception>
    public readonly byte* Start
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            nint start = _start;
            ObjectDisposedException.ThrowIf(start == 0, typeof(MappedMemory));
            return (byte*)start;
        }
    }

    /// <summary>Removes the mapping, unless that was done already. Any thread may call.</summary>
    public void Unmap()
    {
        nint start = Interlocked.Exchange(ref _start, 0);
        if (start != 0)
        {
            _ = LibC.Unmap((byte*)start, _length);
        }
    }
}
