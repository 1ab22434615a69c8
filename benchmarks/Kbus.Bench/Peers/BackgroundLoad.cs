namespace Kbus.Bench.Peers;

/// <summary>Others that use the bus while it is measured: eight that announce as fast as Send returns, and one that listens.</summary>
internal static class BackgroundLoad
{
    /// <summary>How many announce.</summary>
    public const int Announcers = 8;

    private const string Name = "$.Bench.Load";

    /// <summary>Brings the load up in a scene in which kbusd serves.</summary>
    public static void Start(Scene scene, string address)
    {
        StartedProcess[] processes =
        [
            .. Enumerable.Repeat("drain", 1).Concat(Enumerable.Repeat("load", Announcers))
                .Select(role => scene.StartActor(role, address, [])),
        ];
        foreach (StartedProcess process in processes)
        {
            process.WaitForLine(l => l == "ready", TimeSpan.FromSeconds(30));
        }
    }

    /// <summary>Announces until it is ended. The listener may miss some: it is the bus's work that counts.</summary>
    public static void Announce(ActorArguments given)
    {
        using Ksock ksock = given.Open();
        byte[] data = new byte[given.Size];
        BusPeer.SayReady();
        while (true)
        {
            ksock.Send("$.Bench.Load"u8, data);
        }
    }

    /// <summary>Listens until it is ended.</summary>
    public static void Drain(ActorArguments given)
    {
        using Ksock ksock = given.Open();
        ksock.SetMaxMessages(1000);
        ksock.Bind(Name);
        BusPeer.SayReady();
        using var buffer = new MessageBuffer();
        while (ksock.WaitForMessage(buffer))
        {
            // Hearing it is all.
        }
    }
}
