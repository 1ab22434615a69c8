using System.Net;
using System.Net.Sockets;
using Kbus.Linux;

namespace Kbus.Limpets;

/// <summary>A Limpet that connects to its peer, and connects again whenever the link breaks.</summary>
/// <param name="address">Where the peer listens.</param>
/// <param name="options">The options of the Limpet.</param>
/// <param name="security">How the link is protected; null for the plain protocol, on this machine alone.</param>
public sealed class LimpetClient(LimpetAddress address, LimpetOptions options, LimpetSecurity? security = null)
{
    private static readonly TimeSpan LongestPatience = TimeSpan.FromMinutes(5);
    private readonly LimpetSecurity _security = security ?? new LimpetSecurity();

    // What all links say together has a limit: a server may end them as often as it likes.
    private readonly LimpetOptions _ofLinks = options with { Tell = static _ => { }, Log = new SparingTell(options.Say, options.Time).Tell };
    private readonly LinkRecord _record = new(options);
    private readonly DateTimeOffset _started = options.Time.GetUtcNow();
    private TimeSpan _patience;
    private long _stoodBy;

    /// <summary>What it is at this moment, and its link. Waits for nobody; any thread may ask.</summary>
    public LimpetReport Report => new()
    {
        Address = address,
        NetworkId = options.NetworkId,
        IsTls = _security.IsTls,
        Started = _started,
        Links = [_record.Report()],
    };

