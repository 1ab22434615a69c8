using System.Text.Json;

namespace Kbus.Cli.Tests;

/// <summary><c>kbus limpet</c>: two of them between two buses of one daemon.</summary>
public sealed class LimpetTests
{
    [Theory]
    [InlineData("127.0.0.1:0", "via TCP/IP, address '127.0.0.1' port 0")]
    [InlineData("glass", "via Unix domain socket 'DIRECTORY/glass'")]
    public Task Messages_go_from_bus_to_bus_and_each_says_what_the_original_says(string at, string via) => Limited.Run(() =>
    {
        using var bus = new PrivateBus("--buses", "2");
        string where = at.Contains(':', StringComparison.Ordinal) ? at : Path.Join(bus.Directory, at);
        (LimpetRun server, string address) = LimpetRun.Listen(bus, where, "--plain-loopback", "--bus", "1", "--verbosity", "2");
        using LimpetRun client = LimpetRun.Start(bus, "--client", address, "--plain-loopback");
        Assert.Equal(
            $"Limpet: Client {via.Replace("port 0", $"port {address.Split(':')[^1]}", StringComparison.Ordinal).Replace("DIRECTORY", bus.Directory, StringComparison.Ordinal)} for KBUS 0, using network id 1, listening for '$.*'",
            client.Program.Line());
        Assert.Equal("Opened KBUS device 0, as Ksock 1", client.Program.Line());
        client.Await("1 The other limpet's network id is 2");
        server.Await("2 The other limpet's network id is 1");
        using Program listener = bus.StartBound("listen", "$.Gulp", "--bus", "1", "-n", "1");
        Assert.Equal(0, bus.Run("send", "$.Gulp", "Bubble").Code);
        Assert.Equal(["<Announcement '$.Gulp', id=[1:1], from=1, orig_from=(1,2), data='Bubble'>"], listener.End().Lines);
        Assert.Equal("2 Message from other Limpet: Announcement $.Gulp id=[1:1] from=2 orig_from=(1,2): Carry", server.Await("$.Gulp"));
        client.Program.Signal("TERM");
        Ended ended = client.Program.End();
        Assert.Equal((143, "", "Limpet closed"), (ended.Code, ended.Errors, ended.Lines[^1]));
        server.Await("2 The Limpet at the other end of the connection has closed.");
        server.Program.Signal("INT");
        ended = server.Program.End();
        Assert.Equal((130, "", "Limpet closed"), (ended.Code, ended.Errors, ended.Lines[^1]));
        Assert.False(File.Exists(where));
        server.Dispose();
    });

    [Fact]
    public Task The_switches_of_runlimpet_work_in_any_order_and_the_last_one_counts() => Limited.Run(() =>
    {
        using var bus = new PrivateBus("--buses", "3");
        string glass = Path.Join(bus.Directory, "glass");
        using LimpetRun server = LimpetRun.Start(bus, "-c", "-id", "7", "-kbus", "2", glass, "-m", "$.A.*", "-message", "$.B.*", "-k", "1", "-s", "-id", "3", "-t", "$.Stop", "-v", "1");
        Assert.Equal(
            $"Limpet: Server via Unix domain socket '{glass}' for KBUS 1, using network id 3, listening for '$.B.*'",
            server.Program.Line());
        Assert.Equal("Opened KBUS device 1, as Ksock 1", server.Program.Line());
        Assert.Equal("Terminate by sending a message named '$.Stop'", server.Program.Line());
        server.Await("Listening");
        using LimpetRun client = LimpetRun.Start(bus, "-server", "-client", "-verbose", "0", "-m", "$.*", glass);
        server.Await("3 The other limpet's network id is 1");
        client.Program.Signal("TERM");
        Assert.Equal(new Ended(143, "", ""), client.Program.End());
        server.Await("has closed");
    });

