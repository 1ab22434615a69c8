using Kbus.Cli;
using Microsoft.Win32.SafeHandles;

namespace Kbus.Fuzz;

/// <summary>The command line of <c>kbus</c>: words with a NUL after each. Verbs that open no Ksock and no file are run, the values of the others' options read.</summary>
internal sealed class ArgumentsTarget : Target
{
    private static readonly SafeFileHandle Nowhere = File.OpenHandle("/dev/null", FileMode.Open, FileAccess.Write);
    private static readonly Lazy<Ending> Ending = new(() => new Ending());
    private static readonly string[] Runnable = ["errno", "help", "completion"];
    private static readonly Option[] Times = [Options.For, Options.Timeout, Options.Interval, Options.Silence];
    private static readonly Option[] Numbers = [Options.Bus, Options.Count, Options.Flags, Options.MaxMessages, Options.NetworkId, Options.ReadyFd, Options.To];

    /// <inheritdoc/>
    public override string Name => "kbus";

    /// <inheritdoc/>
    public override string About => "the command line of kbus";

    /// <inheritdoc/>
    public override IEnumerable<byte[]> Seeds =>
    [
        "send\0$.A\0data\0--hex\0-n\03\0--interval\00.1\0--flags=0x10"u8.ToArray(),
        "call\0$.A\0--to\03\0--timeout=2\0--raw\0--all-or-wait"u8.ToArray(),
        "listen\0$.A.*\0-b\01\0--for=60\0--json\0--data\0auto\0--ready-fd=3"u8.ToArray(),
        "errno\0-32"u8.ToArray(), "errno\00x20"u8.ToArray(), "help\0send"u8.ToArray(), "completion\0bash"u8.ToArray(), "--version"u8.ToArray(),
        "limpet\0-client\0-id\01\0-kbus\02\0localhost:4321\0-m\0$.A\0--allow-in\0$.B.*\0--silence\010"u8.ToArray(),
        "policy\0explain\0--user\0root\0--send\0$.A\0--bind=$.A.*\0--replier\0--open\0both\0--set\0VERBOSE"u8.ToArray(),
        "__complete\0listen\0--bu"u8.ToArray(), "status\0--bus\00\0--name\0$.A\0--user\0root\0--program\0p"u8.ToArray(),
        "reply\0$.A\0--exec\0date\0--for=-1\0\xff"u8.ToArray(),
    ];

    /// <inheritdoc/>
    public override void Play(ReadOnlySpan<byte> input)
    {
        string[] words = [.. Words(input)];
        Complete(words);
        var output = new LineOutput((int)Nowhere.DangerousGetHandle());
        try
        {
            ParsedArguments arguments = ArgumentReader.Read(words);
            var invocation = new Invocation(arguments, output, output, () => new MemoryStream([65, 10, 66]), Ending.Value, TimeProvider.System);
            Read(invocation);
        }
        catch (CommandException e)
        {
            Expect(e.Message.Length > 0, "a refusal says nothing");
        }
    }

    private static IEnumerable<string> Words(ReadOnlySpan<byte> input)
    {
        List<string> words = [];
        foreach (Range word in input.Split((byte)0))
        {
            words.Add(ExactWords.Decode(input[word]));
            Expect(ExactWords.Bytes(words[^1]).AsSpan().SequenceEqual(input[word]), "a word does not keep its bytes");
        }

        return words;
    }

    private static void Complete(string[] words)
    {
        foreach ((string word, _) in new Completer(words, _ => null).Complete())
        {
            Expect(word.StartsWith(words[^1], StringComparison.Ordinal), "a completion is none of the word");
        }
    }

    private static void Read(Invocation invocation)
    {
        ParsedArguments arguments = invocation.Arguments;
        if (arguments.Verb is not { } verb)
        {
            return;
        }

        _ = HelpText.Of(verb);
        Try(() => _ = new StreamLimit(invocation).Left);
        Try(() => _ = SendingOptions.Flags(arguments));
        Array.ForEach(Times, o => Try(() => Expect(arguments.Seconds(o) is not { } time || time >= TimeSpan.Zero, "a time is negative")));
        Array.ForEach(Numbers, o => Try(() => _ = arguments.Number(o)));
        if (!arguments.Has(Options.File))
        {
            Try(() => _ = SentData.Read(invocation, 1));
        }

        switch (verb.Name)
        {
            case "limpet":
                Try(() => _ = LimpetArguments.Address(invocation));
                Try(() => _ = LimpetArguments.Log(invocation));
                Try(() => _ = LimpetArguments.LimpetOptions(
                    invocation,
                    new LimpetLines(invocation.Output, LimpetArguments.Verbosity(invocation), LogForm.Plain, 1, invocation.Time, () => { })));
                break;
            case "policy" when arguments.Operands is [PolicyCommand.Explain]:
                Try(() => _ = verb.Run(invocation));
                break;
            case var name when Runnable.Contains(name):
                Try(() => _ = verb.Run(invocation));
                break;
        }
    }

    /// <summary>Each is tried whatever comes of the others.</summary>
    private static void Try(Action read)
    {
        try
        {
            read();
        }
        catch (CommandException e)
        {
            Expect(e.ExitCode is > 0 and < 128, "a refusal has no exit code of a refusal");
        }
    }
}
