using System.Runtime.InteropServices;

namespace Kbus.Linux;

/// <summary>Every call that the project makes to Linux, through the C library.</summary>
/// <remarks>
/// One convention holds for all of them: a result of zero or more is success, a negative one is <c>-errno</c>. Nothing is thrown, nothing is
/// allocated, and there is no thread-local error to remember. A call that a signal interrupts is repeated, except those that wait
/// (poll, epoll, futex). These return <see cref="Interrupted"/>, because only their caller knows how much of its time is left.
/// Structures and numbers are those of Linux on x86-64 and arm64. Where the two differ, a comment says so.
/// </remarks>
internal static partial class LibC
{
    // The runtime knows this name and opens libc.so.6 for it.
    private const string Library = "libc";

    private static int Result(int returned) => returned >= 0 ? returned : -Marshal.GetLastSystemError();

    private static long Result(long returned) => returned >= 0 ? returned : -Marshal.GetLastSystemError();

    /// <summary>A span of time as the kernel takes it.</summary>
    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;

        public static TimeSpec From(long nanoseconds) => new()
        {
            Seconds = nanoseconds / 1_000_000_000,
            Nanoseconds = nanoseconds % 1_000_000_000,
        };
    }
}
