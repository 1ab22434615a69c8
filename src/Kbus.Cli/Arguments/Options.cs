namespace Kbus.Cli;

/// <summary>Every option there is.</summary>
internal static class Options
{
    public static readonly Option Bus = new("bus", 'b', "N", "the bus's number (default 0)", Candidates.Buses);
    public static readonly Option RuntimeDir = new(
        "runtime-dir", null, "DIR", "where the daemon's sockets are (default: $KBUS_RUNTIME_DIR, /run/kbus, your own)", Candidates.Directories);
    public static readonly Option Json = new("json", 'j', "", "JSON lines and nothing else on standard output");
    public static readonly Option JsonDocument = new("json", 'j', "", "the daemon's whole JSON document");
    public static readonly Option Count = new("count", 'n', "COUNT", "end after so many messages");
    public static readonly Option For = new("for", null, "SECONDS", "end after so long, with exit code 3");
    public static readonly Option Timeout = new("timeout", 't', "SECONDS", "wait at most so long for each answer (exit code 3)");
    public static readonly Option Full = new("full", 'f', "", "print long data whole");
    public static readonly Option Raw = new("raw", 'r', "", "print the data and nothing else, byte for byte");
    public static readonly Option Lines = new("lines", null, "", "print the data as --raw does, and an end of line after each");
    public static readonly Option Null = new("null", '0', "", "print the data as --raw does, and a byte of 0 after each");
    public static readonly Option Data = new("data", null, "FORM", "how data stands in --json: auto, text, hex, base64 or json; a field data_form says which it is", Candidates.DataForms);
    public static readonly Option Interval = new("interval", null, "SECONDS", "wait so long between two messages");
    public static readonly Option Name = new("name", null, "NAME", "only Ksocks bound to this name, or to a wildcard that takes it", Candidates.BoundNames);
    public static readonly Option Program = new("program", null, "TEXT", "only Ksocks of programs with TEXT in their names", Candidates.Programs);
    public static readonly Option Charges = new("charges", null, "", "who holds how much of what is limited, and may hold");
    public static readonly Option Sort = new("sort", null, "COLUMN", "by traffic (default), sent, got, bytes, queue, missed or owed", Candidates.TopOrders);
    public static readonly Option Rows = new("rows", null, "N", "how many Ksocks, and how many names (default 10)");
    public static readonly Option EachName = new("names", null, "", "also the traffic of each name: there may be thousands");
    public static readonly Option ListenAt = new("listen", null, "[ADDRESS:]PORT", "serve it over HTTP, on loopback if there is no address, until a signal ends it");
    public static readonly Option Traffic = new("traffic", null, "", "what was sent, delivered, missed and refused, by Ksocks and by names");
    public static readonly Option Again = new("watch", null, "", "show it again and again, every second or --interval; -n and --for end it");
    public static readonly Option Kind = new("kind", null, "KIND", "only events of this kind; several are allowed, also as a,b", Candidates.EventKinds);
    public static readonly Option OfKsock = new("ksock", null, "ID", "only what this Ksock does or gets; several are allowed, also as 1,2", Candidates.Ksocks);
    public static readonly Option ErrorsOnly = new("errors-only", null, "", "only what went wrong: refused, missed, answered by the bus, died");
    public static readonly Option TimeForm = new("time", null, "FORM", "wall (default), relative (to the first line) or delta (to the line before)", Candidates.TimeForms);
    public static readonly Option WithData = new("with-data", null, "", "show the data of messages, too");
    public static readonly Option HeadersOnly = new("headers-only", null, "", "record messages without their data");
    public static readonly Option Compress = new("compress", null, "", "compress what is recorded, in blocks");
    public static readonly Option Append = new("append", null, "", "go on behind what FILE has already");
    public static readonly Option RotateSize = new("rotate-size", null, "SIZE", "go on in the next file, FILE.000002, after so many bytes: 65536, 100M, 2G");
    public static readonly Option RotateAfter = new("rotate-after", null, "SECONDS", "go on in the next file after so long");
    public static readonly Option Keep = new("keep", null, "N", "remove all but the newest N files of a rotation");
    public static readonly Option Speed = new("speed", null, "N", "so many times as fast as it was recorded, such as 10 or 0.5");
    public static readonly Option Fast = new("fast", null, "", "as fast as possible, instead of as it was recorded");
    public static readonly Option Map = new("map", null, "OLD=NEW", "send messages of the name OLD by the name NEW; both may end in .*; several are allowed");
    public static readonly Option RequestsOnly = new("requests-only", null, "", "send Requests, and no announcements");
    public static readonly Option AsReplier = new("as-replier", null, "", "also bind to the names of the Requests, and send the recorded Replies");
    public static readonly Option Loops = new("loops", null, "N", "play it so many times (default 1)");
    public static readonly Option Mermaid = new("mermaid", null, "", "in the language of Mermaid, for documents in Markdown, instead of as SVG");
    public static readonly Option User = new("user", null, "USER", "only Ksocks of this user: a name or a number", Candidates.Users);
    public static readonly Option Quiet = new("quiet", 'q', "", "no notes on standard error, only errors");
    public static readonly Option ReadyFd = new("ready-fd", null, "FD", "when bound, write a line with the Ksock's id to this descriptor and close it");
    public static readonly Option Urgent = new("urgent", 'u', "", "go to the front of each queue");
    public static readonly Option AllOrFail = new("all-or-fail", null, "", "send to all or to none: fail if a queue is full");
    public static readonly Option AllOrWait = new("all-or-wait", null, "", "send to all or to none: wait until every queue has room");
    public static readonly Option To = new("to", null, "ID", "only if this Ksock is the replier: a stateful request", Candidates.Repliers);
    public static readonly Option Flags = new("flags", null, "FLAGS", "further flag bits, as 65536 or 0x10000; the upper 16 are yours");
    public static readonly Option File = new("file", null, "FILE", "data from a file; - is standard input", Candidates.Files);
    public static readonly Option Hex = new("hex", 'x', "", "DATA, or the file, is pairs of hex digits");
    public static readonly Option Echo = new("echo", null, "", "answer each request with its own data");
    public static readonly Option Exec = new("exec", null, "COMMAND", "answer with what COMMAND prints; it gets the request's data on its standard input");
    public static readonly Option List = new("list", 'l', "", "every error there is, one on a line");
    public static readonly Option Server = new("server", null, "", "wait at ADDRESS for the other Limpet to connect") { Also = ["s"] };
    public static readonly Option Client = new("client", null, "", "connect to the other Limpet at ADDRESS") { Also = ["c"] };
    public static readonly Option NetworkId = new("id", null, "N", "the network id, unique among all Limpets, or auto: from the machine's (default: client 1, server 2)");
    public static readonly Option Message = new("message", null, "NAME", "listen to these messages; several are allowed (default '$.*')", Candidates.BoundNames) { Also = ["m"] };
    public static readonly Option Terminate = new("terminate", null, "NAME", "end when a message of this name comes; it is not carried", Candidates.BoundNames) { Also = ["t"] };
    public static readonly Option Verbosity = new("verbosity", null, "N", "0: errors only, 1 (default): what happens to the link, 2: each message too") { Also = ["v", "verbose"] };
    public static readonly Option AllowOut = new("allow-out", null, "NAME", "only these, or none, may leave the bus; several are allowed (default: all)", Candidates.BoundNames);
    public static readonly Option AllowIn = new("allow-in", null, "NAME", "only these, or none, may come to the bus; several are allowed (default: all)", Candidates.BoundNames);
    public static readonly Option TlsCert = new("tls-cert", null, "FILE", "protect the link with this certificate (PEM)", Candidates.Files);
    public static readonly Option TlsKey = new("tls-key", null, "FILE", "its private key (PEM; default: in the same file)", Candidates.Files);
    public static readonly Option TlsCa = new("tls-ca", null, "FILE", "the authorities that may have signed the other's certificate (PEM)", Candidates.Files);
    public static readonly Option TlsPin = new("tls-pin", null, "SHA256", "the other's key, as it prints it; several are allowed");
    public static readonly Option TlsName = new("tls-name", null, "NAME", "the name that the other's certificate must be for, with --tls-ca");
    public static readonly Option Plain = new("plain", null, "", "let the unprotected protocol leave this machine, where anybody can read it");
    public static readonly Option PlainLoopback = new("plain-loopback", null, "", "let the unprotected protocol use TCP here, where every user can reach it");
    public static readonly Option Networks = new("networks", null, "IDS", "the ids of networks behind the other, as 7,10-19 or none (default: any)");
    public static readonly Option Config = new("config", null, "FILE", "serve many peers, as FILE says; SIGHUP reads it again", Candidates.Files);
    public static readonly Option CheckFile = new("check", null, "FILE", "say whether anything is wrong with such a file, and end", Candidates.Files);
    public static readonly Option Health = new("health", null, "", "say in one line whether all links here, or those of ADDRESS or a peer's name, are up (else exit code 1)");
    public static readonly Option Metrics = new("metrics", null, "", "print what all Limpets here carry, as Prometheus reads it, and end");
    public static readonly Option Log = new("log", null, "FORM", "how lines begin: plain (default), times (with time and level) or journal (for systemd)", Candidates.LogForms);
    public static readonly Option OnlyLimpets = new("limpets", null, "", "only Limpets and their links; with --json a line for each Limpet");
    public static readonly Option Silence = new("silence", null, "SECONDS", "end a link whose other machine has been silent so long (default 30)");
    public static readonly Option MaxMessages = new("max-messages", null, "N", "how many messages its queue on the bus holds (default 10000)");
    public static readonly Option Once = new("once", null, "", "end with the first link");
    public static readonly Option MakeKey = new("make-key", null, "FILE", "make a key and certificate in a new file, print the pin, and end", Candidates.Files);
    public static readonly Option Bowls = new("bowls", null, "N", "play the Limpets' chapter instead, with 2 to 5 buses");
    public static readonly Option Slow = new("slow", null, "", "wait a second after each line, so that one can watch");
    public static readonly Option Step = new("step", null, "", "wait for Enter after each line");
    public static readonly Option Actor = new("actor", null, "NAME", "");
    public static readonly Option Group = new("group", null, "GROUP", "the user's process is in this group, too: a name or a number; several are allowed");
    public static readonly Option SendName = new("send", null, "NAME", "may the user send this name?", Candidates.BoundNames);
    public static readonly Option BindName = new("bind", null, "NAME", "may the user bind to this name, or wildcard?", Candidates.BoundNames);
    public static readonly Option Replier = new("replier", null, "", "as replier, not as listener");
    public static readonly Option OpenMode = new("open", null, "MODE", "may the user open the bus? MODE is read, write or both", Candidates.OpenModes);
    public static readonly Option Set = new("set", null, "SETTING", "may the user change MAXMSGSIZE, VERBOSE or REPORTREPLIERBINDS?", Candidates.Settings);
    public static readonly Option SeeStatus = new("status", null, "", "may the user see the status?");
    public static readonly Option ActAsLimpet = new("limpet", null, "", "may the user use a network id?");
    public static readonly Option NewBus = new("new-bus", null, "", "may the user make a bus?");
    public static readonly Option Watch = new("watch", null, "", "may the user watch the bus (kbus monitor)?");
    public static readonly Option Help = new("help", 'h', "", "this text");
    public static readonly Option Version = new("version", 'V', "", "the version");

