namespace Kbus.Faults;

/// <summary>Sends Requests without end, and says in the end what became of them.</summary>
internal static class RequesterActor
{
    public static void Run(string directory, string name, int longest, int seed)
    {
        var random = new Random(seed);
        Ksock ksock = ActorProgram.Open(directory);
        using var requesting = new Requesting(ksock);
        byte[] data = new byte[longest];
        ActorProgram.Say("ready");
        while (!ActorProgram.ShouldStop)
        {
            int length = Lengths.Next(random, longest);
            Content.Fill(data.AsSpan(0, length), (ulong)random.NextInt64());
            if (requesting.Send(name, data.AsSpan(0, length)) != Errno.None || random.Next(20) == 0)
            {
                Thread.Yield();
                requesting.ReadAll();
            }
        }

        requesting.Finish();
        ActorProgram.Say(requesting.ToString());
    }
}
