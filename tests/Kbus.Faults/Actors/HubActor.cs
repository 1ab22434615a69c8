using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using Kbus.Limpets;

namespace Kbus.Faults;

/// <summary>One server with many peers, known by their keys, until it is killed: <c>hub DIRECTORY BUS ID KEYFILE SILENCE PEER=PIN...</c>. It
/// says its port.</summary>
internal static class HubActor
{
    public static void Run(string directory, string[] arguments)
    {
        var options = new LimpetOptions
        {
            Device = uint.Parse(arguments[0], CultureInfo.InvariantCulture),
            NetworkId = uint.Parse(arguments[1], CultureInfo.InvariantCulture),
            SilenceLimit = TimeSpan.FromSeconds(int.Parse(arguments[3], CultureInfo.InvariantCulture)),
            Ksock = ActorProgram.Options(directory),
        };
        LimpetPeer[] peers = [.. arguments[4..].Select(a => a.Split('=')).Select(p => new LimpetPeer
        {
            Name = p[0],
            NetworkId = uint.Parse(p[0], CultureInfo.InvariantCulture),
            Keys = [p[1]],
            Options = options,
        })];
        using X509Certificate2 certificate = LimpetKeys.Read(arguments[2]);
        using LimpetServer server = LimpetServer.ListenAsync(
            LimpetAddress.Parse("127.0.0.1:0"), peers, options, new LimpetSecurity { Certificate = certificate }).GetAwaiter().GetResult();
        ActorProgram.Say(server.Address.Port.ToString(CultureInfo.InvariantCulture));
        server.RunAsync().GetAwaiter().GetResult();
    }
}
