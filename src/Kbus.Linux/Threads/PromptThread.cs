using System.Globalization;
using System.Runtime.CompilerServices;

namespace Kbus.Linux;

/// <summary>Threads that take part in Requests: the kernel is asked for short time slices for them, so that they run as soon as they are woken.</summary>
/// <remarks>
/// <para>Where more threads want to run than there are processors, who is woken waits for the slice of somebody else to end, some 3 to 4
/// milliseconds, and a Request is up to four wake-ups long. Since Linux 6.12 a thread may ask for a slice of its own (<c>sched_setattr</c>, no privilege
/// needed), and who is woken with a shorter one than the thread that runs goes first. Its share of the processors stays what it was.</para>
/// <para>Left as they are: threads with a policy other than the usual one or with shorter slices already, kernels that know nothing of it, and
/// processes under a seccomp filter, which might end them for the call. <see cref="Variable"/> says otherwise for the whole process.</para>
/// </remarks>
internal static class PromptThread
{
    /// <summary>The environment variable with the slice in microseconds: 100 to 100,000; 0 leaves all threads as they are.</summary>
    public const string Variable = "KBUS_TIME_SLICE_US";

    private const ulong NanosecondsPerMicrosecond = 1000;

    // The least that Linux grants.
    private const ulong DefaultMicroseconds = 100;

    [ThreadStatic]
    private static bool _isPrompt;

    /// <summary>How long the slices of such threads are, in nanoseconds; 0 if threads are left as they are.</summary>
    internal static ulong Slice { get; } = Microseconds(TrustedEnvironment.Variable(Variable), IsFiltered) * NanosecondsPerMicrosecond;

    /// <summary>The calling thread sends a Request, or a Reply: it gets short slices if it has none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Note()
    {
        if (!_isPrompt)
        {
            Begin();
        }
    }

    /// <summary>The calling thread gets the slices of most threads again, if it got short ones here.</summary>
    public static void End()
    {
        if (_isPrompt && Slice != 0 && LibC.TryGetTimeSlice(out SchedulingAttributes attributes) && attributes.Slice == Slice)
        {
            // 0 stands for the kernel's own.
            SetSlice(attributes, 0);
        }

        _isPrompt = false;
    }

    /// <summary>Does something with the slices that most threads have: processes and threads that are started inherit those of the thread that starts them.</summary>
    public static void AsMostThreads(Action act)
    {
        bool wasPrompt = _isPrompt;
        End();
        try
        {
            act();
        }
        finally
        {
            if (wasPrompt)
            {
                Note();
            }
        }
    }

    /// <summary>How long slices are to be, in microseconds; 0 to leave threads alone.</summary>
    /// <param name="wish">What the environment says; null or nonsense for nothing.</param>
    /// <param name="isFiltered">Whether the process's system calls are filtered; asked only if the environment says nothing.</param>
    internal static ulong Microseconds(string? wish, Func<bool> isFiltered) =>
        ulong.TryParse(wish, NumberStyles.None, CultureInfo.InvariantCulture, out ulong microseconds) && microseconds <= 100_000 ? microseconds
        : isFiltered() ? 0
        : DefaultMicroseconds;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Begin()
    {
        _isPrompt = true;
        if (Slice != 0 && LibC.TryGetTimeSlice(out SchedulingAttributes attributes) && attributes.Slice > Slice)
        {
            SetSlice(attributes, Slice);
        }
    }

    private static void SetSlice(SchedulingAttributes attributes, ulong nanoseconds)
    {
        attributes.Slice = nanoseconds;
        _ = LibC.SetTimeSlice(attributes);
    }

    private static bool IsFiltered()
    {
        try
        {
            return !File.ReadLines("/proc/self/status").Contains("Seccomp:\t0");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return true;
        }
    }
}
