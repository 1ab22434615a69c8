using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using Kbus.Limpets;

namespace Kbus.Faults;

/// <summary>Buses of one daemon that Limpets join with TLS, in some shape, and the members of each.</summary>
/// <remarks>
/// A bus that others join to has one server, in a process of its own that can be killed and stopped. Each of the others has a client in this
/// process. Its connection leads through a relay that can be cut and held up.
/// </remarks>
internal sealed class Archipelago : IDisposable
{
    private const int Silence = 4;
    private readonly DaemonProcess _daemon;
    private readonly bool _isRing;
    private readonly string _keys = Directory.CreateTempSubdirectory("kbus-keys-").FullName;
    private readonly Dictionary<uint, string> _pins = [];
    private readonly Dictionary<uint, Actor> _hubs = [];
    private readonly Dictionary<uint, int> _ports = [];
    private readonly List<Bridge> _bridges = [];
    private readonly ConcurrentQueue<string> _told = [];

    /// <summary>Makes it and waits until everybody can reach everybody.</summary>
    /// <param name="buses">How many buses.</param>
    /// <param name="bridges">From the bus of a server to that of a client.</param>
    /// <param name="isRing">Whether one of them closes a ring.</param>
    /// <param name="random">The source of all that is random.</param>
    public Archipelago(int buses, IReadOnlyList<(uint From, uint To)> bridges, bool isRing, Random random)
    {
        _isRing = isRing;
        _daemon = DaemonProcess.Start("--buses", buses.ToString(CultureInfo.InvariantCulture));
        Members = [.. Enumerable.Range(0, buses).Select(b => new Islanders(_daemon.Directory, (uint)b, buses, isRing, random))];
        foreach (uint hub in bridges.Select(b => b.From).Distinct())
        {
            MakeKey(HubId(hub));
        }

        for (int i = 0; i < bridges.Count; i++)
        {
            uint id = 200 + (uint)i;
            MakeKey(id);
            _bridges.Add(new Bridge(bridges[i].From, id, new Relay(), Client(bridges[i], id)));
        }

        foreach (uint hub in bridges.Select(b => b.From).Distinct())
        {
            StartHub(hub);
        }

        _bridges.ForEach(b => b.StartClient());
    }

    /// <summary>The members, by bus.</summary>
    public IReadOnlyList<Islanders> Members { get; }

    /// <summary>The buses that have a server.</summary>
    public IReadOnlyList<uint> Hubs => [.. _hubs.Keys.Order()];

    /// <summary>The links.</summary>
    public IReadOnlyList<Bridge> Bridges => _bridges;

    /// <summary>The last lines of the clients, for a failure.</summary>
    public string Told => string.Join(" / ", _told.TakeLast(30));

    /// <summary>Ends a server as kill -9 does.</summary>
    public void KillHub(uint bus)
    {
        _hubs[bus].Kill();
        _hubs[bus].Dispose();
        foreach (Bridge bridge in _bridges.Where(b => b.Hub == bus))
        {
            // Whatever gets that port next is somebody else.
            bridge.Relay.LeadTo(0);
        }
    }

    /// <summary>Starts a server.</summary>
    public void StartHub(uint bus)
    {
        string[] peers = [.. _bridges.Where(b => b.Hub == bus).Select(b => $"{b.Id}={_pins[b.Id]}")];
        _hubs[bus] = Actor.Start(
            "hub", _daemon.Directory, [$"{bus}", $"{HubId(bus)}", KeyFile(HubId(bus)), Silence.ToString(CultureInfo.InvariantCulture), .. peers]);
        _ports[bus] = int.Parse(_hubs[bus].Hear(), CultureInfo.InvariantCulture);
        foreach (Bridge bridge in _bridges.Where(b => b.Hub == bus))
        {
            LeadAgain(bridge);
        }
    }

    /// <summary>Connections of a link lead to its server again.</summary>
    public void LeadAgain(Bridge bridge) => bridge.Relay.LeadTo(_ports[bridge.Hub]);

    /// <summary>Stops a server's process while something is done.</summary>
    public void WhileStopped(uint bus, Action action)
    {
        Signals.StopAndWait(_hubs[bus].Id);
        action();
        Signals.Send(_hubs[bus].Id, Signals.Continue);
    }

    /// <summary>Whether links are as they should be in the end: all up, but in a ring of living links the newest on standby.</summary>
    /// <param name="dead">How many links cannot be.</param>
    public bool IsSettled(int dead)
    {
        LimpetLinkState[] states = [.. _bridges.Select(b => b.State)];
        int standby = _isRing && dead == 0 ? 1 : 0;
        return states.Count(s => s == LimpetLinkState.Up) == states.Length - dead - standby && states.Count(s => s == LimpetLinkState.Standby) == standby;
    }

    /// <summary>How often links were made, all together.</summary>
    public long Made => _bridges.Sum(b => b.Made);

    public void Dispose()
    {
        _bridges.ForEach(b => b.Dispose());
        foreach (Actor hub in _hubs.Values)
        {
            hub.Dispose();
        }

        foreach (Islanders members in Members)
        {
            members.Dispose();
        }

        _daemon.Dispose();
        Directory.Delete(_keys, recursive: true);
    }

    private static uint HubId(uint bus) => 100 + bus;

    private string KeyFile(uint id) => Path.Join(_keys, id.ToString(CultureInfo.InvariantCulture));

    private void MakeKey(uint id)
    {
        File.WriteAllText(KeyFile(id), LimpetKeys.MakePem());
        using X509Certificate2 certificate = LimpetKeys.Read(KeyFile(id));
        _pins[id] = LimpetSecurity.KeyOf(certificate);
    }

    private Func<Relay, LimpetClient> Client((uint From, uint To) bridge, uint id) => relay => new LimpetClient(
        relay.Address,
        new LimpetOptions
        {
            Device = bridge.To,
            NetworkId = id,
            SilenceLimit = TimeSpan.FromSeconds(Silence),
            Ksock = ActorProgram.Options(_daemon.Directory),
            Tell = line => _told.Enqueue($"{id}: {line}"),
        },
        new LimpetSecurity { Certificate = LimpetKeys.Read(KeyFile(id)), PeerKeys = [_pins[HubId(bridge.From)]] });
}
