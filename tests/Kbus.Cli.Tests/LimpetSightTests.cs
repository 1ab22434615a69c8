using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Kbus.Cli.Tests;

/// <summary>What Limpets that run show to <c>kbus status</c>, <c>kbus limpet --health</c> and <c>--metrics</c>, and in their log.</summary>
public sealed class LimpetSightTests
{
    [Fact]
    public Task Links_are_seen_in_the_status_in_the_metrics_and_by_a_probe() => Limited.Run(() =>
    {
        using var bus = new PrivateBus("--buses", "3");
        Assert.Equal(new Ended(1, $"not ok: no Limpet answers in {bus.Directory}\n", ""), bus.Run("limpet", "--health"));
        Assert.Equal(new Ended(0, "", ""), bus.Run("status", "--limpets"));

        string glass = Path.Join(bus.Directory, "glass");
        string file = Path.Join(bus.Directory, "limpet.json");
        string user = Run("id", "-u");
        File.WriteAllText(file, $$"""{ "listen": "{{glass}}", "id": 1, "peers": [ { "name": "near", "id": 11, "user": "{{user}}" }, { "name": "far", "id": 12, "user": "{{user}}" } ] }""");
        using LimpetRun server = LimpetRun.Start(bus, "--config", file);
        server.Await("Listening for connections at ");
        using LimpetRun near = LimpetRun.Start(bus, "--client", glass, "--bus", "1", "--id", "11");
        near.Await("network id is 1");
        bus.Run("send", "$.Gulp", "0123456789", "--bus", "1");
        AwaitCount(bus, "near", "messages_in", 1);

        // The probe says which link is missing. One peer can be asked for.
        Ended health = bus.Run("limpet", "--health");
        Assert.Equal((1, $"not ok: the link of Limpet 1 at {glass} with far is down: there was none yet"), (health.Code, Assert.Single(health.Lines)));
        Assert.Equal(new Ended(0, "ok: 1 link, all up\n", ""), bus.Run("limpet", "--health", "near"));
        Assert.Equal(1, bus.Run("limpet", "--health", "far").Code);
        Assert.Equal(new Ended(1, "not ok: no Limpet has the address or a peer nobody\n", ""), bus.Run("limpet", "--health", "nobody"));

        // The status of all has the links behind the buses.
        string[] lines = bus.Run("status").Lines;
        int first = Array.FindIndex(lines, l => l.StartsWith("Limpet 1: process ", StringComparison.Ordinal));
        Assert.True(first > 0, string.Join("\n", lines));
        Assert.Matches($"^Limpet 1: process {server.Program.Id}, server at {glass}, no TLS, 1 of 2 links up$", lines[first]);
        Assert.Equal(["PEER", "ID", "BUS", "STATE", "SINCE", "IN"], Words(lines[first + 1])[..6]);
        string[] row = Words(lines[first + 2]);
        Assert.Equal(("near", "11", "0", "up", "user", user), (row[0], row[1], row[2], row[3], row[^2], row[^1]));
        Assert.Equal(["far", "12", "0", "down"], Words(lines[first + 3])[..4]);
        Assert.Contains($"Limpet 11: process {near.Program.Id}, client of {glass}, no TLS, 1 of 1 link up", bus.Run("status", "--bus", "1").Lines);
        Assert.DoesNotContain(bus.Run("status", "--bus", "2").Lines, l => l.StartsWith("Limpet", StringComparison.Ordinal));
        Assert.DoesNotContain(bus.Run("status", "--name", "$.*").Lines, l => l.StartsWith("Limpet", StringComparison.Ordinal));

        string[] documents = bus.Run("status", "--limpets", "--json").Lines;
        Assert.Equal([1, 11], documents.Select(d => JsonDocument.Parse(d).RootElement.GetProperty("network_id").GetInt32()).Order());

        // Metrics, as Prometheus reads them.
        string[] metrics = bus.Run("limpet", "--metrics").Lines;
        string labels = $"{{limpet=\"1\",address=\"{glass}\",bus=\"0\",peer=\"near\"}}";
        Assert.Contains($"kbus_limpet_link_up{labels} 1", metrics);
        Assert.Contains($"kbus_limpet_link_up{labels.Replace("near", "far", StringComparison.Ordinal)} 0", metrics);
        Assert.Contains($"kbus_limpet_links_made_total{labels} 1", metrics);
        Assert.Contains("kbus_limpet_silent 0", metrics);
        PrometheusText.AssertIs(metrics);

        // A link that ends is seen with its reason, and a Limpet that stands still is not waited for.
        near.Program.Signal("KILL");
        near.Program.End();
        server.Await("near: The Limpet at the other end of the connection has closed.");
        Assert.Contains("near is down: The Limpet at the other end of the connection has closed.", bus.Run("status", "--limpets").Lines.Select(l => l.Trim()));
        server.Program.Stop();
        health = bus.Run("limpet", "--health");
        Assert.Equal(1, health.Code);
        Assert.Contains($"the Limpet at {bus.Directory}/limpet-{server.Program.Id} gave no report: it does not answer", health.Output, StringComparison.Ordinal);
        Assert.Contains("kbus_limpet_silent 1", bus.Run("limpet", "--metrics").Lines);
        server.Program.Signal("CONT");
        server.Program.Signal("TERM");
        Assert.Equal(143, server.Program.End().Code);
        Assert.Empty(Directory.EnumerateFiles(bus.Directory, $"limpet-{server.Program.Id}"));
    });