    /// <summary>All of them; those of one name agree in whether a value follows.</summary>
    public static IReadOnlyList<Option> All { get; } =
    [
        Bus, RuntimeDir, Json, JsonDocument, Count, For, Timeout, Full, Raw, Lines, Null, Data, Interval, Name, Program, User, Charges, Kind, OfKsock, ErrorsOnly, TimeForm, WithData, HeadersOnly, Compress, Append, RotateSize, RotateAfter, Keep, Speed, Fast, Map, RequestsOnly, AsReplier, Loops, Mermaid, Sort, Rows, EachName, ListenAt, Traffic, Again, Quiet, ReadyFd, Urgent, AllOrFail, AllOrWait, To, Flags, File, Hex,
        Echo, Exec, List, Server, Client, NetworkId, Message, Terminate, Verbosity, AllowOut, AllowIn, TlsCert, TlsKey, TlsCa, TlsPin, TlsName,
        Plain, PlainLoopback, Networks, Config, CheckFile, Health, Metrics, Log, OnlyLimpets, Silence, MaxMessages, Once, MakeKey, Bowls, Slow, Step, Actor,
        Group, SendName, BindName, Replier, OpenMode, Set, SeeStatus, ActAsLimpet, NewBus, Watch, Help, Version,
    ];

    /// <summary>Where the bus is, for every verb that opens a Ksock.</summary>
    public static IReadOnlyList<Option> OfPlace { get; } = [Bus, RuntimeDir];

    /// <summary>The message, and how it is sent.</summary>
    public static IReadOnlyList<Option> OfSending { get; } = [File, Hex, Urgent, AllOrFail, AllOrWait, Flags];
}
