using static Kbus.Cli.Options;

namespace Kbus.Cli;

/// <summary>Every verb there is. Parsing, help, completion and the tests of the documents all read this one list.</summary>
internal static class Verbs
{
    private const int AnyNumber = 1000;

    private static readonly Verb Send = new("send", "sends an announcement", "NAME [DATA]", SendCommand.Run)
    {
        LeastOperands = 1,
        MostOperands = 2,
        DataOperand = 1,
        Completes = [Candidates.MessageNames, Candidates.None],
        Options =
        [
            .. OfPlace, .. OfSending, Lines with { Text = "each line of standard input (or of --file) is a message" },
            Null with { Text = "the same, but each ends in a byte of 0" }, Count with { Text = "send it so many times; with --lines, end after so many" },
            Interval, For, Json, Cli.Options.Data, Full,
        ],
        Text = """
            Prints the message as the bus took it, with its id. It is no error if nobody listens.
            """,
        Examples =
        [
            "kbus send '$.Actor.Speak' 'Ahem'",
            "date | kbus send '$.Clock.Tick' --lines",
            "kbus send '$.Actor.Alarm' --urgent --hex '46 69 72 65 21' -n 3 --interval 0.1",
        ],
    };

    private static readonly Verb Call = new("call", "sends a request and prints its answer", "NAME [DATA]", CallCommand.Run)
    {
        LeastOperands = 1,
        MostOperands = 2,
        DataOperand = 1,
        Completes = [Candidates.RepliedNames, Candidates.None],
        Options =
        [
            .. OfPlace, .. OfSending, To, Cli.Options.Timeout, Count with { Text = "call so many times" }, Interval, For,
            Json, Cli.Options.Data, Raw, Lines, Null, Full,
        ],
        Text = """
            There is always one answer: the replier's, or a Status from the bus in its place (exit code 5).
            If nobody is bound as replier the request is not sent (exit code 1).
            """,
        Examples =
        [
            "kbus call '$.Actor.Ask.Guildenstern' 'Were you speaking to me?'",
            "kbus call '$.Clock.Read' --timeout 2 --raw",
            "kbus call '$.Actor.Ask.Guildenstern' 'How many heads?' --json --data auto",
        ],
    };

    private static readonly Verb Reply = new("reply", "acts as replier: answers each request", "NAME [DATA]", ReplyCommand.Run)
    {
        LeastOperands = 1,
        MostOperands = 2,
        DataOperand = 1,
        Completes = [Candidates.BoundNames, Candidates.None],
        Options =
        [
            .. OfPlace, Echo, Exec, Cli.Options.Timeout with { Text = "kill COMMAND after so long, and answer with what it printed" }, .. OfSending,
            MaxMessages with { Text = "how many requests may wait (default: what the bus gives each Ksock, 100)" },
            Count with { Text = "end after so many requests" }, For, Json, Cli.Options.Data, Full, ReadyFd, Quiet,
        ],
        Text = """
            The answer is DATA (none: empty), what --file names, the request's own data (--echo), or what a command
            prints until it ends (--exec). Prints each request and its reply. NAME may be a wildcard.
            The command of --exec finds KBUS_NAME, KBUS_ID, KBUS_FROM and KBUS_TO in its environment.
            An answer that is too long for the bus is sent without data, and a note says so.
            """,
        Examples =
        [
            "kbus reply '$.Actor.Ask.Guildenstern' 'Yes, yes I was'",
            "kbus reply '$.Clock.Read' --exec date",
            "kbus reply '$.Echo.*' --echo -n 3",
        ],
    };

    private static readonly Verb Listen = new("listen", "prints every message of some names", "NAME...", ListenCommand.Run)
    {
        LeastOperands = 1,
        MostOperands = AnyNumber,
        Completes = [Candidates.BoundNames],
        Options =
        [
            .. OfPlace, MaxMessages with { Text = "how many messages its queue holds (default 100000)" }, Count, For,
            Json, Cli.Options.Data, Raw, Lines, Null, Full, ReadyFd, Quiet,
        ],
        Text = """
            A NAME may end in .* (any further words) or .% (one further word). A message that matches two NAMEs comes twice.
            Once bound it says so on standard error, and by --ready-fd: what is sent from then on is heard.
            What a full queue made it miss is told on standard error, and with --json, at the place where it is missing.
            """,
        Examples =
        [
            "kbus listen '$.Actor.*'",
            "kbus listen '$.Actor.Speak' '$.Clock.Tick' -n 10 --json --data auto",
            "kbus listen '$.Actor.Speak' --for 60 --lines",
        ],
    };

