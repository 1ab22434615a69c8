namespace Kbus.Cli.Tests;

/// <summary><c>kbus policy</c>, and what other verbs say of a policy.</summary>
public sealed class PolicyTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("kbus-");

    private string PolicyPath => Path.Join(_directory.FullName, "policy.json");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public Task Check_says_that_a_file_is_right_or_where_it_is_wrong() => Limited.Run(() =>
    {
        Write("""{ "allow": "root", "everything": true }""", """{ "allow": "everybody", "send": "$.A" }""");
        Assert.Equal((0, $"{PolicyPath}: 2 rules, and nothing is wrong with them.\n", ""), Run("check", PolicyPath));
        Write("""{ "allow": "root", "everythin": true }""");
        (int code, string output, string errors) = Run("check", PolicyPath);
        Assert.Equal((1, ""), (code, output));
        Assert.StartsWith($"kbus: {PolicyPath}, line 2, column 20: 'everythin' is not known in a rule. There are: allow, deny, ", errors, StringComparison.Ordinal);
        Assert.Equal((1, "", $"kbus: {PolicyPath}.no: it cannot be read: there is no such file.\n"), Run("check", PolicyPath + ".no"));
        Assert.Equal(2, Run("check").Code);
        Assert.Equal(2, Run("check", PolicyPath, "--status").Code);
        Assert.Equal((2, "", "kbus: 'chekc' is neither check nor explain. See kbus policy --help.\n"), Run("chekc", PolicyPath));
    });

    [Fact]
    public Task The_example_for_a_system_bus_is_right_and_does_what_it_says() => Limited.Run(() =>
    {
        string example = Path.Join(Checkout.Root, "packaging/config/policy.json");
        Assert.Equal(0, Run("check", example).Code);
        string[] ofNobody = ["explain", "--file", example, "--user", "nobody"];
        Assert.Equal(0, Run([.. ofNobody, "--open", "both", "--bind", "$.*", "--send", "$.Some.Name", "--status"]).Code);
        Assert.Equal(0, Run([.. ofNobody, "--bind", "$.Some.Name", "--replier"]).Code);
        string[][] denied = [
            ["--bind", "$.System.Clock", "--replier"], ["--bind", "$.*", "--replier"], ["--send", "$.KBUS.ReplierBindEvent"], ["--bus", "1", "--open", "read"],
            ["--limpet"], ["--new-bus"], ["--set", "MAXMSGSIZE"], ["--set", "VERBOSE"], ["--set", "REPORTREPLIERBINDS"], ["--watch"]];
        Assert.All(denied, q => Assert.Equal((string.Join(' ', q), 1), (string.Join(' ', q), Run([.. ofNobody, .. q]).Code)));
        Assert.Equal(0, Run("explain", "--file", example, "--user", "root", "--limpet", "--new-bus", "--set", "VERBOSE", "--watch", "--bus", "7", "--open", "both").Code);
    });

    [Fact]
    public Task Explain_answers_each_question_with_the_line_that_decides() => Limited.Run(() =>
    {
        Write("""{ "allow": "@55555", "send": "$.Club" }""", """{ "deny": "everybody", "reply": "$.Clock.*" }""", """{ "allow": "54321", "buses": 1, "reply": "$.*" }""");
        Assert.Equal(
            (1, $"allowed: 54321 may bind to $.% as replier on bus 1: policy {PolicyPath} line 4.\n"
                + $"denied: 54321 may not bind to $.* as replier on bus 1: policy {PolicyPath} line 3.\n"
                + $"denied: 54321 may not send $.Club on bus 1: no rule of the policy {PolicyPath} allows it.\n", ""),
            Explain("--user", "54321", "--bus", "1", "--bind", "$.%", "--bind", "$.*", "--replier", "--send", "$.Club"));
        Assert.Equal(0, Explain("--user", "54321", "--group", "55555", "--send", "$.Club").Code);
        Assert.Equal(
            (1, $"denied: root may not open a Ksock for reading on bus 0: no rule of the policy {PolicyPath} allows it.\n", ""), Explain("--user", "root", "--open", "read"));
    });

    [Theory]
    [InlineData("explain needs a question, such as --send NAME or --bind NAME.")]
    [InlineData("--replier goes with --bind NAME.", "--replier", "--send", "$.A")]
    [InlineData("--send: EBADMSG: '$.A.*' is a wildcard; a message needs a plain name.", "--send", "$.A.*")]
    [InlineData("--bind: EBADMSG: 'A' is not a legal message name.", "--bind", "A")]
    [InlineData("--open: 'all' is not one of read, write, both.", "--open", "all")]
    [InlineData("--set: 'x' is not one of MAXMSGSIZE, VERBOSE, REPORTREPLIERBINDS.", "--set", "x")]
    [InlineData("--bus: the number of a bus is 0 to 255.", "--bus", "256", "--status")]
    public Task A_question_that_makes_no_sense_is_exit_code_2(string error, params string[] question) => Limited.Run(() =>
        Assert.Equal((2, "", $"kbus: {error} See kbus policy --help.\n"), Explain([.. question])));

    [Fact]
    public Task Somebody_who_does_not_exist_is_exit_code_1() => Limited.Run(() =>
    {
        Write("""{ "allow": "root", "everything": true }""");
        Assert.Equal((1, "", "kbus: there is no user 'no such user'.\n"), Explain("--user", "no such user", "--status"));
        Assert.Equal((1, "", "kbus: there is no group 'no such group'.\n"), Explain("--user", "root", "--group", "no such group", "--status"));
    });

    [Fact]
    public Task A_denial_is_exit_code_1_and_names_the_rule() => Limited.Run(() =>
    {
        Write("""{ "deny": "everybody", "send": "$.Secret", "reply": "$.Clock.*" }""", """{ "deny": "everybody", "buses": 0, "status": true }""", """{ "allow": "everybody", "everything": true }""");
        using var bus = new PrivateBus("--policy", PolicyPath);
        Ended sent = bus.Run("send", "$.Secret", "x");
        Assert.Equal(1, sent.Code);
        Assert.StartsWith(
            "kbus: EPERM: The policy does not let Ksock 1 of bus 0 send $.Secret: line 2 of the policy file says so. Ksock 1 of bus 0 sent nothing.", sent.Errors,
            StringComparison.Ordinal);
        Assert.Contains("bind to $.Clock.Read as replier: line 2 of the policy file says so.", bus.Run("reply", "$.Clock.Read").Errors, StringComparison.Ordinal);
        Assert.Equal((1, $"kbus: EPERM: This user may not see the status: policy {PolicyPath} line 3.\n"), (bus.Run("status").Code, bus.Run("status").Errors));
        Assert.Contains("At present EPERM: This user may not see the status", bus.Run().Output.ReplaceLineEndings(" "), StringComparison.Ordinal);
        Assert.Equal(0, bus.Run("send", "$.Open", "x").Code);
    });

    [Fact]
    public Task The_status_says_which_buses_are_not_shown() => Limited.Run(() =>
    {
        Write("""{ "deny": "everybody", "buses": 1, "status": true }""", """{ "allow": "everybody", "everything": true }""");
        using var bus = new PrivateBus("--policy", PolicyPath, "--buses", "2");
        Ended shown = bus.Run("status");
        Assert.Equal((0, "bus 1 is not shown: the policy does not let this user see it"), (shown.Code, shown.Lines[^1]));
        Assert.Equal(
            (1, $"kbus: EPERM: the policy of the kbusd in {bus.Directory} does not let this user see bus 1.\n"),
            (bus.Run("status", "--bus", "1").Code, bus.Run("status", "--bus", "1").Errors));
    });

    [Fact]
    public Task A_Limpet_needs_permission_to_be_one() => Limited.Run(() =>
    {
        Write("""{ "deny": "everybody", "buses": 0, "limpet": true }""", """{ "allow": "everybody", "everything": true }""");
        using var bus = new PrivateBus("--policy", PolicyPath, "--buses", "2");
        (LimpetRun server, string address) = LimpetRun.Listen(bus, Path.Join(bus.Directory, "glass"), "--bus", "1");
        using (server)
        {
            Ended limpet = bus.Run("limpet", "--client", address, "--once");
            Assert.Equal(4, limpet.Code);
            Assert.Contains("EPERM: The policy does not let Ksock 1 of bus 0 act as a Limpet: line 2 of the policy file says so.", limpet.Errors, StringComparison.Ordinal);
        }
    });

    [Fact]
    public Task What_a_Limpet_brings_to_a_bus_needs_permission_there() => Limited.Run(() =>
    {
        Write("""{ "deny": "everybody", "buses": 1, "send": "$.Secret.*" }""", """{ "allow": "everybody", "everything": true }""");
        using var bus = new PrivateBus("--policy", PolicyPath, "--buses", "2");
        (LimpetRun server, string address) = LimpetRun.Listen(bus, Path.Join(bus.Directory, "glass"), "--bus", "1", "--verbosity", "2");
        using LimpetRun client = LimpetRun.Start(bus, "--client", address, "--verbosity", "2");
        client.Await("The other limpet's network id is 2");
        using Program secret = bus.StartBound("reply", "$.Secret.Read", "told", "--bus", "1"), open = bus.StartBound("reply", "$.Open.Read", "told", "--bus", "1");
        client.Await("bind event");
        client.Await("bind event");
        using Program listener = bus.StartBound("listen", "$.*", "--bus", "1", "-n", "1");
        Ended refused = bus.Run("call", "$.Secret.Read");
        while (refused.Errors.Contains("EADDRNOTAVAIL", StringComparison.Ordinal))
        {
            // The binding is on its way.
            refused = bus.Run("call", "$.Secret.Read");
        }

        Assert.Equal(5, refused.Code);
        Assert.Contains("$.KBUS.RemoteError.EPERM", refused.Output, StringComparison.Ordinal);
        Ended told = bus.Run("call", "$.Open.Read", "--raw");
        while (told.Errors.Contains("EADDRNOTAVAIL", StringComparison.Ordinal))
        {
            told = bus.Run("call", "$.Open.Read", "--raw");
        }

        Assert.Equal((0, "told"), (told.Code, told.Output));
        Assert.Contains("'$.Open.Read'", listener.End().Output, StringComparison.Ordinal);
        server.Dispose();
    });

    private void Write(params string[] rules) => File.WriteAllText(PolicyPath, $"{{ \"rules\": [\n{string.Join(",\n", rules)}\n] }}\n");

    private (int Code, string Output, string Errors) Explain(params string[] question) => Run(["explain", "--file", PolicyPath, .. question]);

    private static (int Code, string Output, string Errors) Run(params string[] args)
    {
        using Program program = Program.Start(Program.Kbus, PrivateBus.EnvironmentOf("/nowhere"), ["policy", .. args]);
        Ended ended = program.End();
        return (ended.Code, ended.Output, ended.Errors);
    }
}
