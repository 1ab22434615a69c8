namespace Kbus.Faults;

/// <summary>When it is told to stop it sends one announcement and is killed at once, before it hears what became of it.</summary>
internal static class LastWordsActor
{
    public static void Run(string directory, string name)
    {
        using Ksock ksock = ActorProgram.Open(directory);
        ActorProgram.Say("ready");
        while (!ActorProgram.ShouldStop)
        {
            Thread.Yield();
        }

        _ = ksock.SendAsync(new Announcement(name)).AsTask();
        Signals.Send(Environment.ProcessId, Signals.Kill);
    }
}