    private static readonly Verb Status = new("status", "shows buses, Ksocks, bindings, queues and who owes whom a reply", "", StatusCommand.Run)
    {
        Options =
        [
            Bus with { Text = "this bus only" }, OnlyLimpets, Name, Cli.Options.Program, User, Charges, Traffic, Again,
            Interval with { Text = "with --watch, wait so long in between (default 1)" }, Count with { Text = "with --watch, end after so many times" }, For, RuntimeDir,
            JsonDocument,
        ],
        Text = """
            Asks the daemon, without opening a Ksock: no id is used up. Exit code 4 if no daemon answers.
            QUEUE is messages waiting and how many may; MISSED is messages that a full queue kept a listener from getting.
            --traffic counts since the bus began. REPLIES and STATUSES of a name are the answers to Requests of that name.
            """,
        Examples = ["kbus status", "kbus status --traffic", "kbus status --program kbus --json"],
    };

    private static readonly Verb Monitor = new("monitor", "shows everything that happens on a bus, in the bus's order", "[NAME...]", MonitorCommand.Run)
    {
        MostOperands = AnyNumber,
        Completes = [Candidates.BoundNames],
        Options =
        [
            .. OfPlace, Cli.Options.Kind, OfKsock, Cli.Options.Program with { Text = "only what programs with TEXT in their names do or get" }, ErrorsOnly, TimeForm,
            WithData, Full with { Text = "show data and recipients whole" }, Json, Cli.Options.Data, Count with { Text = "end after so many events" }, For, ReadyFd, Quiet,
        ],
        Text = """
            It takes no part: it has no Ksock, nobody waits for it, and what it is too slow for it alone loses.
            A NAME, which may end in .* or .%, shows only messages and bindings of such names, and the answers.
            An answer says how long its Request has waited. Exit code 4 if there is no such bus.
            """,
        Examples = ["kbus monitor", "kbus monitor '$.Actor.*' --time delta --with-data", "kbus monitor --errors-only --json -n 10"],
    };

    private static readonly Verb Record = new("record", "records everything that happens on a bus in a file", "FILE", RecordCommand.Run)
    {
        LeastOperands = 1,
        MostOperands = 1,
        Completes = [Candidates.Files],
        Options =
        [
            .. OfPlace, HeadersOnly, Compress, Append, RotateSize, RotateAfter, Keep,
            Count with { Text = "end after so many events" }, For, ReadyFd with { Text = "when it records, write a line with the bus's number to this descriptor and close it" }, Quiet,
        ],
        Text = """
            It takes no part, as kbus monitor. What it is too slow for is counted, in its place. - is standard output.
            It begins with the Ksocks and bindings that are there. Whatever ends it, what it wrote can be read.
            The file is for its owner alone, because it has what all users sent. See docs/recordings.md.
            """,
        Examples =
        [
            "kbus record trace.kbus",
            "kbus record trace.kbus --for 60 --headers-only",
            "kbus record /var/log/kbus/trace --rotate-size 100M --keep 10 --compress",
        ],
    };

    private static readonly Verb Show = new("show", "shows a recording as kbus monitor would have", "FILE [NAME...]", ShowCommand.Run)
    {
        LeastOperands = 1,
        MostOperands = AnyNumber,
        Completes = [Candidates.Files, Candidates.BoundNames],
        Options =
        [
            Cli.Options.Kind, OfKsock with { Completes = Candidates.None }, Cli.Options.Program with { Text = "only what programs with TEXT in their names do or get", Completes = Candidates.None },
            ErrorsOnly, TimeForm, WithData, Full with { Text = "show data and recipients whole" }, Json, Cli.Options.Data, Count with { Text = "end after so many events" },
        ],
        Text = """
            Programs and users stand by the names that they had then. - is standard input: several files can be read by
            cat FILE.* | kbus show -. A recording that was cut off is shown up to there, and a note says so.
            """,
        Examples = ["kbus show trace.kbus", "kbus show trace.kbus '$.Actor.*' --time delta --with-data", "kbus show trace.kbus --errors-only --json -n 10"],
    };

    private static readonly Verb Replay = new("replay", "sends the announcements and Requests of a recording again", "FILE [NAME...]", ReplayCommand.Run)
    {
        LeastOperands = 1,
        MostOperands = AnyNumber,
        Completes = [Candidates.Files, Candidates.BoundNames],
        Options =
        [
            .. OfPlace, Speed, Fast, Step with { Text = "wait for Enter before each message" }, Map, RequestsOnly, AsReplier, Loops,
            Cli.Options.Timeout with { Text = "wait at most so long for room, and for the last answers (default 5)" }, Count with { Text = "end after so many messages" }, For, Quiet,
        ],
        Text = """
            Sends them from one Ksock, in their order, at the times that they were recorded at. NAMEs choose messages.
            What is refused is counted, and does not end it. At the end it says what was sent, what was refused and why:
            exit code 1 if anything was refused. See docs/recordings.md.
            """,
        Examples =
        [
            "kbus replay trace.kbus",
            "kbus replay trace.kbus --fast --loops 10 --map '$.Actor.*=$.Test.Actor.*'",
            "kbus replay trace.kbus '$.Clock.*' --speed 10 --as-replier",
        ],
    };

