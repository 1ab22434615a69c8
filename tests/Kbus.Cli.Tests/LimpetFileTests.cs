using Kbus.Limpets;

namespace Kbus.Cli.Tests;

/// <summary>The file of a server with many peers.</summary>
public sealed class LimpetFileTests
{
    private const string Pin = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    [Fact]
    public void Everything_that_a_file_can_say_is_read()
    {
        LimpetFile file = Parse($$"""
            {
                // Where peers come.
                "listen": "0.0.0.0:4321",
                "id": 2,
                "bus": 1,
                "silence": 10,
                "tls": { "certificate": "limpet.pem", "key": "/keys/limpet.key", "authorities": "ca.pem" },
                "peers": [
                    { "name": "robot-7", "id": 7, "pin": ["{{Pin}}"], "networks": "10-19,30", "bus": 3, "message": "$.Robot.*",
                      "allow-in": ["$.Robot.*", "$.End"], "allow-out": "none", "queue": 500, "backlog": 1000000, "rate": 2000 },
                    { "name": "radio", "id": 8, "certificate-name": "radio.example" },
                ],
            }
            """);
        Assert.Equal(("0.0.0.0:4321", 2u, "/etc/kbus/limpet.pem", "/keys/limpet.key", "/etc/kbus/ca.pem"), ($"{file.Listen}", file.NetworkId, file.Certificate, file.Key, file.Authorities));
        LimpetPeer robot = file.Peers[0];
        Assert.Equal(("robot-7", 7u, Pin), (robot.Name, robot.NetworkId, robot.Keys[0]));
        Assert.Equal([new NetworkRange(10, 19), new NetworkRange(30, 30)], robot.Options.PeerNetworks);
        Assert.Equal((3u, 2u, 500u, 1_000_000, 2000), (robot.Options.Device, robot.Options.NetworkId, robot.Options.MaxMessages, robot.Options.Backlog, robot.Options.MaxRate));
        Assert.Equal(["$.Robot.*"], robot.Options.MessageNames);
        Assert.Equal(["$.Robot.*", "$.End"], robot.Options.AllowIn);
        Assert.Equal(["none"], robot.Options.AllowOut);
        Assert.Equal((1u, TimeSpan.FromSeconds(10)), (file.Peers[1].Options.Device, file.Peers[1].Options.SilenceLimit));
        Assert.Empty(file.Peers[1].Options.PeerNetworks!);
    }

    [Theory]
    [InlineData("\"id\": \"auto\", \"peers\": [ PEER ]")]
    [InlineData("\"peers\": [ PEER ], \"id\": \"auto\"")]
    public void The_network_id_is_the_one_that_the_command_line_derives_from_the_machine_wherever_it_stands(string rest)
    {
        rest = rest.Replace("PEER", "{ \"name\": \"a\", \"id\": 7, \"user\": \"0\" }", StringComparison.Ordinal);
        LimpetFile file = Parse($"{{ \"listen\": \"/run/glass\", \"bus\": 3, {rest} }}");
        Assert.Equal(MachineIds.Of(3, isServer: true, LimpetAddress.Parse("/run/glass")), file.NetworkId);
        Assert.Equal(file.NetworkId, Assert.Single(file.Peers).Options.NetworkId);
        Assert.NotEqual(file.NetworkId, Parse($"{{ \"listen\": \"/run/other\", \"bus\": 3, {rest} }}").NetworkId);
    }

