using System.Runtime.InteropServices;

namespace Kbus.TestKit;

/// <summary>Does something as another user: on a thread of its own, which the kernel takes for that user's.</summary>
/// <remarks>The system calls themselves are made, since the C library's functions change all threads of the process.</remarks>
public static unsafe partial class OtherUser
{
    private const long Unchanged = -1;
    private const int SetDumpable = 4;

    private static bool IsArm => RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    /// <summary>Does it, and gives what came of it, also if that is an exception.</summary>
    /// <param name="user">The user's number.</param>
    /// <param name="action">What is to be done; it starts no threads.</param>
    /// <param name="groups">The supplementary groups.</param>
    public static T Run<T>(uint user, Func<T> action, params uint[] groups)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root can become another user");
        T? result = default;
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                fixed (uint* list = groups)
                {
                    Assert.Equal(0, NativeCall(IsArm ? 159 : 116, groups.Length, (long)list, 0));
                }

                Assert.Equal(0, NativeCall(IsArm ? 149 : 119, Unchanged, user, Unchanged));
                Assert.Equal(0, NativeCall(IsArm ? 147 : 117, Unchanged, user, Unchanged));

                // The kernel takes the process for one with a secret from here on, whose memory is not to be read; it has none.
                Assert.Equal(0, NativeControl(SetDumpable, 1, 0, 0, 0));
                result = action();
            }
            catch (Exception e)
            {
                failure = e;
            }
        });
        thread.Start();
        thread.Join();
        return failure is null ? result! : throw failure;
    }

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int NativeControl(int option, nuint first, nuint second, nuint third, nuint fourth);

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial long NativeCall(long number, long first, long second, long third);
}
