using System.Net.Sockets;

namespace Kbus.Limpets;

/// <summary>A Limpet that waits for its peer to connect, and goes on waiting whenever the link breaks.</summary>
/// <remarks>
/// It has one peer at a time. A second one with the same network id counts as the same peer, whose connection broke unnoticed here:
/// it replaces the old link. If that repeats, there are two peers with one id. Then the newcomer is sent away while the link lasts, as is
/// any other peer.
/// </remarks>
public sealed class LimpetServer : IDisposable
{
    private static readonly TimeSpan AfterFault = TimeSpan.FromMilliseconds(100);
    private readonly LimpetOptions _options;
    private readonly LimpetSecurity _security;
    private readonly Listeners _listeners;
    private readonly Strangers _strangers;
    private readonly Rivals _rivals;
    private readonly SparingTell _sentAway;
    private readonly SemaphoreSlim _changing = new(1);
    private readonly TaskCompletionSource<LimpetEnding> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Limpet? _limpet;
    private string _linkedFrom = "";
    private bool _isOnce;
    private bool _isStopping;

    private LimpetServer(LimpetOptions options, LimpetSecurity security, Listeners listeners)
    {
        _options = options;
        _security = security;
        _listeners = listeners;
        _strangers = new Strangers(options.Time);
        _rivals = new Rivals(options.Time);
        _sentAway = new SparingTell(options.Tell, options.Time);
    }

    /// <summary>The address at which it listens, with its port. If the host's name has several addresses, the first of them.</summary>
    public LimpetAddress Address => _listeners.Address;

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
        return new LimpetServer(options, security, await Listeners.OpenAsync(address, security, options.Tell, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Takes connections until the link ends for good.</summary>
    /// <param name="isOnce">True to come back when the first link has ended.</param>
    /// <param name="cancellationToken">Ends the link in good order.</param>
    /// <returns>The kind of its end: <see cref="LimpetEndingKind.Stopped"/>, <see cref="LimpetEndingKind.Terminated"/> or
    /// <see cref="LimpetEndingKind.Loop"/>; with <paramref name="isOnce"/> also any other.</returns>
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
        }
    }

    /// <summary>Stops listening, and ends the link if there is one.</summary>
    public void Dispose()
    {
        Stop();
        _listeners.Dispose();
    }

    private void Stop()
    {
        // A link that is ending by itself just now must not be taken for one worth another try.
        Interlocked.Exchange(ref _isStopping, true);
        if (Volatile.Read(ref _limpet) is { } limpet)
        {
            limpet.Dispose();
        }
        else
        {
            _ended.TrySetResult(Limpet.StoppedBefore);
        }
    }

    private async Task AcceptAsync(Socket listener, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                Socket next = await NextAsync(listener, cancellationToken).ConfigureAwait(false);
                _ = WelcomeAsync(await _strangers.AddAsync(next, cancellationToken).ConfigureAwait(false), cancellationToken);
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
                    _options.Tell($"A connection to {Address} could not be taken: {e.Message}. Tried again.");
                }
            }

            await Task.Delay(AfterFault, _options.Time, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task WelcomeAsync(Stranger stranger, CancellationToken cancellationToken)
    {
        Stream? stream = null;
        try
        {
            Sockets.Watch(stranger.Socket, _options.SilenceLimit);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(_options.GreetingLimit);
            stream = await _security.ProtectAsync(new SocketStream(stranger.Socket), isServer: true, limit.Token).ConfigureAwait(false);
            uint peerId = await Task.Factory.StartNew(
                () => Limpet.Greet(stream, _options), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
            _strangers.Remove(stranger);
            await TakeAsync(stream, peerId, stranger.Name, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or SocketException or KbusException or OperationCanceledException or ObjectDisposedException)
        {
            stream?.Dispose();
            stranger.Socket.Dispose();
            if (!cancellationToken.IsCancellationRequested)
            {
                string why = stranger.IsCrowdedOut ? $"It had not greeted, nor had {Strangers.Most - 1} others."
                    : e is LimpetException or KbusException ? e.Message
                    : "The connection broke.";
                _sentAway.Tell($"A connection from {stranger.Name} was sent away. {why}");
            }
        }
        finally
        {
            _strangers.Remove(stranger);
        }
    }

    /// <summary>Makes the link with a peer that has greeted, unless there is one with another peer.</summary>
    private async Task TakeAsync(Stream stream, uint peerId, string who, CancellationToken cancellationToken)
    {
        await _changing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_limpet is { } former)
            {
                if (former.PeerNetworkId != peerId && !former.Ended.IsCompleted)
                {
                    throw new LimpetException($"It is Limpet {peerId}, and there is a link with Limpet {former.PeerNetworkId}.");
                }

                if (!former.Ended.IsCompleted)
                {
                    CheckRival(peerId, who);
                }

                // It is followed no more: the server goes on with the new one.
                Volatile.Write(ref _limpet, null);
                former.Dispose();
                await former.Ended.ConfigureAwait(false);
            }

            if (_ended.Task.IsCompleted)
            {
                throw new LimpetException("The link has ended for good.");
            }

            Limpet limpet = Limpet.Begin(stream, _options, peerId);
            Interlocked.Exchange(ref _limpet, limpet);
            _linkedFrom = who;
            _options.Tell($"Connected from {who}: {limpet}.");
            _options.Linked?.Invoke(limpet);
            _ = FollowAsync(limpet);

            // Either this sees that the server stops, or who stops it sees the Limpet.
            if (Volatile.Read(ref _isStopping))
            {
                limpet.Dispose();
            }
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Somebody has come with the network id of the peer whose link still is.</summary>
    /// <exception cref="LimpetException">Two push each other out.</exception>
    private void CheckRival(uint peerId, string who)
    {
        if (!_rivals.MayTakeOver())
        {
            throw new LimpetException(
                $"It has network id {peerId}, and so has the Limpet that is linked from {_linkedFrom}; they push each other out. Give one of them another id by --id.");
        }

        _options.Tell($"Limpet {peerId} has come again, from {who}, and takes the place of its link from {_linkedFrom}.");
    }

    private async Task FollowAsync(Limpet limpet)
    {
        LimpetEnding ending = await limpet.Ended.ConfigureAwait(false);
        bool isLast = Interlocked.CompareExchange(ref _limpet, null, limpet) == limpet;
        if (isLast)
        {
            _options.Tell(ending.Text);
            if (_isOnce || !ending.IsWorthAnotherTry || Volatile.Read(ref _isStopping))
            {
                _ended.TrySetResult(ending);
            }
        }
    }
}