    [Theory]
    [InlineData("", "limpet.json, line 1, column 1: it is not JSON there")]
    [InlineData("[]", "limpet.json, line 1, column 1: here should stand one JSON object")]
    [InlineData("{ \"listen\": \"a\" }", "there is no \"id\": this side's network id.")]
    [InlineData("{ \"id\": 2 }", "there is no \"listen\": where peers connect.")]
    [InlineData("{ \"listen\": \"a\",\n \"port\": 2 }", "limpet.json, line 2, column 2: 'port' is not known here. There are: listen, id,")]
    [InlineData("{ \"listen\": \"a\", \"listen\": \"b\" }", "\"listen\" stands here a second time")]
    [InlineData("{ \"listen\": \"a:x\" }", "a:x is no HOST:PORT with a port of 0 to 65535")]
    [InlineData("{ \"listen\": 5 }", "here should stand HOST:PORT, or the path of a Unix socket")]
    [InlineData("{ \"id\": 0 }", "here should stand a whole number from 1 to 4294967295, or \"auto\"")]
    [InlineData("{ \"id\": \"any\" }", "here should stand a whole number from 1 to 4294967295, or \"auto\"")]
    [InlineData("{ \"listen\": \"a\" } }", "limpet.json, line 1, column 19: it is not JSON there")]
    [InlineData("{ \"plain\": \"yes\" }", "here should stand \"loopback\" or \"everywhere\"")]
    [InlineData("{ \"tls\": {} }", "\"tls\" needs a \"certificate\"")]
    [InlineData("{ \"tls\": { \"pem\": \"a\" } }", "'pem' is not known here. There are: certificate, key, authorities")]
    [InlineData("{ \"listen\": \"h:1\", \"id\": 2, \"peers\": [] }", "TCP needs \"tls\", or \"plain\" said knowingly")]
    [InlineData("{ \"listen\": \"h:1\", \"id\": 2, \"plain\": \"loopback\", \"tls\": { \"certificate\": \"a\" } }", "\"tls\" and \"plain\" contradict each other")]
    [InlineData("{ \"peers\": {} }", "\"peers\" should be a list")]
    [InlineData("{ \"peers\": [ 5 ] }", "here should stand a peer, such as")]
    [InlineData("{ \"peers\": [ { \"id\": 7 } ] }", "this peer has no \"name\"")]
    [InlineData("{ \"peers\": [ { \"name\": \"a\" } ] }", "this peer has no \"id\", its network id")]
    [InlineData("{ \"peers\": [ { \"name\": \"a\", \"id\": 7 } ] }", "nothing says how this peer is known")]
    [InlineData("{ \"peers\": [ { \"name\": \"a b\" } ] }", "'a b' is no name of a peer")]
    [InlineData("{ \"peers\": [ { \"pin\": \"12\" } ] }", "'12' is no pin: 64 hexadecimal digits are")]
    [InlineData("{ \"peers\": [ { \"pin\": [] } ] }", "nothing stands here. It should be a pin")]
    [InlineData("{ \"peers\": [ { \"user\": \"nobody-at-all\" } ] }", "there is no user 'nobody-at-all'")]
    [InlineData("{ \"peers\": [ { \"address\": \"here\" } ] }", "'here' is no address, nor a range such as 192.0.2.0/24")]
    [InlineData("{ \"peers\": [ { \"networks\": \"9-3\" } ] }", "\"9-3\" is not a network id of 1 or more")]
    [InlineData("{ \"peers\": [ { \"allow-in\": \"Fred\" } ] }", "\"Fred\" is not a message name")]
    [InlineData("{ \"peers\": [ { \"rate\": 5 } ] }", "here should stand a whole number from 100")]
    [InlineData("{ \"peers\": [ { \"colour\": 5 } ] }", "'colour' is not known in a peer. There are: name, id,")]
    [InlineData("{ \"peers\": [], \"bus\": 1 }", "\"bus\" should stand before \"peers\"", true)]
    [InlineData("{ \"listen\": \"a\", \"id\": 2, \"peers\": [ { \"name\": \"a\", \"id\": 7, \"address\": \"127.0.0.1\" } ] }", "so one is known by its \"user\"")]
    [InlineData("{ \"listen\": \"a\", \"id\": 2, \"peers\": [ { \"name\": \"a\", \"id\": 7, \"user\": \"0\" }, { \"name\": \"b\", \"id\": 8, \"user\": \"0\", \"networks\": \"5-9\" } ] }", "The peers b and a both have network id 7; it belongs to one of them.")]
    [InlineData("{ \"listen\": \"a\", \"id\": 2, \"peers\": [ { \"name\": \"a\", \"id\": 7, \"user\": \"0\" }, { \"name\": \"a\", \"id\": 8, \"user\": \"0\" } ] }", "Two peers have the name a.")]
    [InlineData("{ \"listen\": \"a\", \"id\": 2, \"peers\": [ { \"name\": \"a\", \"id\": 2, \"user\": \"0\" } ] }", "The peer a has network id 2, which is none, or this side's own.")]
    [InlineData("{ \"listen\": \"a\", \"id\": 2, \"tls\": { \"certificate\": \"c\" }, \"peers\": [ { \"name\": \"a\", \"id\": 7, \"user\": \"0\" } ] }", "so a peer is known by a \"pin\" or a \"certificate-name\"")]
    [InlineData("{ \"listen\": \"a\", \"id\": 2, \"tls\": { \"certificate\": \"c\" }, \"peers\": [ { \"name\": \"a\", \"id\": 7, \"certificate-name\": \"n\" } ] }", "\"certificate-name\" needs \"authorities\"")]
    public void What_is_wrong_with_a_file_is_told_with_its_place(string text, string error, bool hasPeer = false)
    {
        text = hasPeer ? text.Replace("[]", "[ { \"name\": \"a\", \"id\": 7, \"user\": \"0\" } ]", StringComparison.Ordinal) : text;
        CommandException wrong = Assert.Throws<CommandException>(() => Parse(text));
        Assert.StartsWith("/etc/kbus/limpet.json, line ", wrong.Message, StringComparison.Ordinal);
        Assert.Contains(error, wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public Task A_file_is_checked_by_a_command() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        string file = Path.Join(bus.Directory, "limpet.json");
        File.WriteAllText(file, "{ \"listen\": \"glass\", \"id\": 2, \"peers\": [ { \"name\": \"a\", \"id\": 7, \"user\": \"0\" } ] }");
        Assert.Equal(new Ended(0, $"{file}: 1 peer, and nothing is wrong with the file.\n", ""), bus.Run("limpet", "--check", file));
        File.WriteAllText(file, "{ \"listen\": \"glass\", \"id\": 2, \"peers\": [ 7 ] }");
        Ended wrong = bus.Run("limpet", "--check", file);
        Assert.Equal(1, wrong.Code);
        Assert.StartsWith($"kbus: {file}, line 1, column 42: here should stand a peer", wrong.Errors, StringComparison.Ordinal);
        Ended missing = bus.Run("limpet", "--config", Path.Join(bus.Directory, "none"));
        Assert.Equal((1, $"kbus: {bus.Directory}/none cannot be read: ENOENT (No such file or directory).\n"), (missing.Code, missing.Errors));
        Ended both = bus.Run("limpet", "--config", file, "--id", "5");
        Assert.Equal((2, "kbus: --config: the file says where and how to serve, so --id cannot be given as well. See kbus limpet --help.\n"), (both.Code, both.Errors));
    });

