using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Kbus.Bench.Peers;

/// <summary>Starts the servers of the peers, each for one measurement, on a Unix socket if it can and on the loopback if not.</summary>
internal static class PeerServers
{
    private const string JournalSocket = "/run/systemd/journal/socket";

    private const string BusConfiguration = """
        <!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
        <busconfig>
          <type>session</type>
          <listen>unix:path={0}</listen>
          <auth>EXTERNAL</auth>
          <policy context="default">
            <allow send_destination="*" eavesdrop="true"/>
            <allow eavesdrop="true"/>
            <allow own="*"/>
          </policy>
          <limit name="max_incoming_bytes">1000000000</limit>
          <limit name="max_outgoing_bytes">1000000000</limit>
          <limit name="max_message_size">1000000000</limit>
          <limit name="max_completed_connections">100000</limit>
          <limit name="max_connections_per_user">100000</limit>
          <limit name="max_match_rules_per_connection">50000</limit>
          <limit name="max_replies_per_connection">50000</limit>
        </busconfig>
        """;

    /// <summary>Where kbusd is; kbus stands beside it.</summary>
    public static string DaemonProgram => Environment.GetEnvironmentVariable("KBUS_DAEMON") is { Length: > 0 } named
        ? named
        : throw new PeerException("KBUS_DAEMON does not say where kbusd is; start this by ./bench.");

    /// <summary>kbusd.</summary>
    public static string Kbusd(Scene scene)
    {
        StartKbusd(scene);
        return scene.Folder;
    }

    /// <summary>kbusd, as a process.</summary>
    public static StartedProcess StartKbusd(Scene scene, params string[] options)
    {
        StartedProcess server = scene.Start(DaemonProgram, ["--runtime-dir", scene.Folder, .. options]);
        server.WaitForLine(l => l.Contains(" in ", StringComparison.Ordinal), TimeSpan.FromSeconds(10));
        return server;
    }

    /// <summary>dbus-daemon.</summary>
    public static string DbusDaemon(Scene scene) => DbusDaemon(scene, "bus");

    /// <summary>dbus-broker, which wants to be started by systemd; a dbus-daemon and a few sockets stand in for that.</summary>
    public static string DbusBroker(Scene scene)
    {
        // The launcher asks a systemd for units, of which it needs none here, and writes to the journal.
        string userBus = DbusDaemon(scene, "user-bus");
        string runtime = Directory.CreateDirectory(scene.At("runtime")).FullName;
        Directory.CreateDirectory(Path.Combine(runtime, "systemd"));
        File.CreateSymbolicLink(Path.Combine(runtime, "systemd", "private"), scene.At("user-bus"));
        if (!JournalStandIn.IsServed(JournalSocket))
        {
            scene.Keep(new JournalStandIn(JournalSocket));
        }

        string socket = scene.At("bus");
        string configuration = WriteBusConfiguration(scene, "broker.conf", socket);
        StartedProcess server = scene.Start(
            "/usr/bin/systemd-socket-activate",
            ["-E", "DBUS_SESSION_BUS_ADDRESS=" + userBus, "-E", "XDG_RUNTIME_DIR=" + runtime, "-l", socket,
                "/usr/bin/dbus-broker-launch", "--scope=user", "--config-file=" + configuration],
            ("DBUS_SESSION_BUS_ADDRESS", userBus),
            ("XDG_RUNTIME_DIR", runtime));
        Scene.WaitUntilServing(server, new UnixDomainSocketEndPoint(socket));
        return "unix:path=" + socket;
    }

    /// <summary>nats-server, which has no Unix sockets.</summary>
    public static string Nats(Scene scene)
    {
        int port = Scene.FreePort();
        string configuration = scene.Write("nats.conf", string.Create(CultureInfo.InvariantCulture, $$"""
            host: "127.0.0.1"
            port: {{port}}
            max_payload: 8MB
            max_pending: 512MB
            """));
        StartedProcess server = scene.Start("/usr/sbin/nats-server", ["-c", configuration]);
        Scene.WaitUntilServing(server, new IPEndPoint(IPAddress.Loopback, port));
        return string.Create(CultureInfo.InvariantCulture, $"nats://127.0.0.1:{port}");
    }

    /// <summary>redis-server, only in memory.</summary>
    public static string Redis(Scene scene)
    {
        string socket = scene.At("redis");
        StartedProcess server = scene.Start(
            "/usr/bin/redis-server",
            ["--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no", "--dir", scene.Folder,
                "--client-output-buffer-limit", "pubsub 0 0 0"]);
        Scene.WaitUntilServing(server, new UnixDomainSocketEndPoint(socket));
        return socket;
    }

    /// <summary>mosquitto, only in memory.</summary>
    public static string Mosquitto(Scene scene)
    {
        string socket = scene.At("mosquitto");
        string configuration = scene.Write("mosquitto.conf", $"""
            listener 0 {socket}
            allow_anonymous true
            persistence false
            max_queued_messages 0
            max_inflight_messages 0
            log_type error
            user {Environment.UserName}

            """);
        StartedProcess server = scene.Start("/usr/sbin/mosquitto", ["-c", configuration]);
        Scene.WaitUntilServing(server, new UnixDomainSocketEndPoint(socket));
        return socket;
    }

    private static string DbusDaemon(Scene scene, string leaf)
    {
        string configuration = WriteBusConfiguration(scene, leaf + ".conf", scene.At(leaf));
        StartedProcess server = scene.Start("/usr/bin/dbus-daemon", ["--config-file=" + configuration, "--nofork", "--nopidfile", "--nosyslog"]);
        Scene.WaitUntilServing(server, new UnixDomainSocketEndPoint(scene.At(leaf)));
        return "unix:path=" + scene.At(leaf);
    }

    private static string WriteBusConfiguration(Scene scene, string leaf, string socket) =>
        scene.Write(leaf, BusConfiguration.Replace("{0}", socket, StringComparison.Ordinal));
}
