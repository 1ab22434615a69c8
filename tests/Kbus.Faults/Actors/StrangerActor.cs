using System.Runtime.InteropServices;

namespace Kbus.Faults;

/// <summary>Becomes the user nobody, then tries to use the bus: says <c>refused ERRNO</c>, or listens as a listener does.</summary>
internal static partial class StrangerActor
{
    private const uint Nobody = 65534;

    public static void Run(string directory, string name)
    {
        // What the runtime still wants to read it may not be able to read as somebody else.
        using (var warm = new EmbeddedKbus())
        using (Ksock ksock = warm.Open())
        {
            ksock.Bind("$.Warm");
            ksock.Send(new Announcement("$.Warm", new byte[Content.Least]));
            ksock.ReadNextMessage();
        }

        if (SetGroup(Nobody) != 0 || SetUser(Nobody) != 0)
        {
            ActorProgram.Say("cannot become nobody");
            return;
        }

        try
        {
            ListenerActor.Run(directory, name);
        }
        catch (KbusException e)
        {
            ActorProgram.Say($"refused {e.Errno}");
        }
    }

    [LibraryImport("libc", EntryPoint = "setgid")]
    private static partial int SetGroup(uint group);

    [LibraryImport("libc", EntryPoint = "setuid")]
    private static partial int SetUser(uint user);
}
