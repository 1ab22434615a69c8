using System.Runtime.InteropServices;

namespace Kbus.Link;

/// <summary>Every call that the project makes to Linux, through the C library.</summary>
/// <remarks>
/// One convention for all of them: a result of zero or more is success, a negative one is <c>-errno</c>. Nothing is thrown, nothing is
/// allocated, and there is no thread-local error to remember. A call that a signal interrupts is repeated, except those that wait
/// (poll, epoll, futex): these return <see cref="Interrupted"/>, because only their caller knows how much of its time is left.
/// The structures and numbers here are those of Linux on x86-64 and arm64, where they differ it is said.
/// </remarks>
internal static partial class LibC
{
    /// <summary>Nothing to read, no room to write, or a changed futex word: <c>-EAGAIN</c>.</summary>
    public const int Again = -(int)Errno.EAGAIN;

    /// <summary>A signal came while waiting: <c>-EINTR</c>.</summary>
    public const int Interrupted = -(int)Errno.EINTR;

    /// <summary>The thread was cancelled while it slept, and the host's C code ends it when it comes out of this library: <c>-ECANCELED</c>.</summary>
    public const int Cancelled = -(int)Errno.ECANCELED;

    /// <summary>The time given has passed: <c>-ETIMEDOUT</c>.</summary>
    public const int TimedOut = -(int)Errno.ETIMEDOUT;

    /// <summary>The call does not exist in this kernel: <c>-ENOSYS</c>.</summary>
    public const int NoSuchCall = -(int)Errno.ENOSYS;

    /// <summary>The kernel, or a filter of system calls, forbids it: <c>-EPERM</c>.</summary>
    public const int NotPermitted = -(int)Errno.EPERM;

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
