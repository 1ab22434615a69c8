using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Kbus.Bench.Peers;

/// <summary>What one measurement brings up and takes down again: processes, and a folder for their sockets.</summary>
/// <remarks>The main thread makes and disposes of scenes; <see cref="EndAll"/> may be called by any thread.</remarks>
internal sealed class Scene : IDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(20);
    private static readonly Lock Guard = new();
    private static readonly List<Scene> Open = [];
    private readonly List<StartedProcess> _processes = [];
    private readonly List<IDisposable> _others = [];

    /// <summary>Makes an empty scene.</summary>
    public Scene()
    {
        lock (Guard)
        {
            Folder = Directory.CreateTempSubdirectory("kbus-peers-").FullName;
            Open.Add(this);
        }
    }

    /// <summary>A folder that is deleted with the scene.</summary>
    public string Folder { get; }

    /// <summary>The processes that were started, by their numbers.</summary>
    public IReadOnlyList<int> ProcessIds => [.. _processes.Select(p => p.Id)];

    /// <summary>Ends what every open scene has started, when the program itself is being ended.</summary>
    /// <remarks>The lock is not given back, so that the main thread starts nothing more.</remarks>
    public static void EndAll()
    {
        Guard.Enter();
        foreach (Scene scene in Open)
        {
            scene._processes.ForEach(p => p.Kill());
            scene._others.ForEach(o => o.Dispose());
            scene.DeleteFolder();
        }
    }

    /// <summary>Gives a TCP port of the loopback that is free now.</summary>
    public static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    /// <summary>Where a file of this scene lies.</summary>
    public string At(string leaf) => Path.Combine(Folder, leaf);

    /// <summary>Writes a file of this scene and gives its path.</summary>
    public string Write(string leaf, string text)
    {
        File.WriteAllText(At(leaf), text);
        return At(leaf);
    }

    /// <summary>Something that is to be disposed of with the scene, after its processes.</summary>
    public T Keep<T>(T other)
        where T : IDisposable
    {
        lock (Guard)
        {
            _others.Add(other);
            return other;
        }
    }

    /// <summary>Starts a process that ends with the scene at the latest.</summary>
    public StartedProcess Start(string program, IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        lock (Guard)
        {
            var process = new StartedProcess(program, arguments, environment);
            _processes.Add(process);
            return process;
        }
    }

    /// <summary>Starts an actor of ours, a .NET program, to play a role. It ends with the scene at the latest.</summary>
    /// <remarks>
    /// What it does often is compiled well at once, not only when nothing new has been called for a tenth of a second. Measured: after 0.75
    /// seconds it is then as quick as else after 1.5.
    /// </remarks>
    public StartedProcess StartActor(string role, string address, IEnumerable<string> arguments) =>
        Start(Environment.ProcessPath!, [Actors.Marker, BusPeer.Role, role, address, .. arguments], ("DOTNET_TC_CallCountingDelayMs", "0"));

    /// <summary>Waits until a server takes connections.</summary>
    /// <exception cref="PeerException">It ended, or does not take any in time.</exception>
    public static void WaitUntilServing(StartedProcess server, EndPoint address)
    {
        long start = Stopwatch.GetTimestamp();
        while (!TryConnect(address))
        {
            if (server.HasEnded || Stopwatch.GetElapsedTime(start) > StartLimit)
            {
                server.WaitForLine(_ => false, TimeSpan.FromSeconds(1));
            }

            Thread.Sleep(5);
        }
    }

    /// <summary>Ends the processes, the last first, and deletes the folder.</summary>
    public void Dispose()
    {
        lock (Guard)
        {
            Open.Remove(this);
            foreach (StartedProcess process in Enumerable.Reverse(_processes))
            {
                process.Dispose();
            }

            _others.ForEach(o => o.Dispose());
            DeleteFolder();
        }
    }

    private static bool TryConnect(EndPoint address)
    {
        ProtocolType protocol = address is UnixDomainSocketEndPoint ? ProtocolType.Unspecified : ProtocolType.Tcp;
        using var socket = new Socket(address.AddressFamily, SocketType.Stream, protocol);
        try
        {
            socket.Connect(address);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private void DeleteFolder()
    {
        try
        {
            Directory.Delete(Folder, recursive: true);
        }
        catch (IOException)
        {
            // A server that is just ending may still write there; the folder is one for temporary files anyway.
        }
    }
}
