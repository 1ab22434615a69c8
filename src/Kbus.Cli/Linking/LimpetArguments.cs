using Kbus.Limpets;

namespace Kbus.Cli;

/// <summary>The parsed arguments of <c>kbus limpet</c>.</summary>
internal static class LimpetArguments
{
    /// <summary>Stands for a network id that is derived from the machine's identity.</summary>
    public const string Auto = "auto";

    /// <summary>The words for how a Limpet's lines begin.</summary>
    public static readonly IReadOnlyDictionary<string, LogForm> LogForms =
        new Dictionary<string, LogForm> { ["plain"] = LogForm.Plain, ["times"] = LogForm.Times, ["journal"] = LogForm.Journal };

    private const uint OfClient = 1;
    private const uint OfServer = 2;
    private static readonly uint DefaultMaxMessages = new LimpetOptions().MaxMessages;

    /// <summary>Whether it is to wait for its peer, and not to connect to it. If both were said, the last counts.</summary>
    /// <exception cref="CommandException">Neither was said.</exception>
    public static bool IsServer(Invocation invocation) => invocation.Arguments.LastOf(Options.Server, Options.Client) is { } side
        ? side.Name == Options.Server.Name
        : throw CommandException.Usage("One of --server and --client must be given.", invocation.Verb);

    /// <summary>Where it listens or connects to.</summary>
    /// <exception cref="CommandException">It is missing, or no address.</exception>
    public static LimpetAddress Address(Invocation invocation)
    {
        if (invocation.Arguments.Operands is not [{ Length: > 0 } text])
        {
            throw CommandException.Usage("An ADDRESS is needed: HOST:PORT, or the path of a Unix socket.", invocation.Verb);
        }

        return Meant(invocation, () => LimpetAddress.Parse(text));
    }

    /// <summary>The Limpet's network id.</summary>
    public static uint NetworkId(Invocation invocation) => invocation.Arguments.Text(Options.NetworkId) == Auto
        ? MachineIds.Of(invocation.Arguments.Number(Options.Bus) ?? 0, IsServer(invocation), Address(invocation))
        : invocation.Arguments.Number(Options.NetworkId, least: 1) ?? (IsServer(invocation) ? OfServer : OfClient);

    /// <summary>The verbosity of its output.</summary>
    public static uint Verbosity(Invocation invocation)
    {
        invocation.Arguments.NotBoth(Options.Quiet, Options.Verbosity);
        return invocation.Arguments.Has(Options.Quiet) ? 0 : invocation.Arguments.Number(Options.Verbosity) ?? 1;
    }

    /// <summary>How its lines begin.</summary>
    /// <exception cref="CommandException">It is no such form.</exception>
    public static LogForm Log(Invocation invocation)
    {
        string word = invocation.Arguments.Text(Options.Log) ?? "plain";
        return LogForms.TryGetValue(word, out LogForm form) ? form
            : throw CommandException.Usage($"{Options.Log}: '{word}' is none of {string.Join(", ", LogForms.Keys)}.", invocation.Verb);
    }

    /// <summary>The options of the Limpet.</summary>
    /// <exception cref="CommandException">Something can be no name of a message.</exception>
    public static LimpetOptions LimpetOptions(Invocation invocation, LimpetLines lines) => new()
    {
        Device = invocation.Arguments.Number(Options.Bus) ?? 0,
        NetworkId = NetworkId(invocation),
        MessageNames = MessageNames(invocation),
        TerminationMessage = Termination(invocation),
        AllowOut = Names(invocation, Options.AllowOut),
        AllowIn = Names(invocation, Options.AllowIn),
        PeerNetworks = invocation.Arguments.Text(Options.Networks) is { } networks ? Meant(invocation, () => NetworkRange.ParseList(networks)) : null,
        SilenceLimit = SilenceLimit(invocation),
        MaxMessages = invocation.Arguments.Number(Options.MaxMessages, least: 1) ?? DefaultMaxMessages,
        Ksock = new KsockOptions { RuntimeDirectory = invocation.Arguments.Text(Options.RuntimeDir) },
        GivesMemoryBack = true,
        Log = lines.Tell,
        Linked = lines.TellPeer,
        Trace = lines.HasTrace ? lines.Trace : null,
        Time = invocation.Time,
    };

