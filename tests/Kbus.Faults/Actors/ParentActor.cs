using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Kbus.Faults;

/// <summary>A replier with a child process that keeps the replier's socket open. Says the child's id, and then does nothing.</summary>
internal static partial class ParentActor
{
    private const int SetDescriptorFlags = 2;

    public static void Run(string directory, string name)
    {
        using Ksock ksock = ActorProgram.Open(directory);
        ksock.Bind(name, replier: true);
        if (Control(ksock.GetDescriptor(), SetDescriptorFlags, 0) != 0)
        {
            ActorProgram.Say("cannot let a child have the socket");
            return;
        }

        using Process child = Process.Start("/bin/sleep", "600");
        ActorProgram.Say("ready");
        ActorProgram.Say(child.Id.ToString(CultureInfo.InvariantCulture));
        child.WaitForExit();
    }

    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int Control(int descriptor, int command, int value);
}
