using System.Net.Sockets;

namespace Kbus.Limpets;

/// <summary>A Limpet that waits for its peer to connect, and goes on waiting whenever the link breaks.</summary>
/// <remarks>
/// It has one peer at a time. A second one with the same network id counts as the same peer, whose connection broke unnoticed here:
/// it replaces the old link. If that repeats, there are two peers with one id. Then the newcomer is sent away while the link lasts, as is
/// any other peer. The server greets a client only when it has taken it, and otherwise says why it does not.
/// </remarks>
public sealed class LimpetServer : IDisposable
{
    /// <summary>The most connections that may have said nothing yet, or wait for their turn to greet. They hold no thread.</summary>
    internal const int MostSilent = 1024;

    /// <summary>The most that are greeting, shaking hands for TLS, or being told why they are sent away. Each holds a thread.</summary>
    internal const int MostSpeaking = 256;

    private static readonly TimeSpan AfterFault = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(2);
    private readonly LimpetOptions _options;
    private volatile LimpetSecurity _security;
    private readonly Listeners _listeners;
    private readonly Strangers _silent;
    private readonly Strangers _speaking;
    private readonly DoorWatch _door = new();
    private readonly SparingTell _sentAway;
    private readonly IBerths _berths;
    private readonly TaskCompletionSource<LimpetEnding> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly DateTimeOffset _started;
    private long _countSentAway;
    private bool _isOnce;

    private LimpetServer(LimpetOptions options, LimpetSecurity security, Listeners listeners, Func<Action<LimpetEnding>, IBerths> berths)
    {
        _options = options;
        _security = security;
        _listeners = listeners;
        _silent = new Strangers(options.Time, MostSilent);
        _speaking = new Strangers(options.Time, MostSpeaking);
        _sentAway = new SparingTell(options.Say, options.Time);
        _started = options.Time.GetUtcNow();
        _berths = berths(EndWith);
    }

    /// <summary>The address at which it listens, with its port. If the host's name has several addresses, the first of them.</summary>
    public LimpetAddress Address => _listeners.Address;

    /// <summary>What it is at this moment, and each of its links. Waits for nobody; any thread may ask.</summary>
    public LimpetReport Report => new()
    {
        IsServer = true,
        Address = Address,
        NetworkId = _options.NetworkId,
        IsTls = _security.IsTls,
        Started = _started,
        SentAway = Interlocked.Read(ref _countSentAway),
        Links = _berths.Links,
    };

    /// <summary>Begins to listen, at every address of the host's name. The file of a Unix socket is for this user alone and is removed at
    /// the end. A dead one is replaced.</summary>
    /// <param name="address">Where.</param>
    /// <param name="options">The options of the Limpet.</param>
    /// <param name="security">How the link is protected; null for the plain protocol, on this machine alone.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The server; <see cref="RunAsync"/> takes connections.</returns>
    /// <exception cref="LimpetException">It cannot listen there, or may not without protection.</exception>
    /// <exception cref="ArgumentException">An option is invalid.</exception>
    public static async Task<LimpetServer> ListenAsync(
        LimpetAddress address, LimpetOptions options, LimpetSecurity? security = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(options);
        security ??= new LimpetSecurity();
        options.Check();
        security.Check();
        Listeners listeners = await Listeners.OpenAsync(address, security, options.Say, cancellationToken).ConfigureAwait(false);
        return new LimpetServer(options, security, listeners, ended => new OneBerth(new Berth(options, ended)));
    }

    /// <summary>Begins to listen, for many peers.</summary>
    /// <param name="address">Where.</param>
    /// <param name="peers">The peers. Whoever is none of them is sent away.</param>
    /// <param name="options">What holds before a peer is known: how long its greeting may take, and the receivers of reports.</param>
    /// <param name="security">How links are protected. The peers' keys and names stand in <paramref name="peers"/>; null for the plain
    /// protocol over a Unix socket.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The server; <see cref="RunAsync"/> takes connections.</returns>
    /// <exception cref="LimpetException">It cannot listen there, or may not without protection.</exception>
    /// <exception cref="ArgumentException">An option is invalid.</exception>
    public static async Task<LimpetServer> ListenAsync(
        LimpetAddress address, IReadOnlyList<LimpetPeer> peers, LimpetOptions options, LimpetSecurity? security = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(options);
        Check(peers);
        options.Check();
        security = (security ?? new LimpetSecurity()) with { Rule = static _ => null };
        security.Check();
        Listeners listeners = await Listeners.OpenAsync(address, security, options.Say, cancellationToken).ConfigureAwait(false);
        var berths = new PeerBerths(peers);
        return new LimpetServer(options, security with { Rule = berths.Refuses }, listeners, _ => berths);
    }