    /// <summary>The options of the links of a server whose file says the rest.</summary>
    /// <exception cref="CommandException">Something is given that stands in the file.</exception>
    public static LimpetOptions ServiceOptions(Invocation invocation)
    {
        ParsedArguments arguments = invocation.Arguments;
        Option[] allowed = [Options.Config, Options.RuntimeDir, Options.Verbosity, Options.Quiet, Options.Log, Options.ReadyFd];
        Option? other = arguments.Verb!.Options.FirstOrDefault(o => arguments.Has(o) && !allowed.Any(a => a.Name == o.Name));
        return other is null && arguments.Operands.Count == 0
            ? new LimpetOptions
            {
                Ksock = new KsockOptions { RuntimeDirectory = arguments.Text(Options.RuntimeDir) },
                GivesMemoryBack = true,
                Time = invocation.Time,
            }
            : throw CommandException.Usage($"{Options.Config}: the file says where and how to serve, so {(other is null ? "an ADDRESS" : $"{other}")} cannot be given as well.", invocation.Verb);
    }

    /// <summary>How the link is protected.</summary>
    /// <exception cref="CommandException">The options contradict each other, or a file cannot be read.</exception>
    public static LimpetSecurity Security(Invocation invocation)
    {
        ParsedArguments arguments = invocation.Arguments;
        arguments.NotBoth(Options.TlsCert, Options.Plain);
        arguments.NotBoth(Options.TlsCert, Options.PlainLoopback);
        if (arguments.Text(Options.TlsCert) is not { } certificate)
        {
            return arguments.LastOf(Options.TlsKey, Options.TlsCa, Options.TlsPin, Options.TlsName) is not { } alone
                ? new LimpetSecurity { AllowPlain = arguments.Has(Options.Plain), AllowPlainLoopback = arguments.Has(Options.PlainLoopback) }
                : throw CommandException.Usage($"{alone} needs {Options.TlsCert}: each side shows a certificate. 'kbus limpet --make-key FILE' makes one.", invocation.Verb);
        }

        if (!arguments.Has(Options.TlsCa) && (arguments.Has(Options.TlsName) || !arguments.Has(Options.TlsPin)))
        {
            throw CommandException.Usage(
                arguments.Has(Options.TlsName) ? $"{Options.TlsName} needs {Options.TlsCa}." : $"{Options.TlsCert} needs {Options.TlsPin} or {Options.TlsCa}, by which to know the other side.",
                invocation.Verb);
        }

        var security = new LimpetSecurity { PeerKeys = arguments.Texts(Options.TlsPin), PeerName = arguments.Text(Options.TlsName) };
        if (security.PeerKeys.FirstOrDefault(k => !LimpetSecurity.IsKey(k)) is { } bad)
        {
            throw CommandException.Usage($"{Options.TlsPin}: '{bad}' is no key: 64 hexadecimal digits are, as the other side prints them.", invocation.Verb);
        }

        return security with
        {
            Certificate = KeyFiles.Read(certificate, arguments.Text(Options.TlsKey), invocation.Warn),
            Authorities = arguments.Text(Options.TlsCa) is { } authorities ? KeyFiles.ReadAuthorities(authorities) : [],
        };
    }

    /// <summary>All that --message names; but the original's -m and -message each replace what was named before.</summary>
    private static List<string> MessageNames(Invocation invocation)
    {
        _ = Names(invocation, Options.Message);
        List<string> names = [];
        foreach (GivenOption given in invocation.Arguments.All(Options.Message))
        {
            if (given.HasOneDash)
            {
                names.Clear();
            }

            names.Add(given.Value);
        }

        return names.Count > 0 ? names : ["$.*"];
    }

    private static string? Termination(Invocation invocation) => Meant(invocation, () =>
    {
        string? name = invocation.Arguments.Text(Options.Terminate);
        new LimpetOptions { TerminationMessage = name }.Check();
        return name;
    });

    private static TimeSpan SilenceLimit(Invocation invocation)
    {
        var options = new LimpetOptions();
        options = options with { SilenceLimit = invocation.Arguments.Seconds(Options.Silence) ?? options.SilenceLimit };
        try
        {
            options.Check();
            return options.SilenceLimit;
        }
        catch (ArgumentOutOfRangeException)
        {
            throw CommandException.Usage($"{Options.Silence}: '{invocation.Arguments.Text(Options.Silence)}' is not a number of seconds from 4 to 3600.", invocation.Verb);
        }
    }

    private static IReadOnlyList<string> Names(Invocation invocation, Option option)
    {
        IReadOnlyList<string> names = invocation.Arguments.Texts(option);
        return Meant(invocation, () =>
        {
            (option == Options.Message ? new LimpetOptions { MessageNames = names } : new LimpetOptions { AllowIn = names }).Check();
            return names;
        });
    }

    private static T Meant<T>(Invocation invocation, Func<T> make)
    {
        try
        {
            return make();
        }
        catch (ArgumentException e)
        {
            throw CommandException.Usage($"{e.Message.TrimEnd('.')}.", invocation.Verb);
        }
    }
}
