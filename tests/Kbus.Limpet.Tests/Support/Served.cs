using System.Net;
using System.Net.Sockets;

namespace Kbus.Limpets.Tests;

/// <summary>A Limpet server that runs, and plain connections to it.</summary>
internal sealed class Served : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(180);
    private readonly CancellationTokenSource _stopping = new();
    private readonly LimpetServer _server;

    private Served(LimpetServer server)
    {
        _server = server;
        Running = server.RunAsync(cancellationToken: _stopping.Token);
    }

    /// <summary>The plain protocol, on this machine.</summary>
    public static LimpetSecurity Plain { get; } = new() { AllowPlainLoopback = true };

    /// <summary>Where it listens.</summary>
    public LimpetAddress Address => _server.Address;

    /// <summary>What it says of itself.</summary>
    public LimpetReport Report => _server.Report;

    /// <summary>How it ends.</summary>
    public Task<LimpetEnding> Running { get; }

    /// <summary>A path of a socket of its own.</summary>
    public static LimpetAddress NewPath() => LimpetAddress.Parse(Path.Join(Path.GetTempPath(), $"kbus-limpet-{Guid.NewGuid():N}"));

    /// <summary>A port of its own on this machine.</summary>
    public static LimpetAddress AnyPort() => LimpetAddress.Parse("127.0.0.1:0");

    /// <summary>Starts one.</summary>
    public static async Task<Served> At(LimpetAddress address, LimpetOptions options, LimpetSecurity? security = null) =>
        new(await LimpetServer.ListenAsync(address, options, security ?? Plain));

    /// <summary>Connects and says nothing.</summary>
    public NetworkStream Connect()
    {
        EndPoint place = Address.Path is { } path ? new UnixDomainSocketEndPoint(path) : new IPEndPoint(IPAddress.Loopback, Address.Port);
        var socket = new Socket(place.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(place);
        return new NetworkStream(socket, ownsSocket: true) { ReadTimeout = 20_000 };
    }

    /// <summary>Connects and greets.</summary>
    public RawPeer Greet(uint networkId)
    {
        NetworkStream stream = Connect();
        stream.Write(Greeting.Of(networkId));
        stream.ReadExactly(new byte[Greeting.Length]);
        return new RawPeer(stream);
    }

    /// <summary>Connects and greets, and is sent away.</summary>
    /// <returns>What the server says.</returns>
    public string Refused(uint networkId)
    {
        using NetworkStream stream = Connect();
        stream.Write(Greeting.Of(networkId));
        byte[] greeting = new byte[Greeting.Length];
        stream.ReadExactly(greeting);
        Assert.True(Refusal.Is(greeting), $"it was greeted with {Convert.ToHexString(greeting)}");
        string said = Refusal.Read(greeting, stream).Message;
        Assert.Equal(0, stream.Read(greeting));
        return said.Split('"')[1];
    }

    /// <summary>Stops it.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await Running.WaitAsync(Limit);
        _server.Dispose();
        _stopping.Dispose();
    }
}
