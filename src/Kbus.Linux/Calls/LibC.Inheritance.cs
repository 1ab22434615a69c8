using System.Runtime.InteropServices;

namespace Kbus.Linux;

/// <content>What a process has from the one that started it: limits, scheduling, processors.</content>
internal static unsafe partial class LibC
{
    private const int LimitStack = 3;
    private const int LimitCore = 4;
    private const int Limits = 16;
    private const ulong UsualStack = 8 * 1024 * 1024;
    private const int PriorityOfProcess = 0;
    private const int PolicyOther = 0;
    private const int ResetOnFork = 0x40000000;
    private const int ProcessorMaskLength = 1024;

    // Longer than the structure is in any C library for Linux; the handler comes first in it.

    private static readonly long GetPriorityNumber = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 141 : 140;

    /// <summary>
    /// Raises all limits of this process to the highest that it may have; but the stack, whose size each thread gets, to the usual one, and that of memory
    /// dumps not at all.
    /// </summary>
    public static void RaiseLimits()
    {
        ulong* limit = stackalloc ulong[2];
        for (int resource = 0; resource < Limits; resource++)
        {
            if (resource == LimitCore || Result(NativeGetLimit(resource, limit)) < 0)
            {
                continue;
            }

            ulong wanted = resource == LimitStack ? Math.Min(limit[1], Math.Max(limit[0], UsualStack)) : limit[1];
            if (limit[0] < wanted)
            {
                limit[0] = wanted;
                _ = Result(NativeSetLimit(resource, limit));
            }
        }
    }

    /// <summary>Has a thread scheduled as most are. Zero or <c>-errno</c>.</summary>
    public static int UseUsualPolicy(int thread)
    {
        int policy = Result(NativeGetScheduler(thread));
        int none = 0;
        return policy < 0 || (policy & ~ResetOnFork) == PolicyOther ? 0 : Result(NativeSetScheduler(thread, PolicyOther, &none));
    }

    /// <summary>Gives a thread the nice value 0; the value that it has then: a higher one only with privilege becomes a lower one.</summary>
    public static int UseUsualNice(int thread)
    {
        _ = Result(NativeSetPriority(PriorityOfProcess, (uint)thread, 0));

        // The call itself gives 1 to 40, which no error can be taken for.
        long told = Result(NativeSystemCall(GetPriorityNumber, PriorityOfProcess, thread, 0, 0, 0, 0));
        return told <= 0 ? 0 : 20 - (int)told;
    }

    /// <summary>Lets a thread run on all processors; whether it could not before.</summary>
    public static bool UseAllProcessors(int thread)
    {
        Span<byte> before = stackalloc byte[ProcessorMaskLength];
        Span<byte> after = stackalloc byte[ProcessorMaskLength];
        Span<byte> all = stackalloc byte[ProcessorMaskLength];
        before.Clear();
        after.Clear();
        all.Fill(0xFF);
        fixed (byte* had = before, has = after, wanted = all)
        {
            return Result(NativeGetAffinity(thread, ProcessorMaskLength, had)) >= 0
                && Result(NativeSetAffinity(thread, ProcessorMaskLength, wanted)) >= 0
                && Result(NativeGetAffinity(thread, ProcessorMaskLength, has)) >= 0
                && !before.SequenceEqual(after);
        }
    }

    /// <summary>Executes another program in this process, with its environment. Returns only if that fails, with <c>-errno</c>.</summary>
    /// <param name="path">The program.</param>
    /// <param name="arguments">Its arguments, its own name first.</param>
    public static int Execute(string path, ReadOnlySpan<string> arguments)
    {
        byte** strings = stackalloc byte*[arguments.Length + 1];
        for (int i = 0; i < arguments.Length; i++)
        {
            strings[i] = (byte*)Marshal.StringToCoTaskMemUTF8(arguments[i]);
        }

        strings[arguments.Length] = null;
        int result = Result(NativeExecute(path, strings));
        for (int i = 0; i < arguments.Length; i++)
        {
            Marshal.FreeCoTaskMem((nint)strings[i]);
        }

        return result;
    }

    [LibraryImport(Library, EntryPoint = "sched_getscheduler")]
    private static partial int NativeGetScheduler(int thread);

    [LibraryImport(Library, EntryPoint = "sched_setscheduler")]
    private static partial int NativeSetScheduler(int thread, int policy, int* priority);

    [LibraryImport(Library, EntryPoint = "setpriority")]
    private static partial int NativeSetPriority(int which, uint who, int nice);

    [LibraryImport(Library, EntryPoint = "sched_getaffinity")]
    private static partial int NativeGetAffinity(int thread, nuint length, byte* mask);

    [LibraryImport(Library, EntryPoint = "sched_setaffinity")]
    private static partial int NativeSetAffinity(int thread, nuint length, byte* mask);

    [LibraryImport(Library, EntryPoint = "execv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int NativeExecute(string path, byte** arguments);
}