    [Fact]
    public Task A_termination_message_ends_it_and_is_not_carried() => Limited.Run(() =>
    {
        using var bus = new PrivateBus("--buses", "2");
        (LimpetRun server, string address) = LimpetRun.Listen(bus, "localhost:0", "--plain-loopback", "--bus", "1", "--once");
        using LimpetRun client = LimpetRun.Start(bus, "--client", address, "--plain-loopback", "--terminate", "$.Stop");
        client.Await("network id is");
        server.Await("network id is");
        using Program listener = bus.StartBound("listen", "$.*", "--bus", "1", "-n", "1", "--raw");
        bus.Run("send", "$.Last", "words");
        bus.Run("send", "$.Stop");
        Assert.Equal(0, client.Program.End().Code);
        Assert.Equal("words", listener.End().Output);
        Ended once = server.Program.End();
        Assert.Equal((1, "kbus: The Limpet at the other end of the connection has closed.\n"), (once.Code, once.Errors));
        server.Dispose();
    });

    [Fact]
    public Task A_termination_message_is_heard_by_who_carries_other_names_only() => Limited.Run(() =>
    {
        using var bus = new PrivateBus("--buses", "2");
        (LimpetRun server, string address) = LimpetRun.Listen(bus, "localhost:0", "--plain-loopback", "--bus", "1");
        using LimpetRun client = LimpetRun.Start(bus, "--client", address, "--plain-loopback", "--message", "$.Foo", "--terminate", "$.Stop");
        client.Await("network id is");
        bus.Run("send", "$.Stop");
        Ended ended = client.Program.End();
        Assert.Equal((0, ""), (ended.Code, ended.Errors));
        server.Dispose();
    });

    [Fact]
    public void What_a_peer_calls_its_names_can_neither_begin_a_line_nor_disturb_a_terminal() => Assert.Equal(
        @"Not bound to $.x\x0a7 The termination message was read.\x1b[2J\xe4\x7f\u263a as replier",
        LimpetLines.Escaped("Not bound to $.x\n7 The termination message was read.\x1b[2J\u00e4\u007f\u263a as replier"));

    [Fact]
    public Task Status_shows_which_Ksock_is_a_Limpet_s_and_how_long_its_queue_is() => Limited.Run(() =>
    {
        using var bus = new PrivateBus("--buses", "2");
        (LimpetRun server, string address) = LimpetRun.Listen(bus, "localhost:0", "--plain-loopback", "--bus", "1", "--id", "12");
        using LimpetRun client = LimpetRun.Start(bus, "--client", address, "--plain-loopback", "--id", "11", "--max-messages", "32");
        client.Await("network id is 12");
        server.Await("network id is 11");
        Assert.Contains("  Ksock 1 is a Limpet's, with network id 12", bus.Run("status", "--bus", "1").Lines);
        using JsonDocument document = JsonDocument.Parse(bus.Run("status", "--json", "--bus", "0").Output);
        JsonElement ksock = document.RootElement.GetProperty("buses")[0].GetProperty("ksocks")[0];
        Assert.Equal((11, 32), (ksock.GetProperty("network_id").GetInt32(), ksock.GetProperty("max_messages").GetInt32()));
        server.Dispose();
    });

    [Fact]
    public Task Names_that_may_not_pass_do_not() => Limited.Run(() =>
    {
        using var bus = new PrivateBus("--buses", "2");
        (LimpetRun server, string address) = LimpetRun.Listen(bus, "localhost:0", "--plain-loopback", "--bus", "1", "--allow-in", "$.Sensor.*", "--allow-in", "$.End");
        using LimpetRun client = LimpetRun.Start(bus, "--client", address, "--plain-loopback", "--allow-out", "$.Sensor.*", "--allow-out", "$.Secret", "--allow-out", "$.End");
        client.Await("network id is");
        server.Await("network id is");
        using Program listener = bus.StartBound("listen", "$.*", "--bus", "1", "-n", "2");
        foreach (string name in (string[])["$.Private", "$.Secret", "$.Sensor.Rain", "$.End"])
        {
            bus.Run("send", name);
        }

        Assert.Equal(["'$.Sensor.Rain'", "'$.End'"], listener.End().Lines.Select(l => l.Split(' ')[1].TrimEnd(',')));
        server.Dispose();
    });

