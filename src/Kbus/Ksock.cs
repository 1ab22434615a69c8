using Kbus.Hosts;

namespace Kbus;

/// <summary>A connection to a bus: what a program sends, receives, binds and replies by.</summary>
/// <remarks>
/// <para>Any thread may call at any time; each call is one operation on the bus. When a call has returned, every later call by anyone
/// sees its effect. Refusals are <see cref="KbusException"/>s whose message says what happened, what it means and what to do;
/// the calls that begin with <c>Try</c> return them instead.</para>
/// <para>Its calls stand together by what they are for: binding, sending, receiving, requesting, asynchronous calls, settings, and
/// the bare level (<see cref="Bare"/>). Source: the paper's chapter "How"; spec sections 7 and 10.6.</para>
/// </remarks>
public sealed partial class Ksock : IDisposable, IAsyncDisposable
{
    private readonly KsockHost _host;
    private readonly KsockOptions _options;
    private readonly NewsBell _bell;
    private readonly uint _device;
    private BareKsock? _bare;
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile SendSubject? _waits;
    private volatile bool _isClosed;
    private bool _isClosing;

    internal Ksock(KsockHost host, KsockOptions options)
    {
        _host = host;
        _options = options;
        _device = host.Device;
        Id = host.KsockId;
        Mode = host.Mode;
        _bell = new NewsBell(host);
    }

    /// <summary>The Ksock's id on its bus: what others see as <see cref="Message.From"/> of its messages.</summary>
    public uint Id { get; }

    /// <summary>The number of its bus.</summary>
    public uint Device => _device;

    /// <summary>What it was opened for.</summary>
    public KsockMode Mode { get; }

    /// <summary>True once it has been closed.</summary>
    public bool IsClosed => _isClosed;

    /// <summary>The same Ksock at the bare Unix level: bytes written and read, one call for each operation.</summary>
    public BareKsock Bare => _bare ?? Interlocked.CompareExchange(ref _bare, new BareKsock(this), null) ?? _bare;

    internal KsockHost Host => _host;

    /// <summary>How errors name it.</summary>
    internal KsockName Name => new(Id, _device, Mode) { Fault = _host.Fault };

    /// <summary>What is known of the message that waited last.</summary>
    internal SendSubject? Waits => _waits;

    /// <summary>False if somebody else has closed the descriptor.</summary>
    internal bool HasDescriptor => _host.HasDescriptor;

    /// <summary>Opens a Ksock on a bus of the daemon.</summary>
    /// <param name="device">The bus's number; bus 0 always exists.</param>
    /// <param name="mode">What it is opened for.</param>
    /// <param name="options">Where the daemon is and how to wait; null for the usual way.</param>
    /// <returns>The Ksock; dispose of it to close it.</returns>
    /// <exception cref="KbusException">ENOENT (no such bus, or no daemon), EACCES, EPERM (the policy denies it), EMFILE, ETIMEDOUT, ECONNRESET (the daemon ended), EPROTO (another release) and others.</exception>
    public static Ksock Open(uint device = 0, KsockMode mode = KsockMode.ReadWrite, KsockOptions? options = null)
    {
        options ??= KsockOptions.Default;
        return new Ksock(HostFactory.Open(device, mode, options), options);
    }

    /// <summary>Opens a Ksock on a bus of the daemon without blocking, also while a daemon is being started or does not answer.</summary>
    /// <param name="device">The bus's number; bus 0 always exists.</param>
    /// <param name="mode">What it is opened for.</param>
    /// <param name="options">Where the daemon is and how to wait; null for the usual way.</param>
    /// <param name="cancellationToken">
    /// Gives up at once. What was begun still comes to its end, by the time limit of the options: a daemon may have been started, and a Ksock
    /// that was opened is closed again.
    /// </param>
    /// <returns>The Ksock; dispose of it to close it.</returns>
    /// <exception cref="KbusException">As for <see cref="Open"/>.</exception>
    /// <exception cref="OperationCanceledException">It was given up.</exception>
    public static Task<Ksock> OpenAsync(
        uint device = 0, KsockMode mode = KsockMode.ReadWrite, KsockOptions? options = null, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<Ksock>(cancellationToken);
        }