    private static readonly Verb Diagram = new("diagram", "draws a sequence diagram of a recording", "FILE [NAME...]", DiagramCommand.Run)
    {
        LeastOperands = 1,
        MostOperands = AnyNumber,
        Completes = [Candidates.Files, Candidates.BoundNames],
        Options =
        [
            Mermaid, Cli.Options.Kind, OfKsock with { Completes = Candidates.None }, Cli.Options.Program with { Text = "only what programs with TEXT in their names do or get", Completes = Candidates.None },
            ErrorsOnly, WithData, Count with { Text = "of so many events, the first ones (default 200)" }, Quiet,
        ],
        Text = """
            Programs stand side by side, and time goes down. An arrow is a copy of a message. Prints an SVG that stands alone.
            Choose what it shows as for kbus monitor.
            """,
        Examples =
        [
            "kbus diagram trace.kbus >trace.svg",
            "kbus diagram trace.kbus '$.Actor.*' --with-data >actor.svg",
            "kbus diagram trace.kbus --kind request,reply,status --mermaid",
        ],
    };

    private static readonly Verb Top = new("top", "shows the busiest Ksocks and names of a bus, again and again", "", TopCommand.Run)
    {
        Options =
        [
            .. OfPlace, Sort, Rows, Name, Cli.Options.Program, User,
            Interval with { Text = "wait so long in between (default 1)" }, Count with { Text = "end after so many times" }, For,
        ],
        Text = """
            Rates are those since the time before. QUEUE is messages waiting and how many may; MISSED counts since the Ksock
            was opened; OWED is the answers that it waits for. Opens no Ksock.
            """,
        Examples = ["kbus top", "kbus top --sort missed --rows 5", "kbus top --interval 10 -n 1"],
    };

    private static readonly Verb Tree = new("tree", "shows the names of a bus as a tree: who replies, who listens, how much was sent", "", TreeCommand.Run)
    {
        Options = [.. OfPlace],
        Text = """
            Names that somebody is bound to, and names that were sent (the busiest 1000 of those that nobody is bound to).
            Opens no Ksock.
            """,
        Examples = ["kbus tree", "kbus tree --bus 1", "kbus tree --runtime-dir /run/kbus"],
    };

    private static readonly Verb Wait = new("wait", "waits until names have repliers", "NAME...", WaitCommand.Run)
    {
        LeastOperands = 1,
        MostOperands = AnyNumber,
        Completes = [Candidates.BoundNames],
        Options = [.. OfPlace, For, Quiet],
        Text = """
            Ends when a Request of each NAME would find a replier, also one that is bound by a wildcard.
            """,
        Examples = ["kbus wait '$.Clock.Read'", "kbus wait '$.Clock.Read' --for 10", "kbus wait '$.A' '$.B' --quiet"],
    };

    private static readonly Verb Ping = new("ping", "says how long a bus takes to answer", "", PingCommand.Run)
    {
        Options =
        [
            .. OfPlace, Count with { Text = "ask so many times (default 5)" },
            Interval with { Text = "wait so long in between (default 1)" }, For,
        ],
        Text = """
            A question and its answer: this process to the bus and back. No replier has to do with it.
            """,
        Examples = ["kbus ping", "kbus ping -n 100 --interval 0.01", "kbus ping --bus 1 --for 60"],
    };

    private static readonly Verb Metrics = new("metrics", "prints what kbusd and Limpets count, as Prometheus reads it", "", MetricsCommand.Run)
    {
        Options = [RuntimeDir, EachName, ListenAt, Quiet],
        Text = """
            Opens no Ksock. With --listen it answers GET /metrics, and says kbus_up 0 while no kbusd answers. Whoever can
            connect there can read it.
            """,
        Examples = ["kbus metrics", "kbus metrics --names", "kbus metrics --listen 9464"],
    };

    private static readonly Verb Explain = new("errno", "explains an error", "[NUMBER|NAME]", ErrnoCommand.Run)
    {
        MostOperands = 1,
        Completes = [Candidates.Errors],
        Options = [List],
        Text = """
            Says what the error means to Unix, and what it means when KBUS gives it.
            """,
        Examples = ["kbus errno 32", "kbus errno EADDRNOTAVAIL", "kbus errno --list"],
    };

