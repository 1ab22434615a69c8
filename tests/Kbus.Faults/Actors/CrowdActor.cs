namespace Kbus.Faults;

/// <summary>Opens many Ksocks in one process, all listeners of <c>$.Crowd</c>, and counts what each gets.</summary>
internal static class CrowdActor
{
    public static void Run(string directory, int count)
    {
        List<Ksock> crowd = [];
        for (int i = 0; i < count; i++)
        {
            Ksock ksock = ActorProgram.Open(directory);
            ksock.Bind("$.Crowd");
            crowd.Add(ksock);
        }

        ActorProgram.Say("ready");
        int got = 0;
        using var buffer = new MessageBuffer();
        foreach (Ksock ksock in crowd)
        {
            ksock.WaitForMessage(buffer);
            got++;
        }

        ActorProgram.Say($"got {got}");
        while (!ActorProgram.ShouldStop)
        {
            Thread.Yield();
        }

        crowd.ForEach(k => k.Dispose());
        ActorProgram.Say("done");
    }
}
