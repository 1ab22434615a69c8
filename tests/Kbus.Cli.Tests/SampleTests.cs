namespace Kbus.Cli.Tests;

/// <summary>The programs in <c>samples/</c> run with the one command that each of them names.</summary>
public sealed class SampleTests
{
    /// <summary>The first run of each compiles it.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    [Theory]
    [InlineData(0, "--help")]
    [InlineData(0, "-h")]
    [InlineData(1, "--halp")]
    [InlineData(1, "no-such-file.c")]
    public Task Asked_for_help_the_script_for_C_compiles_nothing(int code, string argument) => Limited.Run(() =>
    {
        using Program run = Program.Start(Path.Join(Checkout.Root, "samples/run-c"), new Dictionary<string, string?> { ["PATH"] = "/usr/bin:/bin" }, argument);
        Ended ended = run.End();
        Assert.Equal(code, ended.Code);
        Assert.Contains(code == 0 ? "usage: samples/run-c FILE.c" : "run-c: ", code == 0 ? ended.Output : ended.Errors, StringComparison.Ordinal);
    });

    [Theory]
    [InlineData("01-announce-and-listen", "$.Actor.Speak: Hello there", "$.Actor.Speak: Can you hear me?", "And then silence.")]
    [InlineData("02-request-and-reply", "Nobody replies yet.", "Yes, yes I was, says Ksock 2.", "The bus says: $.KBUS.Replier.Ignored")]
    [InlineData("03-stateful-conversation", "Ksock 2 is to count.", "Head count is 1", "Head count is 2",
        "EPIPE: Ksock 2 no longer replies to $.Actor.CoinToss. Ksock 1 of bus 0 sent nothing. The state that the replier held is gone: start the conversation again with a Request to nobody in particular.")]
    public Task A_sample_runs_and_prints_what_it_should(string sample, params string[] lines) => Limited.Run(Limit, () =>
    {
        string program = $"samples/{sample}/program.cs";
        Assert.Contains($"// Run it:   dotnet run {program}\n", Checkout.Text(program), StringComparison.Ordinal);
        using var bus = new PrivateBus();
        using Program run = Program.Start("dotnet", bus.Environment, "run", Path.Join(Checkout.Root, program));
        Ended ended = run.End();
        Assert.Equal("", ended.Errors);
        Assert.Equal(lines, ended.Lines);
        Assert.Equal(0, ended.Code);
    });
}
