using Kbus.Limpets;

namespace Kbus.Faults;

/// <summary>One link of an <see cref="Archipelago"/>: its client, and the relay through which it leads to its server.</summary>
/// <param name="hub">The bus of its server.</param>
/// <param name="id">The client's network id.</param>
/// <param name="relay">The relay.</param>
/// <param name="make">Makes the client.</param>
internal sealed class Bridge(uint hub, uint id, Relay relay, Func<Relay, LimpetClient> make) : IDisposable
{
    private long _madeBefore;
    private LimpetClient? _client;
    private CancellationTokenSource? _end;
    private Task<LimpetEnding>? _running;

    /// <summary>The bus of its server.</summary>
    public uint Hub => hub;

    /// <summary>The client's network id.</summary>
    public uint Id => id;

    /// <summary>The way of its connections.</summary>
    public Relay Relay => relay;

    /// <summary>What the client says of it.</summary>
    public LimpetLinkState State => _client!.Report.Links[0].State;

    /// <summary>How often it was made, by all clients.</summary>
    public long Made => _madeBefore + _client!.Report.Links[0].Made;

    /// <summary>Starts a client.</summary>
    public void StartClient()
    {
        _end = new CancellationTokenSource();
        _client = make(relay);
        _running = Task.Run(() => _client.RunAsync(cancellationToken: _end.Token));
    }

    /// <summary>Ends the client.</summary>
    /// <param name="isRude">Whether the server sees a connection that breaks, as when the client's process is killed.</param>
    public void EndClient(bool isRude)
    {
        if (isRude)
        {
            relay.LeadTo(0);
            relay.Cut();
        }

        _end!.Cancel();
        LimpetEnding ending = _running!.GetAwaiter().GetResult();
        Assert.Equal(LimpetEndingKind.Stopped, ending.Kind);
        _madeBefore += _client!.Report.Links[0].Made;
        _end.Dispose();
    }

    public void Dispose()
    {
        relay.Resume();
        EndClient(isRude: false);
        relay.Dispose();
    }
}
