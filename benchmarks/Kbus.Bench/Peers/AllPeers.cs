namespace Kbus.Bench.Peers;

/// <summary>Every contender, in the order of the tables. KBUS is the first.</summary>
internal static class AllPeers
{
    /// <summary>KBUS's name.</summary>
    public const string Kbus = "kbus";

    /// <summary>KBUS by its C library.</summary>
    public const string KbusInC = "kbus-c";

    /// <summary>KBUS, from one bus to another.</summary>
    public const string KbusAcross = "kbus-limpets";

    // Our actors are compiled while they run, and need longer until their code is the final one. The bus of each measurement is started
    // for it, and learns while it works, whatever language its clients are written in.
    private const int ActorsWarmUp = 1500;

    private static readonly Need SdBus = new("/usr/include/systemd/sd-bus.h", "libsystemd-dev");
    private static readonly Need LibZmq = new("/usr/include/zmq.h", "libzmq3-dev");
    private static readonly Need DbusDaemon = new("/usr/bin/dbus-daemon", "dbus-daemon");

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Peer> List { get; } =
    [
        new(Kbus, "", Abilities.All | Abilities.Pace, "kbusd and the .NET library; Request; 12 batches of 64 in flight, up to 64 messages read at once; credits") { Serve = PeerServers.Kbusd, WarmUp = ActorsWarmUp },
        new("kbus-send-wait", "", Abilities.Ask, "the same; Send, then WaitForMessage")
        {
            Serve = PeerServers.Kbusd,
            WarmUp = ActorsWarmUp,
            Extra = ["by-waiting=1"],
        },
        new(KbusInC, "kbus", Abilities.All | Abilities.Pace, "kbusd and the C library; kbus_ksock_request, 12 batches of 64 under way, up to 64 messages borrowed at once; credits")
        {
            Serve = PeerServers.Kbusd,
            WarmUp = ActorsWarmUp,
            Libraries = NativeClients.LibKbus,
        },
        new("kbus-python", PythonClient.Name, Abilities.Pace, "kbusd and the Python package; call")
        {
            Serve = PeerServers.Kbusd,
            WarmUp = ActorsWarmUp,
            Needs = [PythonClient.Interpreter],
        },
        new(KbusAcross, "", Abilities.Ask | Abilities.Tell, "as kbus, but to another bus: a pair of Limpets between them, over loopback TCP")
        {
            Serve = BenchLimpet.Serve,
            WarmUp = 2 * ActorsWarmUp,
            Beyond = ["bus=1"],
        },
        new("dbus-broker", "dbus", Abilities.All | Abilities.Pace, "sd-bus; signals flushed every 64; credits")
        {
            Serve = PeerServers.DbusBroker,
            Behind = 4096,
            Libraries = ["-lsystemd"],
            Needs = [SdBus, DbusDaemon, new("/usr/bin/dbus-broker-launch", "dbus-broker"), new("/usr/bin/systemd-socket-activate", "systemd")],
        },
        new("dbus-daemon", "dbus", Abilities.All | Abilities.Pace, "sd-bus; signals flushed every 64; credits")
        {
            Serve = PeerServers.DbusDaemon,
            Behind = 4096,
            Libraries = ["-lsystemd"],
            Needs = [SdBus, DbusDaemon],
        },
        new("nats", "nats", Abilities.All | Abilities.Pace, "libnats over loopback TCP; no pending limits; credits")
        {
            Serve = PeerServers.Nats,
            Libraries = ["-lnats"],
            Needs = [new("/usr/include/nats/nats.h", "libnats-dev"), new("/usr/sbin/nats-server", "nats-server")],
        },
        new("zmq", "zmq", Abilities.All | Abilities.Pace, "REQ-REP and PUB-SUB directly, over Unix sockets; no high-water mark; credits")
        {
            Libraries = ["-lzmq"],
            Needs = [LibZmq],
        },
        new("zmq-proxy", "zmq", Abilities.All & ~Abilities.Ask, "PUB-SUB through a forwarder; no high-water mark; credits")
        {
            Serve = ServeZmqProxy,
            Libraries = ["-lzmq"],
            Needs = [LibZmq],
        },
        new("redis", "redis", Abilities.All, "hiredis, publish and subscribe over a Unix socket; no limit for slow subscribers; credits")
        {
            Serve = PeerServers.Redis,
            Libraries = ["-lhiredis"],
            Needs = [new("/usr/include/hiredis/hiredis.h", "libhiredis-dev"), new("/usr/bin/redis-server", "redis-server")],
        },
        new("mosquitto", "mosquitto", Abilities.All, "libmosquitto over a Unix socket, quality of service 0; no queue limit; credits")
        {
            Serve = PeerServers.Mosquitto,
            Libraries = ["-lmosquitto"],
            Needs = [new("/usr/include/mosquitto.h", "libmosquitto-dev"), new("/usr/sbin/mosquitto", "mosquitto")],
        },
        new("mq", "mq", Abilities.Ask | Abilities.Tell, "POSIX message queues of 10 messages, which block when they are full")
        {
            Serve = scene => scene.Keep(new QueueNames(Path.GetFileName(scene.Folder))).CommonPart,
            Libraries = ["-lrt"],
        },
        new(DeviceMeasurement.Nothing, "fuse", Abilities.None, "a file system through FUSE whose calls do nothing, with libfuse's own loop")
        {
            Libraries = ["-lfuse3"],
            Needs = [new("/usr/include/fuse3/fuse_lowlevel.h", "libfuse3-dev"), new("/usr/bin/fusermount3", "fuse3")],
        },
        new("raw-socket", "raw", Abilities.Ask | Abilities.Pace, "write and read on a Unix socket pair"),
        new("raw-tcp", "raw", Abilities.Ask, "write and read on a TCP connection over the loopback"),
        new("raw-pipe", "raw", Abilities.Ask, "write and read on two pipes"),
        new("raw-futex", "raw", Abilities.Ask, "futex wait and wake on shared memory"),
        new("raw-memcpy", "raw", Abilities.Big, "memcpy of 1 MiB between buffers that wander through 256 MiB"),
    ];

    private static string ServeZmqProxy(Scene scene)
    {
        StartedProcess proxy = scene.Start(NativeClients.PathOf("zmq"), ["proxy", scene.Folder + "+"]);
        proxy.WaitForLine(l => l == "ready", TimeSpan.FromSeconds(10));
        return scene.Folder + "+";
    }
}
