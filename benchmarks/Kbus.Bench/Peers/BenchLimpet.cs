namespace Kbus.Bench.Peers;

/// <summary>The pair of Limpets between bus 0 and bus 1, over TCP on the loopback: <c>kbus limpet</c> twice.</summary>
internal static class BenchLimpet
{
    private const string Listening = "Listening for a connection at ";
    private const string Linked = "network id is";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>Starts kbusd with two buses and the pair.</summary>
    /// <returns>The directory of kbusd's sockets.</returns>
    public static string Serve(Scene scene)
    {
        PeerServers.StartKbusd(scene, "--buses", "2");
        StartedProcess server = Start(scene, "--server", "127.0.0.1:0", bus: "0");
        string line = server.WaitForLine(l => l.StartsWith(Listening, StringComparison.Ordinal), Patience);
        StartedProcess client = Start(scene, "--client", line[Listening.Length..], bus: "1");
        client.WaitForLine(l => l.Contains(Linked, StringComparison.Ordinal), Patience);
        return scene.Folder;
    }

    private static StartedProcess Start(Scene scene, string side, string address, string bus)
    {
        // The queue has room for everything that credits allow, as the listeners' has.
        string program = Path.Join(Path.GetDirectoryName(PeerServers.DaemonProgram), "kbus");
        if (!File.Exists(program))
        {
            throw new PeerException($"There is no {program}; ./build makes one beside kbusd.");
        }

        return scene.Start(program, ["limpet", side, address, "--bus", bus, "--plain-loopback", "--runtime-dir", scene.Folder, "--max-messages", $"{uint.MaxValue}"]);
    }
}
