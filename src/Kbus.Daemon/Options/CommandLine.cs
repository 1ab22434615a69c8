using System.Globalization;
using Kbus.Core;

namespace Kbus.Daemon;

/// <summary>Reads the daemon's command line; what it does not say may come from the configuration file that it names.</summary>
internal static class CommandLine
{
    /// <summary>What <c>--help</c> prints.</summary>
    public const string Help = """
        kbusd: carries KBUS buses for the processes of this machine

        usage: kbusd [options]

          --runtime-dir DIR     where the sockets are (default: $KBUS_RUNTIME_DIR,
                                else /run/kbus for root, else $XDG_RUNTIME_DIR/kbus,
                                else $HOME/.cache/kbus)
          --user USER           serve as this user, with the user's groups; only root
                                can choose one (default: the user who starts kbusd)
          --buses N             buses at the start, numbered from 0: 1 to 256
                                (default 1)
          --config FILE         the same options in a file: JSON with comments, names
                                without the dashes; the command line wins
          --socket-mode OCTAL   permissions of the sockets (default 666; the directory
                                decides who gets in)
          --policy FILE         who may open which bus, bind to which names, and so on
                                (docs/policy.md); SIGHUP reads it again
          --exit-when-idle SECONDS
                                end when no Ksock has been open for so long
                                (default: never)
          --detached            as a first Ksock starts it: limits, priority and
                                processors as at login; once it serves, its log is
                                kbusd.log in the runtime directory
          --default-max-messages N
                                queue length of a new Ksock (default 100)
          --default-max-message-size BYTES
                                greatest entire message at the start (default 409600)
          --absolute-max-message-size BYTES
                                how far that can be raised, up to 67108864, the default
          --max-set-aside-events N
                                unbind events kept for listeners without room
                                (default 1000)
          --max-queued-bytes BYTES
                                bytes that may wait in one Ksock's queue
                                (default 67108864)
          --max-ksocks N        Ksocks of all users together, shared as what follows
                                (default: what descriptors and mappings allow)
          --max-bindings N      bindings of all users of a bus together (default
                                262144); of this and the next three each user and each
                                process may have a share of what is left
          --max-name-bytes BYTES
                                bytes of the names in them (default 67108864)
          --max-requests N      Requests that are owed an answer (default 65536)
          --max-message-bytes BYTES
                                bytes of messages (default a quarter of the memory, at
                                most 2147483648)
          --max-repeats N       bindings of one Ksock to one and the same name
                                (default 1024)
          --devices[=DIR]       device files kbusN, bindings and stats in DIR, through
                                FUSE (default: dev in the runtime directory); needs
                                libfuse 3
          --device-links        make /dev/kbusN lead to them
          --device-link-dir DIR
                                where those links are, if not in /dev
          --device-owner USER, --device-group GROUP, --device-mode OCTAL
                                whose they are (default: the daemon's own user and
                                group, 666)
          --version, --help

        It stays in the foreground and ends on SIGTERM or Ctrl-C.
        Exit codes: 0 ended as asked, 1 something failed, 2 wrong options or a daemon
        runs on that directory already.
        """;

    private const string OnByItself = "true";

    // What the runtime makes of a byte of an argument that is not UTF-8.
    private const char Replaced = '\uFFFD';

    // Program answers these, when they stand alone.
    private static readonly string[] Alone = ["--version", "--help"];

    /// <summary>All options but those that stand alone.</summary>
    public static IReadOnlyList<string> Options { get; } =
    [
        "--runtime-dir", "--buses", "--config", "--socket-mode", "--exit-when-idle", "--default-max-messages", "--default-max-message-size",
        "--absolute-max-message-size", "--max-set-aside-events", "--max-queued-bytes", "--max-ksocks", "--max-bindings", "--max-name-bytes",
        "--max-requests", "--max-message-bytes", "--max-repeats", "--devices", "--device-links", "--device-link-dir",
        "--device-owner", "--device-group", "--device-mode", "--detached", "--policy", "--user",
    ];

    /// <summary>Reads the arguments.</summary>
    /// <param name="args">The arguments.</param>
    /// <param name="readFile">Reads a file; replaced in tests.</param>
    /// <exception cref="KbusdException">They make no sense; the message says why.</exception>
    public static DaemonOptions Parse(IReadOnlyList<string> args, Func<string, string> readFile)
    {
        List<(string Name, string Value)> given = [];
        string? config = null;
        for (int i = 0; i < args.Count; i++)
        {
            string name = args[i];
            string? value = null;
            int equals = name.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0)
            {
                (name, value) = (name[..equals], name[(equals + 1)..]);
            }

            if (!Options.Contains(name))
            {
                throw Unknown(name, name.StartsWith("--", StringComparison.Ordinal) ? name : $"'{name}'");
            }

            if (IsSwitch(name, args, i))
            {
                value ??= OnByItself;
            }

            // What is an option itself is no value; a value that looks like one can be given with '='.
            value ??= ++i < args.Count && !IsOption(args[i]) ? args[i] : throw new KbusdException($"{name} needs a value. See kbusd --help.");
            if (name == "--config")
            {
                config = Checked(value, name);
            }
            else
            {
                given.Add((name[2..], value));
            }
        }

        var options = new DaemonOptions();
        if (config is not null)
        {
            options = ConfigurationFile.Read(config, readFile).Aggregate(options, (o, s) => Apply(o, s.Name, s.Value, $"{config}: "));
        }

