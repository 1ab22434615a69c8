using System.Runtime.CompilerServices;
using Kbus.Core;
using Kbus.Hosts;

namespace Kbus;

/// <content>Whole messages that lie in the caller's memory, pointy or entire, and waiting: what the C library does in one call.</content>
public sealed partial class BareKsock
{
    /// <summary>Writes a message and sends it, in one step if no other is under construction.</summary>
    /// <param name="message">The message, readable as far as its lengths say.</param>
    /// <param name="id">Its id, with None and EAGAIN.</param>
    /// <param name="timeout">How long a bus that stands still is waited for; null for ever.</param>
    internal unsafe Errno Send(byte* message, TimeSpan? timeout, out MessageId id)
    {
        id = default;
        if (_assembly.IsStarted && !_host.IsSending)
        {
            lock (_lock)
            {
                Errno written = WriteWhole(message);
                return written == Errno.None ? Send(out id) : written;
            }
        }

        // How long an entire message may be must be known before its end is looked for.
        ref MessageHeader header = ref *(MessageHeader*)message;
        uint most = header.IsPointy ? MessageLayout.LargestMessage : _host.MaxMessageSize;
        Errno error = CheckWhole(message, most, out WholeMessage whole);
        if (error == Errno.None)
        {
            error = _host.Send(whole.ToSend(message), SendManner.None, new WaitLimit(timeout).Deadline, out id);
        }

        return error == Errno.None ? error : NotSent(error, message);
    }

    /// <summary>Records why a message in the caller's memory was not sent, or that it waits, for who asks <see cref="FailedCall"/>.</summary>
    /// <param name="error">The bus's answer.</param>
    /// <param name="message">The message, readable as far as its lengths say.</param>
    internal unsafe Errno NotSent(Errno error, byte* message)
    {
        MessageHeader header = *(MessageHeader*)message;
        return NotSent(error, header, new WholeMessage(header).CredibleNameOf(message), (int)Math.Min(header.DataLength, int.MaxValue));
    }

    /// <summary>Records that a Status came where a Reply was wanted.</summary>
    /// <param name="status">The Status in the caller's memory, readable as far as its lengths say.</param>
    /// <param name="request">The Request's name; empty if it is not known.</param>
    /// <returns>EREMOTEIO.</returns>
    internal unsafe Errno GotStatus(byte* status, ReadOnlySpan<byte> request)
    {
        MessageHeader header = *(MessageHeader*)status;
        var whole = new WholeMessage(header);
        if (Message.Read(header, whole.CredibleNameOf(status), default) is Status message)
        {
            FailedCall.OfThisThread.Told(Refusals.OfStatus(message, request, _ksock.Name));
        }
        else
        {
            FailedCall.OfThisThread.Call(Errno.EREMOTEIO, "call", _ksock.Name, "status");
        }

        return Errno.EREMOTEIO;
    }

    /// <summary>Writes a message, of either form.</summary>
    /// <param name="message">The message, readable as far as its lengths say.</param>
    internal unsafe Errno WriteWhole(byte* message)
    {
        var header = (MessageHeader*)message;
        long length = header->IsPointy ? MessageHeader.Size : header->EntireLength;

        // A header with a length that no message can have is refused as soon as it is there, without the rest.
        uint most = Math.Max(_host.MaxMessageSize, MessageHeader.Size);
        return Write(new ReadOnlySpan<byte>(message, (int)Math.Min(length, most)));
    }

    /// <summary>Takes the next message and reads it whole, as one step for all threads.</summary>
    /// <param name="allocate">Gives memory of so many bytes; null if there is none.</param>
    /// <param name="message">The message; null if there is none.</param>
    /// <returns>None, ENOMEM (the message stays current), ENODEV or EBADF.</returns>
    internal unsafe Errno ReadNext(delegate*<long, byte*> allocate, out byte* message)
    {
        message = null;
        lock (_lock)
        {
            Errno error = NextMessage(out int length);
            if (error != Errno.None || length == 0)
            {
                return error;
            }

            byte* memory = (_ksock.Mode & KsockMode.Read) != 0 ? allocate(length) : null;
            error = memory == null ? Errno.ENOMEM : Read(new Span<byte>(memory, length), out _);
            message = memory;
            return (_ksock.Mode & KsockMode.Read) != 0 ? error : Errno.EBADF;
        }
    }

    /// <summary>Sends a Request and waits for its answer, without allocating.</summary>
    /// <param name="message">The Request, readable as far as its lengths say.</param>
    /// <param name="answer">Takes the answer.</param>
    /// <param name="timeout">How long at most; null for ever.</param>
    /// <returns>None, ETIMEDOUT, EINTR, EINPROGRESS, or why it was not sent or written.</returns>
    internal unsafe Errno Request(byte* message, MessageBuffer answer, TimeSpan? timeout)
    {
        Errno error = CheckWhole(message, _host.MaxMessageSize, out WholeMessage whole);
        if (error != Errno.None)
        {
            return NotSent(error, message);
        }

        if ((((MessageHeader*)message)->Flags & MessageFlags.WantAReply) == 0)
        {
            FailedCall.OfThisThread.Call(Errno.EBADMSG, "call", _ksock.Name, "request", $"The message that {_ksock.Name} was to get an answer to is no Request.");
            return Errno.EBADMSG;
        }

        _host.BeginWait(looks: false);
        try
        {
            return _ksock.TryAsk(*(MessageHeader*)message, whole.NameOf(message), whole.DataOf(message), answer, timeout);
        }
        finally
        {
            _host.EndWait(looks: false);
        }
    }

