using System.Runtime.InteropServices;

namespace Kbus.Linux;

/// <content>The scheduler's view of the calling thread. The C library has no functions of its own for it everywhere.</content>
internal static unsafe partial class LibC
{
    private const uint SchedOther = 0;

    private static readonly (long Set, long Get) SchedulingNumbers =
        RuntimeInformation.ProcessArchitecture == Architecture.X64 ? (314, 315) : (274, 275);

    /// <summary>Asks how the calling thread is scheduled.</summary>
    /// <param name="attributes">Takes the answer.</param>
    /// <returns>False unless it is scheduled as most threads are, in slices whose length is known (Linux 6.12 and later).</returns>
    public static bool TryGetTimeSlice(out SchedulingAttributes attributes)
    {
        attributes = default;
        fixed (SchedulingAttributes* target = &attributes)
        {
            long result = Result(NativeSystemCall(SchedulingNumbers.Get, 0, (nint)target, sizeof(SchedulingAttributes), 0, 0, 0));
            return result == 0 && attributes is { Policy: SchedOther, Slice: not 0 };
        }
    }

    /// <summary>Has the calling thread scheduled so.</summary>
    /// <param name="attributes">What <see cref="TryGetTimeSlice"/> told, with another slice.</param>
    public static int SetTimeSlice(in SchedulingAttributes attributes)
    {
        fixed (SchedulingAttributes* source = &attributes)
        {
            return (int)Result(NativeSystemCall(SchedulingNumbers.Set, 0, (nint)source, 0, 0, 0, 0));
        }
    }
}
