using System.Net.Sockets;

namespace Kbus.Limpets;

/// <summary>A stream over a connected socket: reading blocks the thread that reads, writing never blocks.</summary>
/// <remarks>
/// The framework's own stream waits for data on a thread of its own, which then wakes the reader; a Limpet pays for each wake-up, so here the
/// reader itself sleeps in the kernel. What cannot be written at once is written by a thread of the pool. One thread reads while another writes.
/// </remarks>
internal sealed class SocketStream : Stream
{
    private readonly Socket _socket;
    private volatile bool _isClosed;

    /// <summary>Takes over a connected socket.</summary>
    public SocketStream(Socket socket)
    {
        socket.Blocking = false;
        _socket = socket;
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

    /// <summary>True if a read would not have to wait.</summary>
    public bool HasMore => !_isClosed && _socket.Available > 0;

    /// <summary>Tells the peer that no more comes. What it sends can still be read.</summary>
    public void FinishWriting()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException e)
        {
            throw Broken(e.SocketErrorCode);
        }
    }

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        try
        {
            while (true)
            {
                int count = _socket.Receive(buffer, SocketFlags.None, out SocketError error);
                if (error == SocketError.Success)
                {
                    return count;
                }

                if (error != SocketError.WouldBlock)
                {
                    throw Broken(error);
                }

                _ = _socket.Poll(Timeout.InfiniteTimeSpan, SelectMode.SelectRead);
                ObjectDisposedException.ThrowIf(_isClosed, this);
            }
        }
        catch (SocketException e)
        {
            throw Broken(e.SocketErrorCode);
        }
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
                // Wakes who sleeps in Poll.
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

    private void WriteRest(ReadOnlyMemory<byte> rest)
    {
        while (true)
        {
            rest = rest[Send(rest.Span)..];
            if (rest.IsEmpty)
            {
                return;
            }

            try
            {
                _ = _socket.Poll(Timeout.InfiniteTimeSpan, SelectMode.SelectWrite);
            }
            catch (SocketException e)
            {
                throw Broken(e.SocketErrorCode);
            }

            ObjectDisposedException.ThrowIf(_isClosed, this);
        }
    }

    /// <summary>Sends what the kernel takes at once.</summary>
    private int Send(ReadOnlySpan<byte> bytes)
    {
        ObjectDisposedException.ThrowIf(_isClosed, this);
        int sent = _socket.Send(bytes, SocketFlags.None, out SocketError error);
        return error switch
        {
            SocketError.Success => sent,
            SocketError.WouldBlock => 0,
            _ => throw Broken(error),
        };
    }

    private static IOException Broken(SocketError error) => new(error switch
    {
        SocketError.ConnectionReset or SocketError.Shutdown => "the peer has closed it",
        SocketError.TimedOut => "the peer does not answer any more",
        SocketError.HostUnreachable or SocketError.NetworkUnreachable or SocketError.HostDown or SocketError.NetworkDown => "the peer cannot be reached any more",
        _ => $"{error}",
    });
}