    [Fact]
    public Task A_server_with_many_peers_reads_its_file_again_at_SIGHUP_and_leaves_links_that_stay() => Limited.Run(() =>
    {
        using var bus = new PrivateBus("--buses", "3");
        string glass = Path.Join(bus.Directory, "glass");
        string file = Path.Join(bus.Directory, "limpet.json");
        string user = $"{Environment.GetEnvironmentVariable("EUID") ?? Run("id", "-u")}";
        void Write(params string[] peers) =>
            File.WriteAllText(file, $$"""{ "listen": "{{glass}}", "id": 1, "peers": [ {{string.Join(", ", peers)}} ] }""");
        string Peer(string name, int id) => $$"""{ "name": "{{name}}", "id": {{id}}, "user": "{{user}}" }""";
        Write(Peer("near", 11), Peer("far", 12));
        using LimpetRun server = LimpetRun.Start(bus, "--config", file);
        server.Await("Listening for connections at ");
        using LimpetRun near = LimpetRun.Start(bus, "--client", glass, "--bus", "1", "--id", "11");
        using LimpetRun far = LimpetRun.Start(bus, "--client", glass, "--bus", "2", "--id", "12");
        near.Await("network id is 1");
        far.Await("network id is 1");
        using Program listener = bus.StartBound("listen", "$.Gulp", "--bus", "2", "-n", "1");
        bus.Run("send", "$.Gulp", "--bus", "1");
        Assert.Contains("id=[11:", Assert.Single(listener.End().Lines), StringComparison.Ordinal);

        File.WriteAllText(file, $$"""{ "listen": "{{glass}}2", "id": 1, "peers": [ {{Peer("near", 11)}} ] }""");
        server.Program.Signal("HUP");
        server.Await("\"listen\" has changed. That needs a new start; all stays as it is.");
        File.WriteAllText(file, "{ \"peers\": 5 }");
        server.Program.Signal("HUP");
        server.Await("was read again and is not used, all stays as it is: ");
        Write(Peer("near", 11));
        server.Program.Signal("HUP");
        server.Await("was read again: 1 peers. Changed or gone, so that their links end: far.");
        Ended away = far.Program.End();
        Assert.Equal(7, away.Code);
        Assert.Contains("here it must be 11 (near)", away.Errors, StringComparison.Ordinal);
        using Program still = bus.StartBound("listen", "$.Gulp", "-n", "1");
        bus.Run("send", "$.Gulp", "--bus", "1");
        Assert.Contains("id=[11:", Assert.Single(still.End().Lines), StringComparison.Ordinal);
        server.Program.Signal("TERM");
        Assert.Equal(143, server.Program.End().Code);
    });

    private static string Run(string program, string argument)
    {
        using Program run = Program.Start($"/usr/bin/{program}", new Dictionary<string, string?>(), argument);
        return run.End().Output.Trim();
    }

    private static LimpetFile Parse(string text) => LimpetFile.Parse("/etc/kbus/limpet.json", System.Text.Encoding.UTF8.GetBytes(text), new LimpetOptions());
}
