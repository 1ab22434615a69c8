using Kbus.Limpets;

namespace Kbus.Faults;

/// <summary>One end of a link between two daemons' buses, until it is killed: <c>limpet DIRECTORY server|client ADDRESS ID [SILENCE]</c>.</summary>
internal static class LimpetActor
{
    public static void Run(string directory, string role, string address, uint networkId, TimeSpan? silence = null)
    {
        var options = new LimpetOptions { NetworkId = networkId, Ksock = ActorProgram.Options(directory), Tell = Console.Error.WriteLine, GivesMemoryBack = true };
        options = options with { SilenceLimit = silence ?? options.SilenceLimit };
        var place = LimpetAddress.Parse(address);

        // What a test takes for two machines are two network namespaces of one.
        var plain = new LimpetSecurity { AllowPlain = true };
        if (role == "client")
        {
            ActorProgram.Say("ready");
            new LimpetClient(place, options, plain).RunAsync().GetAwaiter().GetResult();
            return;
        }

        using LimpetServer server = LimpetServer.ListenAsync(place, options, plain).GetAwaiter().GetResult();
        ActorProgram.Say("ready");
        server.RunAsync().GetAwaiter().GetResult();
    }
}