    [Fact]
    public Task A_script_is_told_the_address_when_it_listens_and_when_it_is_linked() => Limited.Run(() =>
    {
        using var bus = new PrivateBus("--buses", "2");
        const string script = """
            cd "$KBUS_RUNTIME_DIR"
            mkfifo listens linked
            "$0" limpet --server localhost:0 --plain-loopback --bus 1 --quiet --ready-fd 3 3>listens &
            server=$!
            read -r address <listens
            "$0" limpet --client "$address" --plain-loopback --quiet --ready-fd 3 3>linked &
            read -r again <linked
            [ "$address" = "$again" ] && echo "${address%:*}"
            kill $! $server
            wait
            """;
        using Program shell = Program.Start("/bin/sh", bus.Environment, "-c", script, Program.Kbus);
        Assert.Equal(new Ended(0, "127.0.0.1\n", ""), shell.End());
    });

    [Theory]
    [InlineData(2, "One of --server and --client must be given. See kbus limpet --help.", "glass")]
    [InlineData(2, "An ADDRESS is needed: HOST:PORT, or the path of a Unix socket. See kbus limpet --help.", "--server")]
    [InlineData(2, "host:many is no HOST:PORT with a port of 0 to 65535. See kbus limpet --help.", "-s", "host:many")]
    [InlineData(2, "'b' is one argument too many. An argument with spaces needs quotes. See kbus limpet --help.", "-s", "a", "b")]
    [InlineData(2, "--id: '0' is not a whole number from 1 to 4294967295. See kbus limpet --help.", "-s", "a", "-id", "0")]
    [InlineData(2, "--max-messages: '0' is not a whole number from 1 to 4294967295. See kbus limpet --help.", "-s", "a", "--max-messages", "0")]
    [InlineData(2, "--bus: 'two' is not a whole number from 0 to 4294967295. See kbus limpet --help.", "-s", "a", "-k", "two")]
    [InlineData(2, "--verbosity: '1x' is not a whole number from 0 to 4294967295. See kbus limpet --help.", "-s", "a", "-v", "1x")]
    [InlineData(2, "--silence: '1' is not a number of seconds from 4 to 3600. See kbus limpet --help.", "-s", "a", "--silence", "1")]
    [InlineData(2, "--quiet and --verbosity contradict each other. See kbus limpet --help.", "-s", "a", "-v", "1", "-q")]
    [InlineData(2, "\"A\" is not a message name, nor a wildcard that ends in .* or .%. See kbus limpet --help.", "-s", "a", "-m", "A")]
    [InlineData(2, "\"$.B*\" is not a message name, nor a wildcard that ends in .* or .%. See kbus limpet --help.", "-s", "a", "--allow-in", "$.B*")]
    [InlineData(2, "\"$.B.*\" is not a message name that can end a Limpet; a wildcard cannot. See kbus limpet --help.", "-s", "a", "-t", "$.B.*")]
    [InlineData(2, "--nonsense is not an option of kbus limpet. See kbus limpet --help.", "-s", "a", "--nonsense")]
    [InlineData(2, "--tls-pin needs --tls-cert: each side shows a certificate. 'kbus limpet --make-key FILE' makes one. See kbus limpet --help.", "-s", "a", "--tls-pin", "00")]
    [InlineData(2, "--tls-cert needs --tls-pin or --tls-ca, by which to know the other side. See kbus limpet --help.", "-s", "a", "--tls-cert", "/none")]
    [InlineData(2, "--tls-name needs --tls-ca. See kbus limpet --help.", "-s", "a", "--tls-cert", "/none", "--tls-name", "b")]
    [InlineData(2, "--tls-pin: '00' is no key: 64 hexadecimal digits are, as the other side prints them. See kbus limpet --help.", "-s", "a", "--tls-cert", "/none", "--tls-pin", "00")]
    [InlineData(2, "--tls-cert and --plain contradict each other. See kbus limpet --help.", "-s", "a", "--tls-cert", "/none", "--plain")]
    [InlineData(2, "--tls-cert and --plain-loopback contradict each other. See kbus limpet --help.", "-s", "a", "--tls-cert", "/none", "--plain-loopback")]
    [InlineData(2, "\"9-3\" is not a network id of 1 or more, nor two with a hyphen between them, as in 10-19. See kbus limpet --help.", "-s", "a", "--networks", "7,9-3")]
    [InlineData(2, "\"none\" is not a message name to listen to. See kbus limpet --help.", "-s", "a", "--message", "none")]
    [InlineData(1, "/none cannot be read: ENOENT (No such file or directory).", "-s", "a", "--tls-cert", "/none", "--tls-ca", "/none")]
    [InlineData(1, "/dev/null has no certificate in PEM form.", "-s", "a", "--tls-cert", "/dev/null", "--tls-ca", "/none")]
    [InlineData(1, "/none/key cannot be written: ENOENT (No such file or directory).", "--make-key", "/none/key")]
    public Task What_makes_no_sense_is_told_in_one_line(int code, string message, params string[] args) => Limited.Run(() =>
    {
        using Program program = Program.Start(Program.Kbus, PrivateBus.EnvironmentOf("/nowhere"), ["limpet", .. args]);
        Assert.Equal(new Ended(code, "", $"kbus: {message}\n"), program.End());
    });

