namespace Kbus;

public sealed partial class Ksock
{
    private MessageBuffer? _spare;

    /// <summary>Reads the next message, without waiting. A Request to be replied to counts as read from now on.</summary>
    /// <returns>The message, of the class that fits; null if none waits.</returns>
    /// <exception cref="KbusException">EBADF (not opened for reading), ENODEV (the bus has died and all has been read).</exception>
    public Message? ReadNextMessage()
    {
        MessageBuffer buffer = Borrow();
        try
        {
            return TryReadNext(buffer) ? buffer.ToMessage() : null;
        }
        finally
        {
            GiveBack(buffer);
        }
    }

    /// <summary>Reads the next message into a buffer, without waiting and without allocating.</summary>
    /// <param name="buffer">Takes the message; what it held before is forgotten.</param>
    /// <returns>False if no message waits.</returns>
    /// <exception cref="KbusException">EBADF (not opened for reading), ENODEV (the bus has died and all has been read).</exception>
    public bool TryReadNext(MessageBuffer buffer)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        ThrowIfClosed();
        Errno error = (Mode & KsockMode.Read) != 0 ? _host.TryTake(buffer) : Errno.EBADF;
        return error switch
        {
            Errno.None => true,
            Errno.ENOMSG => false,
            _ => throw Unless(Refusals.OfRead(error, Name)),
        };
    }

    /// <summary>Reads the next message, waiting for one if none is there. A waiting send is tried again meanwhile.</summary>
    /// <param name="timeout">How long to wait at most; null for ever, zero for not at all.</param>
    /// <returns>The message; null if the time ran out.</returns>
    /// <exception cref="KbusException">EBADF (not opened for reading), ENODEV (the bus has died and all has been read).</exception>
    /// <exception cref="ObjectDisposedException">The Ksock is closed, or was closed by another thread meanwhile.</exception>
    public Message? WaitForMessage(TimeSpan? timeout = null)
    {
        MessageBuffer buffer = Borrow();
        try
        {
            return WaitForMessage(buffer, timeout) ? buffer.ToMessage() : null;
        }
        finally
        {
            GiveBack(buffer);
        }
    }

    /// <summary>Reads the next message into a buffer, waiting for one if none is there, without allocating.</summary>
    /// <param name="buffer">Takes the message; what it held before is forgotten.</param>
    /// <param name="timeout">How long to wait at most; null for ever, zero for not at all.</param>
    /// <returns>False if the time ran out.</returns>
    /// <exception cref="KbusException">EBADF (not opened for reading), ENODEV (the bus has died and all has been read).</exception>
    /// <exception cref="ObjectDisposedException">The Ksock is closed, or was closed by another thread meanwhile.</exception>
    public bool WaitForMessage(MessageBuffer buffer, TimeSpan? timeout = null)
    {
        if (timeout is { } given)
        {
            WaitLimit.Check(given);
        }

        return TryReadNext(buffer) || ReadWaiting(new Span<MessageBuffer>(ref buffer), timeout) > 0;
    }

    /// <summary>Reads the next messages into buffers, as many as are there and have room, without waiting and without allocating.</summary>
    /// <remarks>This costs less for each message than to read them one by one. Beyond the original.</remarks>
    /// <param name="buffers">Take the messages in their order; what they held before is forgotten, in all of them.</param>
    /// <returns>How many messages it are; 0 if none waits.</returns>
    /// <exception cref="KbusException">EBADF (not opened for reading), ENODEV (the bus has died and all has been read).</exception>
    public int ReadNext(Span<MessageBuffer> buffers)
    {
        ThrowIfClosed();
        if (buffers.IsEmpty)
        {
            return 0;
        }

        int count = 0;
        Errno error = (Mode & KsockMode.Read) != 0 ? _host.TryTakeSome(buffers, out count) : Errno.EBADF;
        return error is Errno.None or Errno.ENOMSG ? count : throw Unless(Refusals.OfRead(error, Name));
    }

    /// <summary>Reads the next messages into buffers, as <see cref="ReadNext"/> does, but waits for one if none is there.</summary>
    /// <param name="buffers">As for <see cref="ReadNext"/>; at least one.</param>
    /// <param name="timeout">How long to wait at most; null for ever, zero for not at all.</param>
    /// <returns>How many messages it are; 0 if the time ran out.</returns>
    /// <exception cref="ArgumentException">There is no buffer.</exception>
    /// <exception cref="KbusException">EBADF (not opened for reading), ENODEV (the bus has died and all has been read).</exception>
    /// <exception cref="ObjectDisposedException">The Ksock is closed, or was closed by another thread meanwhile.</exception>
    public int WaitForMessages(Span<MessageBuffer> buffers, TimeSpan? timeout = null)
    {
        if (buffers.IsEmpty)
        {
            throw new ArgumentException("There must be a buffer for a message.", nameof(buffers));
        }

        if (timeout is { } given)
        {
            WaitLimit.Check(given);
        }

        int count = ReadNext(buffers);
        return count > 0 ? count : ReadWaiting(buffers, timeout);
    }

    /// <summary>Reads the next messages when there was none a moment ago. Apart, so that a message which is there costs none of this.</summary>
    private int ReadWaiting(Span<MessageBuffer> buffers, TimeSpan? timeout)
    {
        var limit = new WaitLimit(timeout);
        int count;
        do
        {
            if (_host.WaitBriefly(limit.Left) && (count = ReadNext(buffers)) > 0)
            {
                return count;
            }

            long since = _host.WatchNews();
            TryWaiting(limit.Deadline);
            if ((count = ReadNext(buffers)) > 0)
            {
                return count;
            }

            TimeSpan left = limit.Left;
            if (left == TimeSpan.Zero)
            {
                return 0;
            }

            _host.WaitForNews(since, left);
        }
        while ((count = ReadNext(buffers)) == 0);
        return count;
    }

    private MessageBuffer Borrow() => Interlocked.Exchange(ref _spare, null) ?? new MessageBuffer();

    private void GiveBack(MessageBuffer buffer)
    {
        buffer.Clear();
        Volatile.Write(ref _spare, buffer);
    }
}
