using System.Net;
using System.Net.Sockets;

namespace Kbus.Limpets;

/// <summary>A Limpet that waits for its peer to connect, and goes on waiting whenever the link breaks.</summary>
/// <remarks>
/// It has one peer at a time. Another with the same network id is the same one, come again because its connection broke before it was noticed here:
/// it takes the place of the old link. Any other is sent away as long as the link lasts.
/// </remarks>
public sealed class LimpetServer : IDisposable
{
    private const int GreetingsAtOnce = 16;
    private static readonly TimeSpan AfterFault = TimeSpan.FromMilliseconds(100);
    private readonly LimpetOptions _options;
    private readonly LimpetSecurity _security;
    private readonly Socket _listener;
    private readonly string? _path;
    private readonly SemaphoreSlim _greetings = new(GreetingsAtOnce);
    private readonly SemaphoreSlim _changing = new(1);
    private readonly TaskCompletionSource<LimpetEnding> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Limpet? _limpet;
    private bool _isOnce;
    private bool _isStopping;

    private LimpetServer(LimpetAddress address, LimpetOptions options, LimpetSecurity security, Socket listener)
    {
        _options = options;
        _security = security;
        _listener = listener;
        _path = address.Path;
        Address = listener.LocalEndPoint is IPEndPoint ip ? new LimpetAddress(ip.Address.ToString(), ip.Port, null) : address;
    }

    /// <summary>Where it listens; with the port that was given to it.</summary>
    public LimpetAddress Address { get; }

    /// <summary>Begins to listen. The file of a Unix socket is for this user alone, and is removed at the end; one that nobody listens to is replaced.</summary>
    /// <param name="address">Where.</param>
    /// <param name="options">What the Limpet does on its bus.</param>
    /// <param name="security">How the link is protected; null for the plain protocol, on this machine alone.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The server; <see cref="RunAsync"/> takes connections.</returns>
    /// <exception cref="LimpetException">It cannot listen there, or may not without protection.</exception>
    /// <exception cref="ArgumentException">An option cannot be meant.</exception>
    public static async Task<LimpetServer> ListenAsync(
        LimpetAddress address, LimpetOptions options, LimpetSecurity? security = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(options);
        security ??= new LimpetSecurity();
        options.Check();
        security.Check();
        Socket? socket = null;
        try
        {
            EndPoint place = (await address.ResolveAsync(cancellationToken).ConfigureAwait(false))[0];
            security.CheckPlace(place, options.Tell);
            RemoveStale(address.Path);
            socket = Sockets.For(place);
            if (address.Path is null)
            {
                socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            }

            socket.Bind(place);
            if (address.Path is not null)
            {
                // Nobody can connect before it listens.
                File.SetUnixFileMode(address.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }

            socket.Listen();
            return new LimpetServer(address, options, security, socket);
        }
        catch (Exception e) when (e is SocketException or UnauthorizedAccessException or (IOException and not LimpetException))
        {
            socket?.Dispose();
            string hint = e is SocketException { SocketErrorCode: SocketError.AddressNotAvailable }
                ? " A server's address is one of this machine's own; 0.0.0.0 stands for all of them." : "";
            throw new LimpetException($"Cannot listen at {address}: {e.Message}.{hint}", e);
        }
    }

    /// <summary>Takes connections until the link ends for good.</summary>
    /// <param name="isOnce">True to come back when the first link has ended.</param>
    /// <param name="cancellationToken">Ends the link in good order.</param>
    /// <returns>How it ended: <see cref="LimpetEndingKind.Stopped"/>, <see cref="LimpetEndingKind.Terminated"/> or
    /// <see cref="LimpetEndingKind.Loop"/>; once, also any other.</returns>
    public async Task<LimpetEnding> RunAsync(bool isOnce = false, CancellationToken cancellationToken = default)
    {
        _isOnce = isOnce;
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task accepting = AcceptAsync(stopping.Token);
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
        _listener.Dispose();
        if (_path is not null)
        {
            File.Delete(_path);
        }
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

    /// <summary>A socket's file stays behind when its server is killed.</summary>
    private static void RemoveStale(string? path)
    {
        if (path is null || !File.Exists(path))
        {
            return;
        }

        using Socket probe = Sockets.For(new UnixDomainSocketEndPoint(path));
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
            throw new LimpetException($"Cannot listen at {path}: somebody does already.");
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused && IsSocket(path))
        {
            File.Delete(path);
        }
    }

    /// <summary>Whether a file is a socket, which alone cannot be opened; who tries to connect to a file of another kind is refused as well.</summary>
    private static bool IsSocket(string path)
    {
        const int NoSuchDevice = 6;
        try
        {
            // For writing too: so a pipe's other end is not waited for.
            File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite).Dispose();
            return false;
        }
        catch (IOException e)
        {
            return e.HResult == NoSuchDevice;
        }
    }

    private async Task AcceptAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await _greetings.WaitAsync(cancellationToken).ConfigureAwait(false);
                _ = WelcomeAsync(await NextAsync(cancellationToken).ConfigureAwait(false), cancellationToken);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // It listens no more.
        }
    }

    /// <summary>The next connection. One that cannot be taken, because it broke at once or descriptors are short, keeps none after it away.</summary>
    private async Task<Socket> NextAsync(CancellationToken cancellationToken)
    {
        string? told = null;
        while (true)
        {
            try
            {
                return await _listener.AcceptAsync(cancellationToken).ConfigureAwait(false);
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

    private async Task WelcomeAsync(Socket socket, CancellationToken cancellationToken)
    {
        string who = $"Somebody at {Address}";
        Stream? stream = null;
        try
        {
            who = socket.RemoteEndPoint is IPEndPoint ip ? $"{ip}" : $"{Address}";
            Sockets.Watch(socket, _options.SilenceLimit);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(_options.GreetingLimit);
            stream = await _security.ProtectAsync(new SocketStream(socket), isServer: true, limit.Token).ConfigureAwait(false);
            uint peerId = await Task.Factory.StartNew(
                () => Limpet.Greet(stream, _options), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
            await TakeAsync(stream, peerId, who, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or SocketException or KbusException or OperationCanceledException or ObjectDisposedException)
        {
            stream?.Dispose();
            socket.Dispose();
            if (!cancellationToken.IsCancellationRequested)
            {
                _options.Tell($"{who} was sent away. {e.Message}");
            }
        }
        finally
        {
            _greetings.Release();
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
