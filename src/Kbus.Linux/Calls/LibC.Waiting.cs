using System.Runtime.InteropServices;

namespace Kbus.Linux;

/// <content>eventfd, epoll, poll and futex: everything that wakes or is woken.</content>
internal static unsafe partial class LibC
{
    /// <summary>poll: there is something to read.</summary>
    public const short PollIn = 0x1;

    /// <summary>poll: there is room to write.</summary>
    public const short PollOut = 0x4;

    /// <summary>poll: an error waits (always reported).</summary>
    public const short PollError = 0x8;

    /// <summary>poll: both directions are closed (always reported).</summary>
    public const short PollHangUp = 0x10;

    /// <summary>poll: no such descriptor (always reported).</summary>
    public const short PollInvalid = 0x20;

    /// <summary>poll: the peer will send no more.</summary>
    public const short PollPeerClosed = 0x2000;

    /// <summary>epoll: there is something to read.</summary>
    public const uint EpollIn = 0x1;

    /// <summary>epoll: there is room to write.</summary>
    public const uint EpollOut = 0x4;

    /// <summary>epoll: an error waits (always reported).</summary>
    public const uint EpollError = 0x8;

    /// <summary>epoll: both directions are closed (always reported).</summary>
    public const uint EpollHangUp = 0x10;

    /// <summary>epoll: the peer will send no more.</summary>
    public const uint EpollPeerClosed = 0x2000;

    /// <summary>epoll: report each change once, not a state.</summary>
    public const uint EpollEdgeTriggered = 0x80000000;

    /// <summary>epoll: something other than data has changed, such as the table of mounts.</summary>
    public const uint EpollPriority = 0x2;

    /// <summary>epoll: report once, and then nothing until the descriptor is changed.</summary>
    public const uint EpollOneShot = 0x40000000;

    /// <summary>Waiting without limit.</summary>
    public const long Forever = -1;

    private const int EventNonBlocking = 0x800;
    private const int EventCloseOnExec = 0x80000;
    private const int EpollAddOperation = 1;
    private const int EpollRemoveOperation = 2;
    private const int EpollChangeOperation = 3;
    private const long EpollWait2Number = 441;
    private const int FutexWaitOperation = 0;
    private const int FutexWakeOperation = 1;

    private static readonly long FutexNumber = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 98 : 202;

    private static bool _epollWait2Missing;

    /// <summary>An event counter that never blocks its writer.</summary>
    public static int CreateEvent() => Result(NativeEventFd(0, EventNonBlocking | EventCloseOnExec));

    /// <summary>Adds one to an event counter; a full counter is left as it is, it is awake anyway.</summary>
    public static int SignalEvent(int descriptor)
    {
        ulong one = 1;
        long written;
        do
        {
            written = Result(NativeWrite(descriptor, (byte*)&one, sizeof(ulong)));
        }
        while (written == Interrupted);
        return written is >= 0 or Again ? 0 : (int)written;
    }

    /// <summary>An epoll set.</summary>
    public static int CreateEpoll() => Result(NativeEpollCreate(EventCloseOnExec));

    /// <summary>Puts a descriptor into an epoll set.</summary>
    public static int EpollAdd(int epoll, int descriptor, uint events, ulong data) =>
        EpollControl(epoll, EpollAddOperation, descriptor, events, data);

    /// <summary>Changes what an epoll set reports of a descriptor.</summary>
    public static int EpollChange(int epoll, int descriptor, uint events, ulong data) =>
        EpollControl(epoll, EpollChangeOperation, descriptor, events, data);

    /// <summary>Takes a descriptor out of an epoll set.</summary>
    public static int EpollRemove(int epoll, int descriptor) =>
        EpollControl(epoll, EpollRemoveOperation, descriptor, 0, 0);