    private static readonly Verb Limpet = new("limpet", "joins a bus with one beyond, through another Limpet", "ADDRESS", LimpetCommand.Run)
    {
        MostOperands = 1,
        Options =
        [
            Server, Client, Bus with { Also = ["kbus", "k"] }, RuntimeDir, NetworkId, Cli.Options.Message, Terminate, AllowOut, AllowIn, Verbosity, Quiet,
            TlsCert, TlsKey, TlsCa, TlsPin, TlsName, Plain, PlainLoopback, Networks, Config, CheckFile, Health, Cli.Options.Metrics, Log, MakeKey, Silence, MaxMessages, Once,
            ReadyFd with { Text = "when it listens, or is linked, write its address to this descriptor and close it" },
        ],
        Text = """
            ADDRESS is HOST:PORT, or the path of a Unix socket. A link that breaks is made again. TCP needs TLS,
            unless --plain-loopback or --plain. The switches of the original's runlimpet work too: -s -c -id N
            -k N -kbus N -v N -t NAME, and -m NAME (the last one counts). Exit code 6: with --once, the link closed
            a ring of buses. 7: the server sent this Limpet away, and said why. See docs/limpets.md.
            """,
        Examples =
        [
            "kbus limpet --server /tmp/limpet --bus 0",
            "kbus limpet --config /etc/kbus/limpet.json",
            "kbus limpet --server 0.0.0.0:4321 --tls-cert limpet.pem --tls-pin \"$PIN\" --allow-in '$.Sensor.*'",
        ],
    };

    private static readonly Verb Policy = new("policy", "checks a policy file, or explains what it allows", "check FILE | explain", PolicyCommand.Run)
    {
        LeastOperands = 1,
        MostOperands = 2,
        Completes = [Candidates.PolicyDeeds, Candidates.Files],
        Options =
        [
            Cli.Options.File with { Text = "the policy to be explained (default /etc/kbus/policy.json)" },
            User with { Text = "of this user: a name or a number (default: you)", Completes = Candidates.None }, Group,
            Bus with { Text = "on this bus (default 0)", Completes = Candidates.None },
            OpenMode, BindName, Replier, SendName, Set, SeeStatus, ActAsLimpet, NewBus, Cli.Options.Watch,
        ],
        Text = """
            Reads the file itself and asks no daemon. explain answers each question with the line of the rule that decides
            it, and ends with exit code 1 if anything is denied. See docs/policy.md.
            """,
        Examples =
        [
            "kbus policy check /etc/kbus/policy.json",
            "kbus policy explain --user tibs --send '$.Clock.Set' --bind '$.Clock.*'",
            "kbus policy explain --file policy.json --user 1000 --bind '$.Clock.Read' --replier --open both",
        ],
    };

    private static readonly Verb Play = new("play", "plays chapters of the KBUS paper, with real processes", "", PlayCommand.Run)
    {
        Options = [Bowls, Slow, Step, Actor],
        Text = """
            Starts a bus of its own and four actors, each a process with a Ksock, and has them say what the paper has
            them say; or, with --bowls, as many buses, Limpets between them, and the goldfish A, G, R and S.
            Every result is compared with the paper. Exit code 0: all was as the paper has it. Nothing is left behind.
            """,
        Examples = ["kbus play", "kbus play --slow", "kbus play --bowls 3 --step"],
    };

    private static readonly Verb Completion = new("completion", "prints what a shell needs for completion, with live names", "SHELL", CompletionCommand.Run)
    {
        LeastOperands = 1,
        MostOperands = 1,
        Completes = [Candidates.Shells],
        Text = """
            SHELL is bash, zsh or fish. Names, buses and repliers come from the daemon at the moment of asking.
            """,
        Examples =
        [
            "eval \"$(kbus completion bash)\"",
            "kbus completion zsh > \"${fpath[1]}/_kbus\"",
            "kbus completion fish > ~/.config/fish/completions/kbus.fish",
        ],
    };

    private static readonly Verb Help = new("help", "shows the help of a verb", "[VERB]", HelpCommand.Run)
    {
        MostOperands = 1,
        Completes = [Candidates.Verbs],
        Examples = ["kbus help", "kbus help send", "kbus help status"],
    };

    private static readonly Verb Complete = new("__complete", "", "WORD...", CompleteCommand.Run) { IsHidden = true };

    /// <summary>All verbs that the help shows, in its order.</summary>
    public static IReadOnlyList<Verb> Shown { get; } = [Send, Call, Reply, Listen, Wait, Monitor, Record, Show, Replay, Diagram, Status, Top, Tree, Ping, Metrics, Limpet, Policy, Explain, Play, Completion, Help];

    /// <summary>The verb of that name; null if there is none.</summary>
    public static Verb? Find(string name) => Shown.Append(Complete).FirstOrDefault(v => v.Name == name);
}
