namespace Kbus.Native;

/// <summary>A Ksock that a C program has open, with what it has borrowed from it.</summary>
internal sealed unsafe class OpenKsock(Ksock ksock)
{
    private MessageBuffer? _spare;

    /// <summary>The Ksock.</summary>
    public Ksock Ksock { get; } = ksock;

    /// <summary>What is lent of it.</summary>
    public LentMessages Lent { get; } = new(ksock.Bare);

    /// <summary>What is sent with it together.</summary>
    public PostedMessages Posted { get; } = new(ksock);

    /// <summary>Its bare level.</summary>
    public BareKsock Bare { get; } = ksock.Bare;

    /// <summary>Takes the next message for a caller who copies it out.</summary>
    /// <param name="wait">How long to wait for one; null for ever.</param>
    /// <param name="message">The copy; null if there is none.</param>
    /// <returns>None, ENOMSG if there is none, EINTR, ENOMEM, ENODEV or EBADF.</returns>
    public Errno Read(TimeSpan? wait, out NativeMessage* message)
    {
        message = null;
        MessageBuffer buffer = Interlocked.Exchange(ref _spare, null) ?? new MessageBuffer();
        try
        {
            Errno error = Bare.TakeOrWait(new Span<MessageBuffer>(ref buffer), wait, out _);
            if (error == Errno.None)
            {
                message = Reading.Copy(buffer);
                error = message == null ? Errno.ENOMEM : Errno.None;
            }

            return error;
        }
        finally
        {
            buffer.Clear();
            Volatile.Write(ref _spare, buffer);
        }
    }

    /// <summary>Sends a Request and waits for its answer.</summary>
    /// <param name="request">The Request.</param>
    /// <param name="wait">How long to wait; null for ever.</param>
    /// <param name="reply">A copy of the answer; null if there is none.</param>
    /// <param name="kind">Whether it is a Reply or a Status.</param>
    public Errno Request(byte* request, TimeSpan? wait, out NativeMessage* reply, out MessageKind kind)
    {
        reply = null;
        kind = default;
        MessageBuffer buffer = Interlocked.Exchange(ref _spare, null) ?? new MessageBuffer();
        try
        {
            Errno error = Bare.Request(request, buffer, wait);
            if (error == Errno.None)
            {
                kind = buffer.Kind;
                reply = Reading.Copy(buffer);
                error = reply == null ? Errno.ENOMEM : Errno.None;
            }

            return error;
        }
        finally
        {
            buffer.Clear();
            Volatile.Write(ref _spare, buffer);
        }
    }

    /// <summary>Closes the Ksock. False if somebody else had closed its descriptor, which may be another file's by now and is not touched.</summary>
    public bool Close()
    {
        bool wasOpen = Ksock.HasDescriptor;
        Ksock.Dispose();
        Lent.Dispose();
        return wasOpen;
    }
}