        options = given.Aggregate(options, (o, s) => Apply(o, s.Name, s.Value, "--"));
        return options.Check() is { } wrong ? throw new KbusdException(wrong) : options;
    }

    /// <summary>Options that need no value: what is not given is chosen for them.</summary>
    private static bool IsSwitch(string name, IReadOnlyList<string> args, int place) => name switch
    {
        "--device-links" or "--detached" => true,
        "--devices" => place + 1 >= args.Count || args[place + 1].StartsWith("--", StringComparison.Ordinal),
        _ => false,
    };

    /// <summary>Says that a word is no option, and which one may be meant.</summary>
    /// <param name="word">The word, with the dashes that an option has.</param>
    /// <param name="shown">The word as it stands where it was found.</param>
    private static KbusdException Unknown(string word, string shown)
    {
        string printable = string.Concat(shown.Select(c => char.IsControl(c) ? $"\\x{(int)c:x2}" : $"{c}"));
        if (Alone.Contains(word))
        {
            return new KbusdException($"{printable} stands alone: give no other option with it.");
        }

        string sought = "--" + word.TrimStart('-');
        (string best, int distance) = Options.Concat(Alone).Select(n => (n, Spelling.Distance(sought, n))).MinBy(n => n.Item2);
        string? beginning = Options.FirstOrDefault(n => sought.Length > 3 && n.StartsWith(sought, StringComparison.Ordinal));
        string? meant = distance <= Math.Max(1, (sought.Length - 2) / 3) ? best : beginning;
        return new KbusdException($"{printable} is not an option.{(meant is null ? "" : $" Did you mean {meant}?")} See kbusd --help.");
    }

    private static bool IsOption(string word) => Options.Contains(word.Split('=')[0]);

    private static bool IsOn(string value, string name) => value switch
    {
        OnByItself => true,
        "false" => false,
        _ => throw new KbusdException($"{name}: '{value}' is neither true nor false."),
    };

    private static DaemonOptions Apply(DaemonOptions options, string name, string value, string where)
    {
        uint Number() => uint.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out uint number)
            ? number
            : throw new KbusdException($"{where}{name}: '{value}' is not a whole number from 0 to 4294967295.");
        int Count() => (int)Math.Min(Number(), int.MaxValue);
        value = Checked(value, where + name);
        return name switch
        {
            "runtime-dir" => options with { RuntimeDirectory = value },
            "user" => options with { User = value },
            "buses" => options with { Buses = (int)Math.Min(Number(), int.MaxValue) },
            "socket-mode" => options with { SocketMode = Octal(value, where + name) },
            "exit-when-idle" => options with { ExitWhenIdle = TimeSpan.FromSeconds(Number()) },
            "detached" => options with { Detached = IsOn(value, where + name) },
            "default-max-messages" => options with { Bus = options.Bus with { DefaultMaxMessages = Number() } },
            "default-max-message-size" => options with { Bus = options.Bus with { DefaultMaxMessageSize = Number() } },
            "absolute-max-message-size" => WithAbsolute(options, Number()),
            "max-set-aside-events" => options with { Bus = options.Bus with { MaxSetAsideEvents = Number() } },
            "max-queued-bytes" => options with { Bus = options.Bus with { MaxQueuedBytes = Number() } },
            "max-ksocks" => options with { MaxKsocks = Number() },
            "max-bindings" => options with { Bus = options.Bus with { MaxBindings = Count() } },
            "max-repeats" => options with { Bus = options.Bus with { MaxRepeats = Count() } },
            "max-name-bytes" => options with { Bus = options.Bus with { MaxNameBytes = Number() } },
            "max-requests" => options with { Bus = options.Bus with { MaxRequests = Count() } },
            "max-message-bytes" => options with { Bus = options.Bus with { MaxMessageBytes = Number() } },
            "policy" => options with { Policy = value },
            "devices" => options with { Devices = value switch { OnByItself => string.Empty, "false" => null, _ => value } },
            "device-links" => options with { DeviceLinks = IsOn(value, where + name) },
            "device-link-dir" => options with { DeviceLinkDirectory = Path.GetFullPath(value) },
            "device-owner" => options with { DeviceOwner = value },
            "device-group" => options with { DeviceGroup = value },
            "device-mode" => options with { DeviceMode = Octal(value, where + name) },
            _ => throw Unknown("--" + name, where + name),
        };
    }

    /// <summary>A value that a file, a user or a number can have, wherever it was given.</summary>
    private static string Checked(string value, string name)
    {
        string? wrong = value.Contains(Replaced) ? "its value has bytes that are not UTF-8. Such a name cannot be used here."
            : value.Contains('\0') ? "its value has a NUL in it. No name can have one."
            : value.Length == 0 ? "its value is empty."
            : null;
        return wrong is null ? value : throw new KbusdException($"{name}: {wrong}");
    }

    /// <summary>A lower absolute maximum takes the default one down with it, as far as nobody set that.</summary>
    private static DaemonOptions WithAbsolute(DaemonOptions options, uint bytes)
    {
        BusOptions bus = options.Bus with { AbsoluteMaxMessageSize = bytes };
        bool isUnset = bus.DefaultMaxMessageSize == new BusOptions().DefaultMaxMessageSize;
        return options with { Bus = isUnset && bytes < bus.DefaultMaxMessageSize ? bus with { DefaultMaxMessageSize = bytes } : bus };
    }

    private static int Octal(string value, string name)
    {
        int mode = 0;
        foreach (char digit in value)
        {
            if (digit is < '0' or > '7' || mode > 0x3F)
            {
                throw new KbusdException($"{name}: '{value}' is not a file mode such as 660.");
            }

            mode = (mode * 8) + (digit - '0');
        }

        return mode;
    }
}