    /// <summary>Waits until a message can be taken, until none waits to be sent, or either.</summary>
    /// <param name="forMessage">Whether a message is waited for.</param>
    /// <param name="forRoom">Whether the end of a waiting send is waited for.</param>
    /// <param name="timeout">How long at most; null for ever.</param>
    /// <param name="readable">Whether a message can be taken, if that was asked.</param>
    /// <param name="writable">Whether none waits to be sent, if that was asked.</param>
    /// <returns>None, also if the time ran out; EINTR (a signal handler has run), ENODEV or EBADF.</returns>
    internal Errno Wait(bool forMessage, bool forRoom, TimeSpan? timeout, out bool readable, out bool writable)
    {
        _host.BeginWait(looks: false);
        try
        {
            Errno error = WaitUntilReady(forMessage, forRoom, new WaitLimit(timeout), out readable, out writable);
            if (readable)
            {
                _host.AwaitRing();
            }

            return error;
        }
        finally
        {
            _host.EndWait(looks: false);
        }
    }

    /// <summary>Takes messages, as many as are there and have room, waiting for one if none is. A waiting send is tried again meanwhile.</summary>
    /// <param name="targets">Take the messages in their order.</param>
    /// <param name="timeout">How long at most; null for ever.</param>
    /// <param name="count">How many they are.</param>
    /// <returns>None, ENOMSG (the time ran out), EINTR (a signal handler has run), ENODEV or EBADF.</returns>
    internal Errno TakeOrWait(Span<MessageBuffer> targets, TimeSpan? timeout, out int count)
    {
        count = 0;
        if ((_ksock.Mode & KsockMode.Read) == 0)
        {
            return Errno.EBADF;
        }

        if (timeout == TimeSpan.Zero || _host.HasMessage)
        {
            Errno error = _host.TryTakeSome(targets, out count);
            if (error != Errno.ENOMSG || timeout == TimeSpan.Zero)
            {
                return error;
            }
        }

        var limit = new WaitLimit(timeout);
        _host.BeginWait(looks: true);
        try
        {
            return LookForSome(targets, limit, out count);
        }
        finally
        {
            _host.EndWait(looks: true);
        }
    }

    private Errno LookForSome(Span<MessageBuffer> targets, in WaitLimit limit, out int count)
    {
        bool isBrief = true;
        while (true)
        {
            Errno error = _host.TryTakeSome(targets, out count);
            TimeSpan left = limit.Left;
            if (error != Errno.ENOMSG || left == TimeSpan.Zero)
            {
                return error;
            }

            if (isBrief && !_host.IsSending)
            {
                isBrief = false;
                _ = _host.WaitBriefly(left);
                continue;
            }

            error = _host.SleepOnDescriptor(forMessage: true, forRoom: false, looks: true, left);
            isBrief = true;
            if (error != Errno.None)
            {
                return error;
            }
        }
    }

    private Errno WaitUntilReady(bool forMessage, bool forRoom, WaitLimit limit, out bool readable, out bool writable)
    {
        bool isBrief = true;
        while (true)
        {
            Errno error = Poll(limit.Deadline, out readable, out writable);
            readable &= forMessage;
            writable &= forRoom;
            TimeSpan left = limit.Left;
            if (error == Errno.ETIMEDOUT)
            {
                return Errno.None;
            }

            if (error != Errno.None || readable || writable || left == TimeSpan.Zero)
            {
                return error;
            }

            if (isBrief && !_host.IsSending && forMessage)
            {
                isBrief = false;
                _ = _host.WaitBriefly(left);
                continue;
            }

            error = _host.SleepOnDescriptor(forMessage, forRoom, looks: false, left);
            isBrief = true;
            if (error != Errno.None)
            {
                return error;
            }
        }
    }

    /// <summary>All that writing it would have found, for a message that is sent without being written first.</summary>
    /// <param name="message">The message, readable as far as its lengths say.</param>
    /// <param name="mostBytes">The bus's limit of message size.</param>
    /// <param name="whole">Where its parts are.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal unsafe Errno CheckWhole(byte* message, uint mostBytes, out WholeMessage whole)
    {
        whole = default;
        if (_ksock.IsClosed || (_ksock.Mode & KsockMode.Write) == 0)
        {
            return Errno.EBADF;
        }

        if (_host.IsSending)
        {
            return Errno.EALREADY;
        }

        // Whatever the program does to its memory meanwhile, lengths and pointers stay those that were looked at.
        ref readonly MessageHeader header = ref *(MessageHeader*)message;
        whole = new WholeMessage(header);
        Errno error = whole.Check(header, mostBytes);
        if (error != Errno.None)
        {
            return error;
        }

        if (whole.IsPointy || whole.IsGuarded(message))
        {
            // The host looks at the name.
            return Errno.None;
        }

        return MessageName.IsSendable(whole.NameOf(message)) ? Errno.EINVAL : Errno.EBADMSG;
    }
}