    /// <summary>Waits for events; how many came. A negative time (<see cref="Forever"/>) waits without limit.</summary>
    /// <remarks>Exact to the timer's resolution where the kernel has epoll_pwait2 (5.11), else rounded up to milliseconds.</remarks>
    public static int EpollWait(int epoll, EpollEvents events, long nanoseconds)
    {
        if (nanoseconds > 0 && !Volatile.Read(ref _epollWait2Missing))
        {
            TimeSpec time = TimeSpec.From(nanoseconds);
            int result = (int)Result(NativeSystemCall(
                EpollWait2Number, epoll, (nint)events.Start, events.Capacity, (nint)(&time), 0, 0));
            if (result != NoSuchCall)
            {
                return result;
            }

            Volatile.Write(ref _epollWait2Missing, true);
        }

        return Result(NativeEpollWait(epoll, events.Start, events.Capacity, Milliseconds(nanoseconds)));
    }

    /// <summary>Waits for one descriptor; what it reports, zero when the time has passed. A negative time waits without limit.</summary>
    public static int Poll(int descriptor, short events, long nanoseconds)
    {
        PollEntry entry = new() { Descriptor = descriptor, Events = events };
        int result = Poll(&entry, 1, nanoseconds);
        return result <= 0 ? result : (ushort)entry.Reported;
    }

    /// <summary>Waits for one descriptor, also across signals; what it reports, zero when the time has passed.</summary>
    public static int Poll(int descriptor, short events, Deadline deadline)
    {
        int reported;
        do
        {
            reported = Poll(descriptor, events, deadline.Nanoseconds);
        }
        while (reported == Interrupted);
        return reported;
    }

    /// <summary>Waits for several descriptors; how many report something.</summary>
    public static int Poll(Span<PollEntry> entries, long nanoseconds)
    {
        fixed (PollEntry* start = entries)
        {
            return Poll(start, entries.Length, nanoseconds);
        }
    }

    /// <summary>Sleeps as long as the word has that value. Other processes that map the same memory can wake the sleeper.</summary>
    /// <returns>0 when woken (perhaps for nothing), <see cref="Again"/> when the value is another, <see cref="TimedOut"/>, <see cref="Interrupted"/>.</returns>
    public static int FutexWait(uint* word, uint value, long nanoseconds)
    {
        TimeSpec time = TimeSpec.From(Math.Max(0, nanoseconds));
        TimeSpec* limit = nanoseconds < 0 ? null : &time;
        return (int)Result(NativeSystemCall(FutexNumber, (nint)word, FutexWaitOperation, (nint)value, (nint)limit, 0, 0));
    }

    /// <summary>Wakes sleepers on the word; how many.</summary>
    public static int FutexWake(uint* word, int most) =>
        (int)Result(NativeSystemCall(FutexNumber, (nint)word, FutexWakeOperation, most, 0, 0, 0));

    private static int EpollControl(int epoll, int operation, int descriptor, uint events, ulong data)
    {
        byte* entry = stackalloc byte[EpollEvents.LargestEntry];
        EpollEvents.Write(entry, events, data);
        return Result(NativeEpollControl(epoll, operation, descriptor, entry));
    }

    private static int Poll(PollEntry* entries, int count, long nanoseconds)
    {
        TimeSpec time = TimeSpec.From(Math.Max(0, nanoseconds));
        return Result(NativePoll(entries, (nuint)count, nanoseconds < 0 ? null : &time, null));
    }

    private static int Milliseconds(long nanoseconds) =>
        nanoseconds < 0 ? -1 : (int)Math.Min(int.MaxValue, (nanoseconds / 1_000_000) + (nanoseconds % 1_000_000 == 0 ? 0 : 1));

    [LibraryImport(Library, EntryPoint = "eventfd")]
    private static partial int NativeEventFd(uint initial, int flags);

    [LibraryImport(Library, EntryPoint = "epoll_create1")]
    private static partial int NativeEpollCreate(int flags);

    [LibraryImport(Library, EntryPoint = "epoll_ctl")]
    private static partial int NativeEpollControl(int epoll, int operation, int descriptor, void* entry);

    [LibraryImport(Library, EntryPoint = "epoll_wait")]
    private static partial int NativeEpollWait(int epoll, void* entries, int capacity, int milliseconds);

    [LibraryImport(Library, EntryPoint = "ppoll")]
    private static partial int NativePoll(void* entries, nuint count, void* time, void* signals);

    [LibraryImport(Library, EntryPoint = "syscall")]
    private static partial long NativeSystemCall(long number, nint a, nint b, nint c, nint d, nint e, nint f);
}