        Task<Ksock> opening = OwnThread.Run("kbus open", () => Open(device, mode, options), "opening asynchronously needs", "open");
        return cancellationToken.CanBeCanceled ? OpenOrGiveUpAsync(opening, cancellationToken) : opening;
    }

    /// <summary>A descriptor for poll, select or epoll, which is readable exactly when a message can be taken or the bus has died.</summary>
    /// <remarks>
    /// Only for watching: nothing else may be done with it. A method, because from the first call on the Ksock keeps the descriptor right,
    /// which costs system calls.
    /// </remarks>
    /// <returns>The descriptor; -1 on a bus in this process.</returns>
    /// <exception cref="ObjectDisposedException">The Ksock is closed.</exception>
    public int GetDescriptor()
    {
        ThrowIfClosed();
        return _host.Descriptor;
    }

    /// <summary>Closes the Ksock: its bindings end, and whoever waits for a reply from it gets a Status. Spec section 6.4.</summary>
    /// <remarks>Calls that are waiting end with <see cref="ObjectDisposedException"/>. Messages not yet read are thrown away.</remarks>
    public void Dispose()
    {
        if (BeginClosing())
        {
            Close();
        }
    }

    /// <summary>Closes the Ksock as <see cref="Dispose"/> does, without blocking while the bus has not answered.</summary>
    /// <returns>Ends when it is closed for everybody.</returns>
    public ValueTask DisposeAsync()
    {
        if (!BeginClosing())
        {
            return new ValueTask(_closed.Task);
        }

        if (_host.ClosingWaits && OwnThread.TryRun("kbus close", () => { Close(); return true; }, out Task<bool>? closing))
        {
            return new ValueTask(closing);
        }

        // Where there can be no further thread, the caller waits: a Ksock that is closed late is better than one that is never closed.
        Close();
        return ValueTask.CompletedTask;
    }

    /// <summary>Such as <c>Ksock device 0, id 1, mode read/write</c>, or <c>Ksock device 0 (closed)</c>.</summary>
    public override string ToString() =>
        _isClosed ? $"Ksock device {Device} (closed)" : $"Ksock device {Device}, id {Id}, mode {Words(Mode)}";

    internal void ThrowIfClosed()
    {
        if (_isClosed)
        {
            throw Closed();
        }
    }

    private static async Task<Ksock> OpenOrGiveUpAsync(Task<Ksock> opening, CancellationToken cancellationToken)
    {
        try
        {
            return await opening.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            _ = CloseOnceOpenAsync(opening);
            throw;
        }
    }

    private static async Task CloseOnceOpenAsync(Task<Ksock> opening)
    {
        await ((Task)opening).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (opening.IsCompletedSuccessfully)
        {
            await (await opening.ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>True for the one caller who is to close it. From then on every call finds it closed.</summary>
    private bool BeginClosing()
    {
        if (Interlocked.Exchange(ref _isClosing, true))
        {
            return false;
        }

        _isClosed = true;
        return true;
    }

    private void Close()
    {
        try
        {
            _host.Dispose();
            _bare?.Dispose();
            _host.Requests.Abandon(Closed);
            _bell.Signal();
        }
        finally
        {
            _closed.SetResult();
        }
    }

    private static string Words(KsockMode mode) => mode switch
    {
        KsockMode.Read => "read",
        KsockMode.Write => "write",
        _ => "read/write",
    };

    private ObjectDisposedException Closed() => new(ToString());

    /// <summary>A refusal because the Ksock or its descriptor was closed meanwhile is told as that.</summary>
    private Exception Unless(KbusException refusal) => refusal.Errno switch
    {
        Errno.EBADF when _isClosed => Closed(),
        Errno.EBADF when !HasDescriptor => Refusals.OfLoss(Name),
        _ => refusal,
    };
}