    /// <summary>Takes other peers, and another protection for new connections. Links of peers that stay as they are go on.</summary>
    /// <param name="peers">The peers.</param>
    /// <param name="security">How links are protected; null for the plain protocol over a Unix socket.</param>
    /// <returns>The names of the peers that are gone or changed, whose links have ended.</returns>
    /// <exception cref="InvalidOperationException">The server has one peer, whoever that is.</exception>
    /// <exception cref="ArgumentException">Something is invalid, and all stays as it is.</exception>
    public IReadOnlyList<string> Change(IReadOnlyList<LimpetPeer> peers, LimpetSecurity? security = null)
    {
        Check(peers);
        PeerBerths berths = _berths as PeerBerths ?? throw new InvalidOperationException("This server has one peer, whoever that is.");
        security = (security ?? new LimpetSecurity()) with { Rule = berths.Refuses };
        security.Check();
        if (security.IsTls != _security.IsTls)
        {
            throw new ArgumentException("Whether links are protected by TLS cannot be changed while the server runs.");
        }

        _security = security;
        return berths.Change(peers);
    }

    /// <summary>Takes connections until the link ends for good.</summary>
    /// <param name="isOnce">True to come back when the first link has ended.</param>
    /// <param name="cancellationToken">Ends the link in good order.</param>
    /// <returns>The kind of its end: <see cref="LimpetEndingKind.Stopped"/> or <see cref="LimpetEndingKind.Terminated"/>; with
    /// <paramref name="isOnce"/> also any other. A link that closed a ring of buses ends alone: its peer may come again later.</returns>
    public async Task<LimpetEnding> RunAsync(bool isOnce = false, CancellationToken cancellationToken = default)
    {
        _isOnce = isOnce;
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task accepting = Task.WhenAll(_listeners.Sockets.Select(l => AcceptAsync(l, stopping.Token)));
        try
        {
            await using (cancellationToken.Register(Stop).ConfigureAwait(false))
            {
                return await _ended.Task.ConfigureAwait(false);
            }
        }
        finally
        {
            await stopping.CancelAsync().ConfigureAwait(false);
            await accepting.ConfigureAwait(false);

            // Somebody may just have been welcomed.
            Stop();
            await Task.WhenAll(_berths.All.Select(b => b.Limpet?.Ended ?? Task.CompletedTask)).ConfigureAwait(false);
        }
    }

    /// <summary>Stops listening, and ends the link if there is one.</summary>
    public void Dispose()
    {
        Stop();
        _listeners.Dispose();
        _door.Dispose();
    }

