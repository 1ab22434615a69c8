using System.Globalization;
using System.Net;
using System.Text.Json;
using Kbus.Limpets;
using Kbus.Policy;

namespace Kbus.Cli;

/// <summary>Reads the file of a server with many peers. Anything unknown is an error with its place.</summary>
internal ref struct LimpetFileReader
{
    private const uint MostBuses = 256;
    private const int MostPeers = 10_000;
    private const string Keys = "listen, id, bus, tls, plain, silence, peers";
    private const string TlsKeys = "certificate, key, authorities";
    private const string PeerKeys = "name, id, networks, pin, certificate-name, user, address, bus, message, allow-in, allow-out, queue, backlog, rate";

    private readonly string _directory;
    private readonly AccountNames _accounts;
    private readonly List<(LimpetPeer Peer, int Place)> _peers = [];
    private JsonWords _words;
    private LimpetOptions _options;
    private string? _certificate;
    private string? _key;
    private string? _authorities;

    /// <summary>Begins at the beginning.</summary>
    /// <param name="words">The file.</param>
    /// <param name="directory">Where it lies: other files are named from there.</param>
    /// <param name="options">The options of each link, where the file says nothing else.</param>
    /// <param name="accounts">Who resolves users.</param>
    public LimpetFileReader(JsonWords words, string directory, LimpetOptions options, AccountNames accounts)
    {
        _words = words;
        _directory = directory;
        _options = options;
        _accounts = accounts;
    }

    /// <summary>Reads the whole file.</summary>
    /// <exception cref="PolicyException">Something is wrong with it.</exception>
    public LimpetFile Read()
    {
        _words.NextObject("one JSON object: { \"listen\": ..., \"id\": ..., \"peers\": [ ... ] }");
        HashSet<string> seen = [];
        LimpetAddress? listen = null;
        uint? id = null;
        bool isAuto = false;
        string? plain = null;
        while (_words.NextKey(seen) is { } key)
        {
            switch (key)
            {
                case "listen":
                    listen = Meant("HOST:PORT, or the path of a Unix socket", LimpetAddress.Parse);
                    break;
                case "id":
                    id = _words.NextNumberOr(LimpetArguments.Auto, 1, uint.MaxValue);
                    isAuto = id is null;
                    break;
                case "bus":
                    CheckFirst(key);
                    _options = _options with { Device = _words.NextNumber(0, MostBuses - 1) };
                    break;
                case "silence":
                    CheckFirst(key);
                    _options = _options with { SilenceLimit = TimeSpan.FromSeconds(_words.NextNumber(4, 3600)) };
                    break;
                case "tls":
                    ReadTls();
                    break;
                case "plain":
                    plain = _words.NextText("\"loopback\" or \"everywhere\"");
                    _ = plain is "loopback" or "everywhere" ? true : throw _words.Wrong("here should stand \"loopback\" or \"everywhere\"");
                    break;
                case "peers":
                    ReadPeers();
                    break;
                default:
                    throw _words.Wrong($"'{JsonWords.Shown(key)}' is not known here. There are: {Keys}");
            }
        }

        _words.End();
        LimpetAddress place = listen ?? throw Missing("listen", "where peers connect");
        uint ownId = id ?? (isAuto ? Derived(place) : throw Missing("id", "this side's network id"));
        LimpetFile file = new()
        {
            Listen = place,
            NetworkId = ownId,
            Peers = [.. _peers.Select(p => p.Peer with { Options = p.Peer.Options with { NetworkId = ownId } })],
            Certificate = _certificate,
            Key = _key,
            Authorities = _authorities,
            Plain = plain,
        };
        Check(file);
        return file;
    }

    /// <summary>The network id that this machine's identity gives a server on this bus, at this place.</summary>
    private readonly uint Derived(LimpetAddress place)
    {
        try
        {
            return MachineIds.Of(_options.Device, isServer: true, place);
        }
        catch (CommandException e)
        {
            throw _words.WrongAt(0, e.Message.TrimEnd('.'));
        }
    }

    private void ReadTls()
    {
        _words.NextObject("an object such as { \"certificate\": \"limpet.pem\" }");
        int place = _words.Place;
        HashSet<string> seen = [];
        while (_words.NextKey(seen) is { } key)
        {
            switch (key)
            {
                case "certificate":
                    _certificate = File("the file of a certificate");
                    break;
                case "key":
                    _key = File("the file of a private key");
                    break;
                case "authorities":
                    _authorities = File("the file of the authorities' certificates");
                    break;
                default:
                    throw _words.Wrong($"'{JsonWords.Shown(key)}' is not known here. There are: {TlsKeys}");
            }
        }

        _ = _certificate ?? throw _words.WrongAt(place, "\"tls\" needs a \"certificate\", which this side shows");
    }

    private void ReadPeers()
    {
        _words.Next();
        if (_words.Kind != JsonTokenType.StartArray)
        {
            throw _words.Wrong("\"peers\" should be a list: [ ... ]");
        }

        for (_words.Next(); _words.Kind != JsonTokenType.EndArray; _words.Next())
        {
            int place = _words.Place;
            _peers.Add((ReadPeer(), place));
            if (_peers.Count > MostPeers)
            {
                throw _words.Wrong($"there are more than {MostPeers} peers");
            }
        }
    }

    private LimpetPeer ReadPeer()
    {
        _words.ThisObject("a peer, such as { \"name\": \"robot\", \"id\": 7, \"pin\": \"...\" }");
        int place = _words.Place;
        AccountNames accounts = _accounts;
        HashSet<string> seen = [];
        var peer = new LimpetPeer { Name = "", NetworkId = 0, Options = _options with { PeerNetworks = [] } };
        while (_words.NextKey(seen) is { } key)
        {
            peer = key switch
            {
                "name" => peer with { Name = Meant("a name of letters, digits, dots and hyphens", CheckName) },
                "id" => peer with { NetworkId = _words.NextNumber(1, uint.MaxValue) },
                "pin" => peer with { Keys = Texts("a pin of 64 hexadecimal digits, or several in a list", CheckPin) },
                "certificate-name" => peer with { CertificateName = _words.NextText("the name that the peer's certificate is for") },
                "user" => peer with { Users = Texts("a user, by name or number, or several in a list", text => User(text, accounts)) },
                "address" => peer with { Addresses = Texts("an address such as 192.0.2.7 or 192.0.2.0/24, or several in a list", Network) },
                _ => peer with { Options = ReadOption(key, peer.Options) },
            };
        }

        return peer.Name.Length == 0 ? throw _words.WrongAt(place, "this peer has no \"name\"")
            : peer.NetworkId == 0 ? throw _words.WrongAt(place, "this peer has no \"id\", its network id")
            : peer.Keys.Count + peer.Users.Count + peer.Addresses.Count == 0 && peer.CertificateName is null
                ? throw _words.WrongAt(place, "nothing says how this peer is known: \"pin\", \"certificate-name\", \"user\" or \"address\"")
            : peer;
    }

    private LimpetOptions ReadOption(string key, LimpetOptions options) => key switch
    {
        "networks" => options with { PeerNetworks = Meant("network ids such as \"7,10-19\", or \"none\"", NetworkRange.ParseList) },
        "bus" => options with { Device = _words.NextNumber(0, MostBuses - 1) },
        "message" => options with { MessageNames = Names(isList: false) },
        "allow-in" => options with { AllowIn = Names(isList: true) },
        "allow-out" => options with { AllowOut = Names(isList: true) },
        "queue" => options with { MaxMessages = _words.NextNumber(1, uint.MaxValue) },
        "backlog" => options with { Backlog = (int)_words.NextNumber(64 * 1024, 1024 * 1024 * 1024) },
        "rate" => options with { MaxRate = (int)_words.NextNumber(100, int.MaxValue) },
        _ => throw _words.Wrong($"'{JsonWords.Shown(key)}' is not known in a peer. There are: {PeerKeys}"),
    };

    private List<string> Names(bool isList)
    {
        List<string> names = Texts("a name such as \"$.A.B\" or \"$.A.*\", or several in a list", static n => n);
        LimpetOptions checkedOptions = isList ? new LimpetOptions { AllowIn = names } : new LimpetOptions { MessageNames = names };
        try
        {
            checkedOptions.Check();
            return names;
        }
        catch (ArgumentException e)
        {
            throw _words.Wrong(e.Message.TrimEnd('.'));
        }
    }

    private string File(string expected) => Path.Combine(_directory, _words.NextText(expected));

    private List<T> Texts<T>(string expected, Func<string, T> make)
    {
        List<T> made = [];
        foreach ((string text, int place) in _words.NextTexts(expected))
        {
            try
            {
                made.Add(make(text));
            }
            catch (Exception e) when (e is ArgumentException or PolicyException)
            {
                throw _words.WrongAt(place, e.Message.TrimEnd('.'));
            }
        }

        return made;
    }

    private T Meant<T>(string expected, Func<string, T> make)
    {
        string text = _words.NextText(expected);
        try
        {
            return make(text);
        }
        catch (ArgumentException e)
        {
            throw _words.Wrong(e.Message.TrimEnd('.'));
        }
    }

    private static uint User(string text, AccountNames accounts) => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint number) ? number
        : text.Contains('\0', StringComparison.Ordinal) ? throw new ArgumentException("the name of a user has a NUL in it")
        : accounts.User(text) ?? throw new ArgumentException($"there is no user '{JsonWords.Shown(text)}'");

    private static IPNetwork Network(string text) => IPNetwork.TryParse(text, out IPNetwork network) ? network
        : IPAddress.TryParse(text, out IPAddress? address) ? new IPNetwork(address, address.GetAddressBytes().Length * 8)
        : throw new ArgumentException($"'{JsonWords.Shown(text)}' is no address, nor a range such as 192.0.2.0/24");

    private static string CheckPin(string text) => LimpetSecurity.IsKey(text) ? text
        : throw new ArgumentException($"'{JsonWords.Shown(text)}' is no pin: 64 hexadecimal digits are, as 'kbus limpet --make-key' prints them");

    private static string CheckName(string text) => text.Length <= 64 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_') ? text
        : throw new ArgumentException($"'{JsonWords.Shown(text)}' is no name of a peer: letters, digits, dots, hyphens and underscores, 64 at most");

    /// <summary>What holds for all peers is said before them, so that each peer has it.</summary>
    private readonly void CheckFirst(string key)
    {
        if (_peers.Count > 0)
        {
            throw _words.Wrong($"\"{key}\" should stand before \"peers\", for which it holds");
        }
    }

    private readonly PolicyException Missing(string key, string what) => _words.WrongAt(0, $"there is no \"{key}\": {what}");

    /// <summary>What two places of the file say together.</summary>
    private readonly void Check(LimpetFile file)
    {
        bool isUnix = file.Listen.Path is not null;
        bool isTls = _certificate is not null;
        if (isTls && file.Plain is not null)
        {
            throw _words.WrongAt(0, "\"tls\" and \"plain\" contradict each other");
        }

        if (!isTls && !isUnix && file.Plain is null)
        {
            throw _words.WrongAt(0, "TCP needs \"tls\", or \"plain\" said knowingly: \"loopback\" lets every user of this machine connect, \"everywhere\" lets anybody read and change messages");
        }

        foreach ((LimpetPeer peer, int place) in _peers)
        {
            string? wrong = isTls && peer.Keys.Count == 0 && peer.CertificateName is null ? "links are protected by TLS, so a peer is known by a \"pin\" or a \"certificate-name\""
                : peer.CertificateName is not null && _authorities is null ? "\"certificate-name\" needs \"authorities\" in \"tls\", of which one must have signed the certificate"
                : !isTls && isUnix && peer.Users.Count == 0 ? "peers come to the path of a Unix socket, so one is known by its \"user\""
                : !isTls && !isUnix && peer.Addresses.Count == 0 ? "peers come by TCP without TLS, so one is known by its \"address\" alone"
                : null;
            if (wrong is not null)
            {
                throw _words.WrongAt(place, wrong);
            }
        }

        try
        {
            LimpetServer.Check(file.Peers);
        }
        catch (ArgumentException e)
        {
            throw _words.WrongAt(0, e.Message.TrimEnd('.'));
        }
    }
}