    [Fact]
    public Task Over_TCP_the_round_trip_is_seen_and_the_key_with_TLS() => Limited.Run(() =>
    {
        using var bus = new PrivateBus("--buses", "2");
        string one = bus.Run("limpet", "--make-key", Path.Join(bus.Directory, "one")).Lines[0];
        string other = bus.Run("limpet", "--make-key", Path.Join(bus.Directory, "other")).Lines[0];
        (LimpetRun server, string address) = LimpetRun.Listen(bus, "localhost:0", "--bus", "1", "--tls-cert", Path.Join(bus.Directory, "one"), "--tls-pin", other);
        using LimpetRun client = LimpetRun.Start(bus, "--client", address, "--tls-cert", Path.Join(bus.Directory, "other"), "--tls-pin", one);
        client.Await("network id is");
        server.Await("network id is");
        JsonElement[] links = [.. bus.Run("status", "--limpets", "--json").Lines.Select(d => JsonDocument.Parse(d).RootElement.GetProperty("links")[0])];
        Assert.Equal(new[] { $"key {one}", $"key {other}" }.Order(StringComparer.Ordinal), links.Select(l => l.GetProperty("identity").GetString()!).Order(StringComparer.Ordinal));
        Assert.All(links, l => Assert.InRange(l.GetProperty("round_trip_us").GetInt64(), 1, 60_000_000));
        Assert.Contains($"key {other[..16]}...", bus.Run("status", "--limpets").Output, StringComparison.Ordinal);
        Assert.Equal(new Ended(0, "ok: 2 links, all up\n", ""), bus.Run("limpet", "--health"));
        Assert.Equal(2, bus.Run("limpet", "--metrics").Lines.Count(l => l.StartsWith("kbus_limpet_round_trip_seconds{", StringComparison.Ordinal)));
        server.Dispose();
    });

    [Fact]
    public Task The_log_has_times_and_levels_when_asked_for() => Limited.Run(() =>
    {
        using var bus = new PrivateBus("--buses", "2");
        string glass = Path.Join(bus.Directory, "glass");
        using LimpetRun server = LimpetRun.Start(bus, "--server", glass, "--bus", "1", "--log", "times", "--verbosity", "2");
        Assert.Matches(@"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d\d\dZ info Listening for a connection at ", server.Await("Listening"));
        using LimpetRun client = LimpetRun.Start(bus, "--client", glass, "--log", "journal");
        Assert.StartsWith("<6>1 Connected to ", client.Await("Connected"), StringComparison.Ordinal);
        bus.Run("send", "$.Gulp");
        Assert.Matches("Z debug 2 Message from other Limpet: ", server.Await("$.Gulp"));
        server.Program.Signal("KILL");
        server.Program.End();
        Assert.Equal("<4>1 The Limpet at the other end of the connection has closed.", client.Await("has closed"));
    });

    [Fact]
    public Task Of_a_log_that_says_errors_only_the_end_of_the_bus_is_one() => Limited.Run(() =>
    {
        using var bus = new PrivateBus("--buses", "2");
        using var own = new PrivateBus();
        string glass = Path.Join(bus.Directory, "glass");
        (LimpetRun server, _) = LimpetRun.Listen(bus, glass, "--bus", "1");
        using LimpetRun client = LimpetRun.Start(own, "--client", glass, "--log", "times", "--verbosity", "0");
        server.Await("network id is");
        own.KillDaemon();
        Assert.Matches("Z error 1 Bus 0: ", client.Program.Line());
        server.Dispose();
    });

