namespace Kbus.Faults;

/// <summary>Binds as replier and stays so, or says <c>refused ERRNO</c>.</summary>
internal static class BoundActor
{
    public static void Run(string directory, string name)
    {
        using Ksock ksock = ActorProgram.Open(directory);
        try
        {
            ksock.Bind(name, replier: true);
            ActorProgram.Say("ready");
        }
        catch (KbusException e)
        {
            ActorProgram.Say($"refused {e.Errno}");
        }

        _ = ksock.WaitForMessage();
    }
}
