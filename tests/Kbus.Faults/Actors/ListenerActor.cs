namespace Kbus.Faults;

/// <summary>Listens until a message whose name ends in <c>.end</c>, then says how many it got and their chain.</summary>
internal static class ListenerActor
{
    public static void Run(string directory, string name)
    {
        using Ksock ksock = ActorProgram.Open(directory);
        ksock.SetMaxMessages(2000);
        ksock.Bind(name);
        ActorProgram.Say("ready");
        ActorProgram.Say(Listen(ksock));
    }

    /// <summary>Listens to the end.</summary>
    public static string Listen(Ksock ksock)
    {
        using var buffer = new MessageBuffer();
        ulong chain = 0;
        long count = 0;
        while (true)
        {
            ksock.WaitForMessage(buffer);
            chain = Content.Chain(chain, buffer.Id, buffer.Data);
            count++;
            if (buffer.Name.EndsWith(".end"u8))
            {
                return $"{count} {chain:x}";
            }

            if (!Content.IsWhole(buffer.Data))
            {
                return $"spoiled: {buffer.Id} {buffer.Data.Length} bytes";
            }
        }
    }
}
