using System.Net.Sockets;
using Kbus.Linux;

namespace Kbus.Limpets;

/// <summary>A stream over a connected socket: reading blocks the thread that reads, writing never blocks.</summary>
/// <remarks>
/// The framework's own stream waits for data on a thread of its own, which then wakes the reader. A Limpet pays for each wake-up. So here
/// the reader itself sleeps in the kernel. A thread of the pool writes what cannot be written at once. One thread reads while
/// another writes.
/// </remarks>
internal sealed class SocketStream : Stream, IFinishing, IProgressing, IWatched
{
    /// <summary>The interval, in nanoseconds, at which a waiting write is retried. The kernel reports room only when a good part of its
    /// buffer is free, which may take a slow peer minutes.</summary>
    private const long TryEvery = 100_000_000;

    /// <summary>A peer that has sent so many bytes since they were read last is about to send more.</summary>
    private const int MuchAtOnce = 32 * 1024;
    private const long LookNanoseconds = 300_000;

    private readonly Socket _socket;
    private readonly SafeSocketHandle _handle;
    private readonly WindowWatch? _window;
    private readonly byte[] _beginning = new byte[4];
    private int _begun;
    private volatile bool _isClosed;
    private bool _isBusy;

    /// <summary>Takes over a connected socket.</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="silenceLimit">The limit that <see cref="Sockets.Watch"/> has set, to be lifted while the peer's buffer is full; null
    /// if none was set.</param>
    /// <param name="time">The source of time; null for the system's.</param>
    public SocketStream(Socket socket, TimeSpan? silenceLimit = null, TimeProvider? time = null)
    {
        _window = silenceLimit is { } limit && socket.ProtocolType == ProtocolType.Tcp ? new WindowWatch(socket, limit, time ?? TimeProvider.System) : null;
        _socket = socket;
        _handle = socket.SafeHandle;
        using var held = new Held(this);
        _ = LibC.SetBlocking(held.Number, blocking: true);
    }

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    public Action? Progressed { get; set; }

    /// <summary>Whether the peer has sent anything.</summary>
    public bool HasBegun => _begun > 0;

    /// <summary>Whether it began as TLS does: with a record of a handshake or an alert.</summary>
    public bool BeganAsTls => _beginning[0] is 0x15 or 0x16 && (_begun < 2 || _beginning[1] == 3);

    /// <summary>The first bytes, in hexadecimal; as text too if they are a word.</summary>
    public string Beginning => Convert.ToHexString(_beginning.AsSpan(0, _begun))
        + (_begun == _beginning.Length && Array.TrueForAll(_beginning, b => char.IsAsciiLetterUpper((char)b)) ? $" ({System.Text.Encoding.ASCII.GetString(_beginning)})" : "");

    /// <inheritdoc/>
    public TimeSpan Watch() => _window?.Look() ?? TimeSpan.Zero;

    /// <inheritdoc/>
    public TimeSpan? RoundTrip => _window?.RoundTrip;

    /// <inheritdoc/>
    public void FinishWriting()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException e)
        {
            throw new IOException(e.Message, e);
        }
    }

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        using var held = new Held(this);
        int count = _isBusy ? Look(held.Number, buffer) : LibC.Again;
        if (count == LibC.Again)
        {
            count = LibC.Receive(held.Number, buffer, 0);
        }

        _isBusy = count >= MuchAtOnce;
        ObjectDisposedException.ThrowIf(_isClosed, this);
        if (_begun < _beginning.Length && count > 0)
        {
            Begin(buffer[..count]);
        }

        return count >= 0 ? count : throw Broken(count);
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => WriteRest(buffer.AsMemory(offset, count));

    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int sent = Send(buffer.Span);
        return sent == buffer.Length
            ? ValueTask.CompletedTask
            : new ValueTask(Task.Run(() => WriteRest(buffer[sent..]), cancellationToken));
    }

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing && !_isClosed)
        {
            _isClosed = true;
            try
            {
                // Wakes who sleeps in a call.
                _socket.Shutdown(SocketShutdown.Both);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // It has gone already.
            }

            _socket.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>Gives way to others, among them those who work at what was read before, until there is something to read again.</summary>
    /// <remarks>So more is read at once, and the peer does not pay for waking this thread.</remarks>
    /// <returns>As of the call; <see cref="LibC.Again"/> if nothing has come for a while.</returns>
    private static int Look(int socket, Span<byte> buffer)
    {
        long until = LibC.MonotonicNanoseconds() + LookNanoseconds;
        int count;
        do
        {
            LibC.YieldProcessor();
            count = LibC.Receive(socket, buffer, LibC.MessageDontWait);
        }
        while (count == LibC.Again && LibC.MonotonicNanoseconds() < until);
        return count;
    }

    private void Begin(ReadOnlySpan<byte> read)
    {
        ReadOnlySpan<byte> some = read[..Math.Min(read.Length, _beginning.Length - _begun)];
        some.CopyTo(_beginning.AsSpan(_begun));
        _begun += some.Length;
    }

    private void WriteRest(ReadOnlyMemory<byte> rest)
    {
        while (true)
        {
            int sent = Send(rest.Span);
            rest = rest[sent..];
            if (rest.IsEmpty)
            {
                return;
            }

            if (sent > 0)
            {
                Progressed?.Invoke();
            }

            using var held = new Held(this);
            _ = LibC.Poll(held.Number, LibC.PollOut, TryEvery);
            ObjectDisposedException.ThrowIf(_isClosed, this);
        }
    }

    /// <summary>Sends what the kernel takes at once.</summary>
    private int Send(ReadOnlySpan<byte> bytes)
    {
        using var held = new Held(this);
        int sent = LibC.Send(held.Number, bytes, LibC.MessageDontWait);
        return sent switch
        {
            >= 0 => sent,
            LibC.Again => 0,
            _ => throw Broken(sent),
        };
    }

    private static BrokenException Broken(int error) => new((Errno)(-error) switch
    {
        Errno.ECONNRESET or Errno.EPIPE => "the peer has closed it",
        Errno.ETIMEDOUT => "the peer does not answer any more",
        Errno.EHOSTUNREACH or Errno.ENETUNREACH or Errno.EHOSTDOWN or Errno.ENETDOWN => "the peer cannot be reached any more",
        _ => KbusErrors.Name((Errno)(-error)),
    });

    /// <summary>The socket's number, which stays its own as long as this is not disposed of.</summary>
    private readonly ref struct Held
    {
        private readonly SafeSocketHandle _handle;

        public Held(SocketStream stream)
        {
            bool isHeld = false;
            _handle = stream._handle;
            _handle.DangerousAddRef(ref isHeld);
            Number = (int)_handle.DangerousGetHandle();
        }

        public int Number { get; }

        public void Dispose() => _handle.DangerousRelease();
    }
}
