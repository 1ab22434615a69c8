using System.Globalization;

namespace Kbus.Bench.Peers;

/// <summary>What one call on a file costs that a program serves through FUSE (B10): on a device file, and where the program does nothing.</summary>
internal static class DeviceMeasurement
{
    /// <summary>The peer whose server does nothing; its client is everybody's.</summary>
    public const string Nothing = "fuse-nothing";

    private static readonly TimeSpan TimeToStart = TimeSpan.FromSeconds(10);

    /// <summary>Microseconds for one ioctl that gives a number.</summary>
    public static Sample Call(Peer peer, Durations durations)
    {
        Peer client = AllPeers.List.First(p => p.Name == Nothing);
        NativeClients.Compile(client);
        using var scene = new Scene();
        string folder = peer.Name == Nothing ? Serve(scene, client) : ServeKbusd(scene);
        StartedProcess caller = scene.Start(
            NativeClients.PathOf(client.Client),
            ["call", Path.Join(folder, "kbus0"), Text("ms", durations.Ask), Text("warm", client.WarmUp)]);
        Figures figures = caller.WaitForFigures(TimeToStart + TimeSpan.FromMilliseconds(durations.Ask + client.WarmUp));
        return new(figures["median_ns"] / 1000, figures["p999_ns"] / 1000);
    }

    private static string Serve(Scene scene, Peer peer)
    {
        string folder = Directory.CreateDirectory(scene.At("files")).FullName;
        scene.Keep(new Mounted(folder));
        scene.Start(NativeClients.PathOf(peer.Client), ["serve", folder]).WaitForLine(l => l == "ready", TimeToStart);
        return folder;
    }

    private static string ServeKbusd(Scene scene)
    {
        string folder = scene.At("dev");
        scene.Keep(new Mounted(folder));
        PeerServers.StartKbusd(scene, "--devices", folder);
        return folder;
    }

    private static string Text(string name, int value) => string.Create(CultureInfo.InvariantCulture, $"{name}={value}");

    /// <summary>Takes away what a server that has been killed leaves mounted.</summary>
    private sealed class Mounted(string folder) : IDisposable
    {
        public void Dispose()
        {
            string[] command = Environment.IsPrivilegedProcess ? ["umount", "-l", folder] : ["fusermount3", "-u", "-z", folder];
            using var unmounting = new StartedProcess("/usr/bin/env", command);
            unmounting.WaitForEnd(TimeToStart);
        }
    }
}