    [Theory]
    [InlineData("--log: 'xml' is none of plain, times, journal. See kbus limpet --help.", "-s", "a", "--log", "xml")]
    [InlineData("--health asks Limpets that run, so --server cannot be given as well. See kbus limpet --help.", "--health", "-s", "a")]
    [InlineData("--metrics asks Limpets that run, so 'a' cannot be given as well. See kbus limpet --help.", "--metrics", "a")]
    public Task What_makes_no_sense_together_is_told(string message, params string[] args) => Limited.Run(() =>
    {
        using Program program = Program.Start(Program.Kbus, PrivateBus.EnvironmentOf("/nowhere"), ["limpet", .. args]);
        Assert.Equal(new Ended(2, "", $"kbus: {message}\n"), program.End());
    });

    /// <summary>A peer's name cannot have such characters, but an address can.</summary>
    [Fact]
    public void A_label_may_have_any_characters()
    {
        var link = LimpetLinkStatus.Read(JsonDocument.Parse("""{ "peer": "a\"b", "state": "standby" }""").RootElement);
        var limpet = new LimpetStatus(1, true, "/run/a\\b\nc", 2, true, "0.1.0", 3, [link]);
        string[] lines = [.. LimpetMetrics.Lines([new LimpetAnswer("", [], limpet, "")])];
        Assert.Contains("kbus_limpet_link_standby{limpet=\"2\",address=\"/run/a\\\\b\\nc\",bus=\"0\",peer=\"a\\\"b\"} 1", lines);
        Assert.Contains("kbus_limpet_connections_sent_away_total{limpet=\"2\",address=\"/run/a\\\\b\\nc\"} 3", lines);
        PrometheusText.AssertIs(lines);
    }

    [Fact]
    public void A_standing_by_link_is_healthy_and_of_many_faults_some_are_named()
    {
        LimpetLinkStatus Link(string state) => LimpetLinkStatus.Read(JsonDocument.Parse($$"""{ "peer": "p", "state": "{{state}}", "reason": "It broke." }""").RootElement);
        LimpetHealth Of(params string[] states) => LimpetHealth.Of([new LimpetAnswer("s", [], new LimpetStatus(1, true, "h:1", 2, true, "", 0, [.. states.Select(Link)]), "")], null, ["/d"]);
        Assert.Equal(new LimpetHealth(true, "ok: 3 links, 2 up and 1 on standby"), Of("up", "standby", "up"));
        Assert.Equal(new LimpetHealth(true, "ok: 0 links, all up"), Of());
        Assert.Equal(new LimpetHealth(false, "not ok: the link of Limpet 2 at h:1 with p is down: It broke"), Of("up", "down"));
        Assert.EndsWith("; and 2 more", Of("down", "down", "down", "down", "down", "down", "down").Line, StringComparison.Ordinal);
    }

    [Fact]
    public Task On_a_narrow_terminal_each_link_has_lines_of_its_own() => Limited.Run(() =>
    {
        using var bus = new PrivateBus("--buses", "2");
        (LimpetRun server, _) = LimpetRun.Listen(bus, Path.Join(bus.Directory, "glass"), "--bus", "1");
        LimpetAnswer answer = Assert.Single(LimpetQuestion.Ask([bus.Directory]));
        string[] lines = [.. new LimpetText(50).Lines([answer], null)];
        Assert.All(lines, l => Assert.InRange(l.Length, 0, 50));
        Assert.Contains(lines, l => l.StartsWith("  its peer: down since 20", StringComparison.Ordinal));
        server.Dispose();
    });

    private static void AwaitCount(PrivateBus bus, string peer, string field, int least) => Assert.True(
        SpinWait.SpinUntil(
            () => LimpetQuestion.Ask([bus.Directory]).Select(a => JsonDocument.Parse(a.Document).RootElement).SelectMany(d => d.GetProperty("links").EnumerateArray())
                .Any(l => l.GetProperty("peer").GetString() == peer && l.GetProperty(field).GetInt32() >= least),
            TimeSpan.FromMinutes(3)),
        $"{field} of {peer} never comes to {least}");

    private static string[] Words(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static string Run(string program, string argument)
    {
        using Program run = Program.Start($"/usr/bin/{program}", new Dictionary<string, string?>(), argument);
        return run.End().Output.Trim();
    }
}