    [Theory]
    [InlineData("limpet")]
    [InlineData("limpet", "-h")]
    [InlineData("limpet", "-help")]
    [InlineData("limpet", "--help")]
    public Task Without_arguments_and_when_asked_it_explains_itself(params string[] args) => Limited.Run(() =>
    {
        using Program program = Program.Start(Program.Kbus, PrivateBus.EnvironmentOf("/nowhere"), args);
        Ended ended = program.End();
        Assert.Equal((0, "kbus limpet: joins a bus with one beyond, through another Limpet"), (ended.Code, ended.Lines[0]));
    });

    [Fact]
    public Task What_cannot_be_is_told_with_the_exit_code_that_says_so() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        Ended none = bus.Run("limpet", "-s", "localhost:0", "--plain-loopback", "--bus", "5");
        Assert.Equal(4, none.Code);
        Assert.StartsWith("kbus: ENOENT: There is no bus 5", none.Errors, StringComparison.Ordinal);
        Ended taken = bus.Run("limpet", "-s", Path.Join(bus.Directory, "bus0"), "-q");
        Assert.Equal(new Ended(1, "", $"kbus: Cannot listen at {bus.Directory}/bus0: somebody does already.\n"), taken);
        Ended nobody = bus.Run("limpet", "-c", Path.Join(bus.Directory, "glass"), "-q", "--once");
        Assert.Equal(
            new Ended(1, "", $"kbus: No link with {bus.Directory}/glass: there is no such socket; its server does not listen yet, or another path was meant.\n"),
            nobody);
    });

    [Fact]
    public Task A_path_at_which_nothing_can_listen_is_told_by_what_it_is() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        string file = Path.Join(bus.Directory, "file");
        File.WriteAllText(file, "precious");
        Ended ordinary = bus.Run("limpet", "-s", file, "-q");
        Assert.Equal(new Ended(1, "", $"kbus: Cannot listen at {file}: it is a file of another kind than a socket, and is left as it is.\n"), ordinary);
        Ended client = bus.Run("limpet", "-c", file, "-q", "--once");
        Assert.Equal(new Ended(1, "", $"kbus: No link with {file}: it is a file of another kind, and no socket.\n"), client);
        Ended directory = bus.Run("limpet", "-s", bus.Directory, "-q");
        Assert.Equal(new Ended(1, "", $"kbus: Cannot listen at {bus.Directory}: it is a directory.\n"), directory);
        Ended none = bus.Run("limpet", "-s", Path.Join(bus.Directory, "none/glass"), "-q");
        Assert.Equal(new Ended(1, "", $"kbus: Cannot listen at {bus.Directory}/none/glass: there is no directory {bus.Directory}/none.\n"), none);
    });

    [Fact]
    public Task Equal_network_ids_are_told_and_end_it() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        (LimpetRun server, string address) = LimpetRun.Listen(bus, "localhost:0", "--plain-loopback", "--id", "9");
        Ended same = bus.Run("limpet", "-c", address, "-id", "9", "-q", "--plain-loopback");
        Assert.Equal(
            new Ended(7, "", "kbus: The server sent this Limpet away: \"It has network id 9, as this Limpet has; give one of them another by --id.\"\n"),
            same);
        Assert.Contains("It has network id 9", server.Await("was sent away"), StringComparison.Ordinal);
        server.Dispose();
    });

    /// <summary>It said "Connected", wrote to --ready-fd, and never learnt why it was sent away.</summary>
    [Fact]
    public Task Who_is_sent_away_is_told_why_and_does_not_count_as_connected() => Limited.Run(() =>
    {
        using var bus = new PrivateBus("--buses", "3");
        string glass = Path.Join(bus.Directory, "glass");
        (LimpetRun server, _) = LimpetRun.Listen(bus, glass, "--bus", "1");
        using LimpetRun first = LimpetRun.Start(bus, "--client", glass);
        server.Await("network id is 1");
        string ready = Path.Join(bus.Directory, "ready");
        using Program second = Program.Start(
            "/bin/sh", bus.Environment, "-c", "\"$0\" limpet --client \"$1\" --bus 2 --id 5 --once --ready-fd 3 3>\"$2\"", Program.Kbus, glass, ready);
        Ended ended = second.End();
        Assert.Equal((7, "kbus: The server sent this Limpet away: \"It is Limpet 5, and there is a link with Limpet 1.\"\n"), (ended.Code, ended.Errors));
        Assert.DoesNotContain(ended.Lines, l => l.Contains("Connected", StringComparison.Ordinal));
        Assert.Equal("", File.ReadAllText(ready));
        server.Dispose();
    });

    [Fact]
    public Task With_none_on_its_list_a_Limpet_lets_nothing_in() => Limited.Run(() =>
    {
        using var bus = new PrivateBus("--buses", "2");
        string glass = Path.Join(bus.Directory, "glass");
        (LimpetRun server, _) = LimpetRun.Listen(bus, glass, "--bus", "1", "--allow-in", "none", "--networks", "none");
        using LimpetRun client = LimpetRun.Start(bus, "--client", glass);
        client.Await("network id is");
        server.Await("network id is");
        using Program here = bus.StartBound("listen", "$.*", "--bus", "1", "-n", "1");
        using Program there = bus.StartBound("listen", "$.Out", "-n", "1");
        bus.Run("send", "$.In");
        bus.Run("send", "$.Out", "--bus", "1");
        Assert.Contains("'$.Out'", Assert.Single(there.End().Lines), StringComparison.Ordinal);
        Assert.Contains("'$.Out'", Assert.Single(here.End().Lines), StringComparison.Ordinal);
        server.Dispose();
    });

    [Fact]
    public Task Two_on_one_bus_with_one_socket_between_them_are_a_loop() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        (LimpetRun server, string address) = LimpetRun.Listen(bus, "localhost:0", "--plain-loopback");
        using LimpetRun client = LimpetRun.Start(bus, "--client", address, "--plain-loopback", "--once");
        client.Await("network id is");
        server.Await("network id is");
        bus.Run("send", "$.Gulp");
        bus.Run("send", "$.Gulp");
        Ended looped = client.Program.End();
        Assert.True(looped.Code is 6 or 1, $"{looped.Code}: 6 if this end has found the ring, 1 if the other has");
        server.Dispose();
    });

    [Fact]
    public Task A_link_is_made_again_when_the_other_comes_back() => Limited.Run(() =>
    {
        using var bus = new PrivateBus("--buses", "2");
        string glass = Path.Join(bus.Directory, "glass");
        (LimpetRun server, _) = LimpetRun.Listen(bus, glass, "--bus", "1");
        using LimpetRun client = LimpetRun.Start(bus, "--client", glass);
        client.Await("network id is");
        server.Program.Signal("KILL");
        server.Program.End();
        client.Await("has closed");
        (LimpetRun another, _) = LimpetRun.Listen(bus, glass, "--bus", "1");
        client.Await("network id is");
        another.Dispose();
        server.Dispose();
    });
}
