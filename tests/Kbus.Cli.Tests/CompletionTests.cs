namespace Kbus.Cli.Tests;

/// <summary>What unfinished command lines are completed to.</summary>
public sealed class CompletionTests
{
    private static readonly DaemonStatus Status = new("1", 1, "/d", 0,
        [
            new BusStatus(0, 100, false, false, 0,
                [
                    new KsockStatus(3, 10, 0, "guildenstern", "read/write", 0, 0, 100, 0, false, [new("$.Actor.Ask", true), new("$.Actor.*", false)], []),
                    new KsockStatus(5, 11, 0, "audience", "read", 0, 0, 100, 0, false, [new("$.Actor.Speak", false), new("$.Actor.*", false)], []),
                ]),
            new BusStatus(1, 100, false, false, 0, [new KsockStatus(1, 12, 0, "other", "read", 0, 0, 100, 0, false, [new("$.Other", true)], [])]),
        ],
        []);

    [Theory]
    [InlineData("li", "listen", "limpet")]
    [InlineData("--bus 1 se", "send")]
    [InlineData("listen ", "$.Actor.*", "$.Actor.Ask", "$.Actor.Speak")]
    [InlineData("listen $.X $.Actor.A", "$.Actor.Ask")]
    [InlineData("send ", "$.Actor.Ask", "$.Actor.Speak")]
    [InlineData("send $.Actor.Speak ")]
    [InlineData("call ", "$.Actor.Ask")]
    [InlineData("call --bus 1 ", "$.Other")]
    [InlineData("call -b 1 ", "$.Other")]
    [InlineData("call -b1 ", "$.Other")]
    [InlineData("call --bus=1 ", "$.Other")]
    [InlineData("call --to ", "3")]
    [InlineData("status --bus ", "0", "1")]
    [InlineData("status --bus=", "--bus=0", "--bus=1")]
    [InlineData("send --al", "--all-or-fail", "--all-or-wait")]
    [InlineData("send --file ")]
    [InlineData("send -- --al")]
    [InlineData("errno EPI", "EPIPE")]
    [InlineData("completion ", "bash", "zsh", "fish")]
    [InlineData("help co", "completion")]
    [InlineData("play --", "--bowls", "--slow", "--step", "--help")]
    [InlineData("status --program ", "guildenstern", "audience", "other")]
    [InlineData("send $.A --json --data ", "auto", "text", "hex", "base64", "json")]
    [InlineData("limpet -s --tls-", "--tls-cert", "--tls-key", "--tls-ca", "--tls-pin", "--tls-name")]
    [InlineData("limpet -k ", "0", "1")]
    [InlineData("re", "reply", "record", "replay")]
    [InlineData("record trace --rotate", "--rotate-size", "--rotate-after")]
    [InlineData("show ")]
    [InlineData("show trace $.Actor.A", "$.Actor.Ask")]
    [InlineData("show trace --time ", "wall", "relative", "delta")]
    [InlineData("diagram trace --m", "--mermaid")]
    [InlineData("nonsense ")]
    [InlineData("--v", "--version")]
    public void A_word_is_completed_with_what_is_there(string words, params string[] expected) =>
        Assert.Equal(expected, new Completer(words.Split(' '), _ => Status).Complete().Select(c => c.Word));

    [Fact]
    public void Names_are_described_by_who_is_bound_to_them() => Assert.Equal(
        [("$.Actor.*", "Ksock 3 listens, Ksock 5 listens"), ("$.Actor.Ask", "Ksock 3 replies"), ("$.Actor.Speak", "Ksock 5 listens")],
        new Completer(["listen", ""], _ => Status).Complete());

    [Fact]
    public void The_daemon_that_is_asked_is_the_one_that_the_words_name()
    {
        string? asked = null;
        _ = new Completer(["listen", "--runtime-dir", "/there", ""], directory =>
        {
            asked = directory;
            return null;
        }).Complete().ToList();
        Assert.Equal("/there", asked);
    }

    [Fact]
    public Task The_command_offers_live_names_and_is_silent_without_a_daemon() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        using Ksock ksock = bus.Open();
        ksock.Bind("$.Actor.Ask", replier: true);
        Assert.Equal(new Ended(0, "$.Actor.Ask\tKsock 1 replies\n", ""), bus.Run("__complete", "call", "$.A"));
        Assert.Equal(new Ended(0, "", ""), bus.Run("__complete", "--runtime-dir", "/no/such", "call", "$.A"));
    });

    [Theory]
    [InlineData("'$.A", "$.Actor.Ask")]
    [InlineData("\"\\$.A", "\\$.Actor.Ask")]
    [InlineData("\\$.A", "\\$.Actor.Ask")]
    [InlineData("", "\\$.Actor.Ask")]
    public Task Bash_completes_a_name_in_the_quotes_that_it_begins_with(string word, string completed) => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        using Ksock ksock = bus.Open();
        ksock.Bind("$.Actor.Ask", replier: true);
        const string script = """
            eval "$("$0" completion bash)"
            COMP_WORDS=("$0" call "$1") COMP_CWORD=2
            _kbus
            printf '%s\n' "${COMPREPLY[@]}"
            """;
        using Program bash = Program.Start("/bin/bash", bus.Environment, "-c", script, Program.Kbus, word);
        Assert.Equal(new Ended(0, completed + "\n", ""), bash.End());
    });

    [Fact]
    public Task A_shell_that_is_not_known_is_refused() => Limited.Run(() =>
    {
        using Program program = Program.Start(Program.Kbus, new Dictionary<string, string?>(), "completion", "tcsh");
        Assert.Equal(
            new Ended(2, "", "kbus: 'tcsh' is not a shell that completion can be made for: bash, zsh, fish. See kbus completion --help.\n"),
            program.End());
    });
}
