namespace Kbus.Linux;

/// <content>The errors that callers of this project tell apart, as the calls return them: <c>-errno</c>.</content>
internal static partial class LibC
{
    /// <summary>The kernel, or a filter of system calls, forbids it: <c>-EPERM</c>.</summary>
    public const int NotPermitted = -1;

    /// <summary>There is no such file or account: <c>-ENOENT</c>.</summary>
    public const int NotFound = -2;

    /// <summary>There is no such process: <c>-ESRCH</c>.</summary>
    public const int NoSuchProcess = -3;

    /// <summary>A signal came during a wait: <c>-EINTR</c>.</summary>
    public const int Interrupted = -4;

    /// <summary>Nothing to read, no room to write, or a changed futex word: <c>-EAGAIN</c>.</summary>
    public const int Again = -11;

    /// <summary>There is no memory for it: <c>-ENOMEM</c>.</summary>
    public const int NoMemory = -12;

    /// <summary>The permissions of a file forbid it: <c>-EACCES</c>.</summary>
    public const int NoAccess = -13;

    /// <summary>An address is outside of the memory: <c>-EFAULT</c>.</summary>
    public const int BadAddress = -14;

    /// <summary>There is such a file already: <c>-EEXIST</c>.</summary>
    public const int Exists = -17;

    /// <summary>An argument has no meaning: <c>-EINVAL</c>.</summary>
    public const int Invalid = -22;

    /// <summary>The machine has no room for another open file: <c>-ENFILE</c>.</summary>
    public const int TooManyOnMachine = -23;

    /// <summary>The process may open no further descriptor: <c>-EMFILE</c>.</summary>
    public const int TooManyOpen = -24;

    /// <summary>Nobody reads any more: <c>-EPIPE</c>.</summary>
    public const int BrokenPipe = -32;

    /// <summary>There is not enough room for the result: <c>-ERANGE</c>.</summary>
    public const int OutOfRange = -34;

    /// <summary>A name is longer than the kernel allows: <c>-ENAMETOOLONG</c>.</summary>
    public const int NameTooLong = -36;

    /// <summary>The call does not exist in this kernel: <c>-ENOSYS</c>.</summary>
    public const int NoSuchCall = -38;

    /// <summary>A message has more than there is room for: <c>-EMSGSIZE</c>.</summary>
    public const int MessageTooLong = -90;

    /// <summary>The kernel has no such option of a socket: <c>-ENOPROTOOPT</c>.</summary>
    public const int NoSuchOption = -92;

    /// <summary>The time given has passed: <c>-ETIMEDOUT</c>.</summary>
    public const int TimedOut = -110;

    /// <summary>The thread was cancelled while it slept, and the host's C code ends it when it comes out of the library: <c>-ECANCELED</c>.</summary>
    public const int Cancelled = -125;
}