    /// <summary>Keeps the link up until it ends for good.</summary>
    /// <remarks>
    /// A link that could not be made or has broken is retried: at first at once, then less and less often, up to ten seconds apart.
    /// </remarks>
    /// <param name="isOnce">True to come back when the link has ended, or could not be made.</param>
    /// <param name="cancellationToken">Ends the link in good order.</param>
    /// <returns>The kind of its end: <see cref="LimpetEndingKind.Stopped"/> or <see cref="LimpetEndingKind.Terminated"/>; with
    /// <paramref name="isOnce"/> also any other. A link that closed a ring of buses is on standby, and is made again when the other way
    /// fails.</returns>
    /// <exception cref="LimpetException">The peer speaks another protocol, has the same network id, or may not be reached unprotected.
    /// With <paramref name="isOnce"/>, any reason.</exception>
    /// <exception cref="ArgumentException">An option is invalid.</exception>
    public async Task<LimpetEnding> RunAsync(bool isOnce = false, CancellationToken cancellationToken = default)
    {
        options.Check();
        _security.Check();
        var pauses = new Pauses();
        string? told = null;
        while (true)
        {
            try
            {
                using Limpet limpet = await ConnectAsync(cancellationToken).ConfigureAwait(false);
                options.Say(LimpetLogLevel.Information, $"Connected to {address}: {limpet}.");
                options.Linked?.Invoke(limpet);
                told = null;
                long since = options.Time.GetTimestamp();
                LimpetEnding ending = await limpet.EndedOrStoppedAsync(cancellationToken).ConfigureAwait(false);
                _record.End(limpet, ending);
                options.Say(ending.Level, ending.Text);
                if (isOnce || (!ending.IsWorthAnotherTry && ending.Kind != LimpetEndingKind.Loop))
                {
                    return ending;
                }

                if (ending.Kind == LimpetEndingKind.Loop)
                {
                    await StandByAsync(limpet.PeerNetworkId, cancellationToken).ConfigureAwait(false);
                }

                if (options.Time.GetElapsedTime(since) > TimeSpan.FromSeconds(1))
                {
                    pauses.Reset();
                }
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested && e is SocketException or IOException or KbusException or OperationCanceledException)
            {
                if (isOnce || e is LimpetException { IsPeersFault: true })
                {
                    throw e as LimpetException ?? new LimpetException(Why(e), e);
                }

                _record.Fail(Why(e));
                if (told != e.Message)
                {
                    told = e.Message;
                    options.Say(e is KbusException ? LimpetLogLevel.Error : LimpetLogLevel.Warning, $"{Why(e)} Tried again.");
                }
            }
            catch (Exception) when (cancellationToken.IsCancellationRequested)
            {
                return Limpet.StoppedBefore;
            }

            try
            {
                await Task.Delay(pauses.Next(), options.Time, cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return Limpet.StoppedBefore;
            }
        }
    }

    /// <summary>Waits until the other way to the peer has failed. Without a server that knows of standby, nothing says so, and the link
    /// is tried again after a while, which grows.</summary>
    private async Task StandByAsync(uint peerId, CancellationToken cancellationToken)
    {
        _patience = options.Time.GetElapsedTime(_stoodBy) > LongestPatience ? options.SilenceLimit / 2 : _patience * 2;
        _patience = TimeSpan.FromTicks(Math.Clamp(_patience.Ticks, (options.SilenceLimit / 2).Ticks, LongestPatience.Ticks));
        options.Say(LimpetLogLevel.Warning, $"The link with Limpet {peerId} is on standby: it is made again when the other way fails.");
        await OnThreadOfItsOwn(() => StandbyWatch.WaitUntilLost(options, peerId, _patience, cancellationToken)).ConfigureAwait(false);
        _stoodBy = options.Time.GetTimestamp();
        string lost = $"Nothing comes from Limpet {peerId} by another way any more. The link is made again.";
        _record.Fail(lost);
        options.Say(LimpetLogLevel.Warning, lost);
    }

    private string Why(Exception e) => e switch
    {
        LimpetException => e.Message,
        OperationCanceledException => $"No link with {address}: nobody answered within {options.GreetingLimit.TotalSeconds:0.###} s.",
        KbusException => $"Bus {options.Device}: {e.Message}",
        _ => $"No link with {address}: {SocketFault.OfClient(address, e)}.",
    };

    private async Task<Limpet> ConnectAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.GreetingLimit);
        long since = options.Time.GetTimestamp();
        EndPoint[] places = await address.ResolveAsync(limit.Token).ConfigureAwait(false);
        List<Exception> failures = [];
        for (int i = 0; i < places.Length; i++)
        {
            // Each place has its share of the time: the first one may not answer at all.
            TimeSpan left = options.GreetingLimit - options.Time.GetElapsedTime(since);
            using var share = CancellationTokenSource.CreateLinkedTokenSource(limit.Token);
            share.CancelAfter(left > TimeSpan.Zero ? left / (places.Length - i) : TimeSpan.Zero);
            try
            {
                return await ConnectAsync(places[i], share.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (e is SocketException or IOException or OperationCanceledException or ObjectDisposedException)
            {
                cancellationToken.ThrowIfCancellationRequested();
                failures.Add(e is ObjectDisposedException && share.IsCancellationRequested ? new OperationCanceledException(share.Token) : e);
            }
        }

        throw failures.Count switch
        {
            0 => new SocketException((int)SocketError.HostNotFound),
            1 => failures[0],
            _ => Together(places, failures),
        };
    }

    private LimpetException Together(EndPoint[] places, List<Exception> failures) => new(
        $"No link with {address}. {string.Join(" ", failures.Select((e, i) => $"{places[i]}: {Why(e)}"))}",
        failures.FirstOrDefault(e => e is KbusException) ?? failures[^1],
        failures.TrueForAll(e => e is LimpetException { IsPeersFault: true }),
        failures.Exists(e => e is LimpetException { IsRefused: true }));

    private async Task<Limpet> ConnectAsync(EndPoint place, CancellationToken limit)
    {
        _security.CheckPlace(place, options.Say);
        Socket socket = Sockets.For(place);
        try
        {
            // Not asynchronously: otherwise the framework's thread is notified of every byte that comes, for the socket's whole life.
            using CancellationTokenRegistration giveUp = limit.Register(socket.Dispose);
            await OnThreadOfItsOwn(() => socket.Connect(place)).ConfigureAwait(false);
            Sockets.Watch(socket, options.SilenceLimit);
            limit.ThrowIfCancellationRequested();
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            socket.Dispose();
            limit.ThrowIfCancellationRequested();
            throw;
        }

        // From here on the stream closes the socket.
        Limpet? limpet = null;
        await OnThreadOfItsOwn(() =>
        {
            Stream stream = _security.Protect(new SocketStream(socket, options.SilenceLimit, options.Time), isServer: false, limit);
            using CancellationTokenRegistration giveUp = limit.Register(stream.Dispose);
            PeerCredentials? credentials = PeerIdentity.CredentialsOf(socket);
            limpet = Limpet.Attach(stream, _ofLinks);
            _record.Begin(limpet, PeerIdentity.Of((stream as ProtectedStream)?.Proof, credentials, (place as IPEndPoint)?.Address), $"{place}");
        }).ConfigureAwait(false);
        return limpet!;
    }

    /// <summary>What blocks for long does not take a thread of the pool from others.</summary>
    private static Task<bool> OnThreadOfItsOwn(Action action) =>
        OwnThread.Run("kbus-limpet-call", () => { action(); return true; }, "making a link needs", "wait");
}
