namespace Kbus.Cli.Tests;

/// <summary>The examples at the end of each verb's help, typed into a shell.</summary>
public sealed class ExampleTests
{
    public static TheoryData<string> ThatEnd => [.. ExamplesOf("send", "call", "status", "errno", "help")];

    public static TheoryData<string> ThatBind => [.. ExamplesOf("listen", "reply")];

    [Theory]
    [MemberData(nameof(ThatEnd))]
    public Task An_example_works(string example) => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        using Program asked = bus.StartBound("reply", "$.Actor.Ask.*", "--echo");
        using Program clock = bus.StartBound("reply", "$.Clock.Read", "noon");
        using Program shell = Type(bus, example);
        Ended ended = shell.End();
        Assert.Equal((0, ""), (ended.Code, ended.Errors));
        Assert.NotEmpty(ended.Output);
    });

    [Theory]
    [MemberData(nameof(ThatBind))]
    public Task An_example_that_waits_works(string example) => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        using Program shell = Type(bus, "exec " + example);
        Assert.Contains(", as Ksock 1 of bus 0.", shell.Note(), StringComparison.Ordinal);
        shell.Signal("TERM");
        Assert.Equal(new Ended(143, "", ""), shell.End());
    });

    private static Program Type(PrivateBus bus, string line)
    {
        string bin = Path.Join(bus.Directory, "bin");
        Directory.CreateDirectory(bin);
        File.CreateSymbolicLink(Path.Join(bin, "kbus"), Program.Kbus);
        return Program.Start(
            "/bin/bash",
            new Dictionary<string, string?>(bus.Environment) { ["PATH"] = $"{bin}:{Environment.GetEnvironmentVariable("PATH")}" },
            "-c", line);
    }

    private static IEnumerable<string> ExamplesOf(params string[] verbs) => verbs.SelectMany(v => Verbs.Find(v)!.Examples);
}
