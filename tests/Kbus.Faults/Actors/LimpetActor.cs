using Kbus.Limpets;

namespace Kbus.Faults;

/// <summary>One end of a link between two daemons' buses, until it is killed: <c>limpet DIRECTORY server|client ADDRESS ID</c>.</summary>
internal static class LimpetActor
{
    public static void Run(string directory, string role, string address, uint networkId)
    {
        var options = new LimpetOptions { NetworkId = networkId, Ksock = ActorProgram.Options(directory), Tell = Console.Error.WriteLine };
        var place = LimpetAddress.Parse(address);
        if (role == "client")
        {
            ActorProgram.Say("ready");
            new LimpetClient(place, options).RunAsync().GetAwaiter().GetResult();
            return;
        }

        using LimpetServer server = LimpetServer.ListenAsync(place, options).GetAwaiter().GetResult();
        ActorProgram.Say("ready");
        server.RunAsync().GetAwaiter().GetResult();
    }
}