    /// <summary>A peer's network id belongs to that peer alone.</summary>
    /// <exception cref="ArgumentException">Something is invalid.</exception>
    internal static void Check(IReadOnlyList<LimpetPeer> peers)
    {
        ArgumentNullException.ThrowIfNull(peers);
        List<(uint First, uint Last, string Name)> ids = [];
        foreach (LimpetPeer peer in peers)
        {
            peer.Options.Check();
            ids.Add((peer.NetworkId, peer.NetworkId, peer.Name));
            ids.AddRange((peer.Options.PeerNetworks ?? []).Select(r => (r.First, r.Last, peer.Name)));
            if (peer.NetworkId == 0 || peer.NetworkId == peer.Options.NetworkId)
            {
                throw new ArgumentException($"The peer {peer.Name} has network id {peer.NetworkId}, which is none, or this side's own.");
            }
        }

        // A network may lie behind two peers: by the one way now, and by the other when that one fails.
        foreach (LimpetPeer peer in peers)
        {
            (uint First, uint Last, string Name) other = ids.Find(i => i.First <= peer.NetworkId && peer.NetworkId <= i.Last && i.Name != peer.Name);
            if (other.Name is not null)
            {
                throw new ArgumentException($"The peers {other.Name} and {peer.Name} both have network id {peer.NetworkId}; it belongs to one of them.");
            }
        }

        if (peers.Select(p => p.Name).GroupBy(n => n, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
        {
            throw new ArgumentException($"Two peers have the name {twice.Key}.");
        }
    }

    private void Stop()
    {
        bool hasLink = false;
        foreach (Berth berth in _berths.All)
        {
            hasLink |= berth.Stop();
        }

        // With one peer, how its link ends is how the server ends.
        if (!hasLink || _berths is PeerBerths)
        {
            _ended.TrySetResult(Limpet.StoppedBefore);
        }
    }

    private void EndWith(LimpetEnding ending)
    {
        bool isForGood = !ending.IsWorthAnotherTry && ending.Kind != LimpetEndingKind.Loop;
        if (_isOnce || isForGood || _berths.All.Any(b => b.IsStopping))
        {
            _ended.TrySetResult(ending);
        }
    }

    private async Task AcceptAsync(Socket listener, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                var stranger = new Stranger(await NextAsync(listener, cancellationToken).ConfigureAwait(false));
                await _silent.AddAsync(stranger, cancellationToken).ConfigureAwait(false);
                _ = WelcomeAsync(stranger, cancellationToken);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // It listens no more.
        }
    }

    /// <summary>The next connection. One that cannot be taken, because it broke at once or descriptors are short, keeps none after it
    /// away.</summary>
    private async Task<Socket> NextAsync(Socket listener, CancellationToken cancellationToken)
    {
        string? told = null;
        while (true)
        {
            try
            {
                return await listener.AcceptAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (SocketException e) when (!cancellationToken.IsCancellationRequested)
            {
                if (told != e.Message)
                {
                    told = e.Message;
                    _options.Say(LimpetLogLevel.Warning, $"A connection to {Address} could not be taken: {e.Message}. Tried again.");
                }
            }

            await Task.Delay(AfterFault, _options.Time, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task WelcomeAsync(Stranger stranger, CancellationToken cancellationToken)
    {
        Greeted? greeted = null;
        try
        {
            greeted = await MeetAsync(stranger, cancellationToken).ConfigureAwait(false);
            await _berths.Find(greeted.Arrival).TakeAsync(greeted.Stream, greeted.Arrival, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or SocketException or KbusException or OperationCanceledException or ObjectDisposedException)
        {
            string why = stranger.IsCrowdedOut ? "It had not greeted, and too many others neither."
                : e is LimpetException ? e.Message
                : e is KbusException ? $"Bus {_options.Device}: {e.Message}"
                : e is OperationCanceledException ? $"It said nothing within {_options.GreetingLimit.TotalSeconds:0.###} s."
                : "The connection broke.";
            if (!cancellationToken.IsCancellationRequested)
            {
                Interlocked.Increment(ref _countSentAway);
                _sentAway.Tell(LimpetLogLevel.Warning, $"A connection from {stranger.Name} was sent away. {why}");
                if (greeted is not null && e is LimpetException or KbusException)
                {
                    await RefuseAsync(greeted!.Stream, why, e is LimpetException { IsPeersFault: true }).ConfigureAwait(false);
                }
            }

            greeted?.Stream.Dispose();
            stranger.Socket.Dispose();
        }
        catch (Exception e)
        {
            // A fault of ours costs this one connection.
            Interlocked.Increment(ref _countSentAway);
            _sentAway.Tell(LimpetLogLevel.Error, $"A connection from {stranger.Name} could not be taken: {e}");
            greeted?.Stream.Dispose();
            stranger.Socket.Dispose();
        }
        finally
        {
            _silent.Remove(stranger);
            _speaking.Remove(stranger);
        }
    }

    /// <summary>Waits until somebody speaks, shakes hands for TLS, and receives the greeting. It is counted until its link is made, or it
    /// has gone.</summary>
    private async Task<Greeted> MeetAsync(Stranger stranger, CancellationToken cancellationToken)
    {
        Sockets.Watch(stranger.Socket, _options.SilenceLimit);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_options.GreetingLimit);
        await _door.ReadableAsync(stranger.Socket, limit.Token).ConfigureAwait(false);

        // While it waits for its turn it counts with the silent ones, or those who wait would be without number.
        await _speaking.AddAsync(stranger, limit.Token).ConfigureAwait(false);
        _silent.Remove(stranger);
        return await OwnThread.Run("kbus-limpet-greet", () => Meet(stranger, limit.Token), "making a link needs", "wait").ConfigureAwait(false);
    }

    private Greeted Meet(Stranger stranger, CancellationToken limit)
    {
        var plain = new SocketStream(stranger.Socket, _options.SilenceLimit, _options.Time);
        if (_security.IsTls && Peek(stranger.Socket) == "HELO")
        {
            const string Why = "This server speaks TLS only, and the client began as a Limpet without TLS (--tls-cert).";
            Refuse(plain, Why, isForGood: true);
            throw new LimpetException(Why);
        }

        Stream stream = _security.Protect(plain, isServer: true, limit);
        try
        {
            uint peerId = Limpet.ReceiveGreeting(stream, _options);
            return new Greeted(stream, new Arrival(stranger.Name, peerId, stranger.Address, stranger.Credentials, (stream as ProtectedStream)?.Proof));
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    private static string Peek(Socket socket)
    {
        byte[] first = new byte[4];
        int count = socket.Receive(first, SocketFlags.Peek);
        return System.Text.Encoding.Latin1.GetString(first, 0, count);
    }

    /// <summary>Says why, if there can be a thread for that.</summary>
    private static Task RefuseAsync(Stream stream, string why, bool isForGood) =>
        OwnThread.TryRun("kbus-limpet-refuse", () => { Refuse(stream, why, isForGood); return true; }, out Task<bool>? refusing) ? refusing : Task.CompletedTask;

    /// <summary>Says why, and waits a moment until the client has read it: closing at once could take it back.</summary>
    private static void Refuse(Stream stream, string why, bool isForGood)
    {
        try
        {
            using var late = new Timer(static s => ((Stream)s!).Dispose(), stream, Farewell, Timeout.InfiniteTimeSpan);
            stream.Write(Refusal.Of(why, isForGood));
            stream.Flush();
            (stream as IFinishing)?.FinishWriting();
            byte[] rest = new byte[4096];
            for (int most = 256; most > 0 && stream.Read(rest) > 0; most--)
            {
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // It does not wait for that.
        }
    }

    private sealed record Greeted(Stream Stream, Arrival Arrival);
}
