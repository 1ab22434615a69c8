using System.Net;
using System.Net.Sockets;

namespace Kbus.Limpets;

/// <summary>A Limpet that connects to its peer, and connects again whenever the link breaks.</summary>
/// <param name="address">Where the peer listens.</param>
/// <param name="options">The options of the Limpet.</param>
/// <param name="security">How the link is protected; null for the plain protocol, on this machine alone.</param>
public sealed class LimpetClient(LimpetAddress address, LimpetOptions options, LimpetSecurity? security = null)
{
    private readonly LimpetSecurity _security = security ?? new LimpetSecurity();

    /// <summary>Keeps the link up until it ends for good.</summary>
    /// <remarks>
    /// A link that could not be made or has broken is retried: at first at once, then less and less often, up to ten seconds apart.
    /// </remarks>
    /// <param name="isOnce">True to come back when the link has ended, or could not be made.</param>
    /// <param name="cancellationToken">Ends the link in good order.</param>
    /// <returns>The kind of its end: <see cref="LimpetEndingKind.Stopped"/>, <see cref="LimpetEndingKind.Terminated"/> or
    /// <see cref="LimpetEndingKind.Loop"/>; with <paramref name="isOnce"/> also any other.</returns>
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
                options.Tell($"Connected to {address}: {limpet}.");
                options.Linked?.Invoke(limpet);
                told = null;
                long since = options.Time.GetTimestamp();
                LimpetEnding ending = await limpet.EndedOrStoppedAsync(cancellationToken).ConfigureAwait(false);
                options.Tell(ending.Text);
                if (isOnce || !ending.IsWorthAnotherTry)
                {
                    return ending;
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

                if (told != e.Message)
                {
                    told = e.Message;
                    options.Tell($"{Why(e)} Tried again.");
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

    private string Why(Exception e) => e switch
    {
        LimpetException => e.Message,
        OperationCanceledException => $"No link with {address}: nobody answered within {options.GreetingLimit.TotalSeconds:0.#} s.",
        KbusException => $"Bus {options.Device}: {e.Message}",
        _ => $"No link with {address}: {SocketFault.OfClient(address, e)}.",
    };

    private async Task<Limpet> ConnectAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.GreetingLimit);
        Exception? last = null;
        foreach (EndPoint place in await address.ResolveAsync(limit.Token).ConfigureAwait(false))
        {
            _security.CheckPlace(place, options.Tell);
            Socket socket = Sockets.For(place);
            try
            {
                // Not asynchronously: otherwise the framework's thread is notified of every byte that comes, for the socket's whole life.
                using CancellationTokenRegistration giveUp = limit.Token.Register(socket.Dispose);
                await OnThreadOfItsOwn(() => socket.Connect(place)).ConfigureAwait(false);
                Sockets.Watch(socket, options.SilenceLimit);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                socket.Dispose();
                limit.Token.ThrowIfCancellationRequested();
                last = e;
                continue;
            }

            Stream stream = await _security.ProtectAsync(new SocketStream(socket), isServer: false, limit.Token).ConfigureAwait(false);
            Limpet? limpet = null;
            await OnThreadOfItsOwn(() => limpet = Limpet.Attach(stream, options)).ConfigureAwait(false);
            return limpet!;
        }

        throw last ?? new SocketException((int)SocketError.HostNotFound);
    }

    /// <summary>What blocks for long does not take a thread of the pool from others.</summary>
    private static Task OnThreadOfItsOwn(Action action) =>
        Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
