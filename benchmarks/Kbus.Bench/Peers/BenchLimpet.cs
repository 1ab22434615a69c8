using Kbus.Limpets;

namespace Kbus.Bench.Peers;

/// <summary>One Limpet of the pair between bus 0 and bus 1, over TCP on the loopback.</summary>
internal static class BenchLimpet
{
    /// <summary>What the server says when it listens, before its port.</summary>
    private const string Listening = "ready at ";

    /// <summary>Starts kbusd with two buses and the pair.</summary>
    /// <returns>The directory of kbusd's sockets.</returns>
    public static string Serve(Scene scene)
    {
        PeerServers.StartKbusd(scene, "--buses", "2");
        StartedProcess server = scene.StartActor("limpet", scene.Folder, ["id=1", "bus=0"]);
        string line = server.WaitForLine(l => l.StartsWith(Listening, StringComparison.Ordinal), TimeSpan.FromSeconds(20));
        StartedProcess client = scene.StartActor("limpet", scene.Folder, ["id=2", "bus=1", $"port={line[Listening.Length..]}"]);
        client.WaitForLine(l => l == "ready", TimeSpan.FromSeconds(20));
        return scene.Folder;
    }

    /// <summary>Plays the role.</summary>
    public static void Carry(ActorArguments given)
    {
        var options = new LimpetOptions
        {
            NetworkId = given.NetworkId,
            OpenKsock = given.Open,
            MaxMessages = uint.MaxValue,
            Linked = _ => BusPeer.SayReady(),
            Tell = Console.Error.WriteLine,
        };
        var address = new LimpetAddress("127.0.0.1", given.Port, null);
        LimpetEnding ending = (given.Port == 0 ? ServeAsync(address, options) : new LimpetClient(address, options).RunAsync(isOnce: true)).GetAwaiter().GetResult();
        Console.Error.WriteLine(ending.Text);
    }

    private static async Task<LimpetEnding> ServeAsync(LimpetAddress address, LimpetOptions options)
    {
        using LimpetServer server = await LimpetServer.ListenAsync(address, options);
        Console.WriteLine($"{Listening}{server.Address.Port}");
        Console.Out.Flush();
        return await server.RunAsync(isOnce: true);
    }
}
