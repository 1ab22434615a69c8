using Kbus.Core;
using Kbus.Hosts;
using Kbus.Linux;

namespace Kbus;

public sealed partial class Ksock
{
    private WaitingSend? _owner;

    /// <summary>True while a message waits to be sent, because it has ALL_OR_WAIT and somebody had no room for it.</summary>
    /// <remarks>It is tried again by <see cref="Retry"/> and by every waiting call; <see cref="Discard"/> gives it up. Spec section 4.5.</remarks>
    public bool IsSending => !_isClosed && _host.IsSending;

    /// <summary>The id of the message last sent, or last tried; <c>[0:0]</c> before the first.</summary>
    /// <exception cref="KbusException">ENODEV: the bus has died.</exception>
    public MessageId LastSentId
    {
        get
        {
            ThrowIfClosed();
            Errno error = _host.LastSent(out MessageId id);
            return error == Errno.None ? id : throw Unless(Refusals.Of(error, null, null, Name, "set"));
        }
    }

    /// <summary>Sends a message to everybody it is for. If that cannot be done, nobody gets it and the exception says why.</summary>
    /// <param name="message">The message. It stays as it is and can be sent again.</param>
    /// <returns>The id that the bus gave it.</returns>
    /// <exception cref="KbusException">
    /// EPERM (the policy denies it), EADDRNOTAVAIL (nobody to reply, or nobody to get the Reply), EPIPE (a stateful Request's replier is another now), EBUSY (a queue is
    /// full), ENOLCK (no room for the Reply here), ECONNREFUSED (not this Ksock's to reply to), EAGAIN (ALL_OR_WAIT: it waits),
    /// EALREADY (another one waits), EBADMSG, ENAMETOOLONG, EMSGSIZE, EBADF, ENODEV. Spec section 4.
    /// </exception>
    public MessageId Send(Message message)
    {
        ArgumentNullException.ThrowIfNull(message);
        ThrowIfClosed();
        Errno error = _host.Send(new OutgoingMessage(in message.Header, message.NameBytes, message.Data.Span), SendManner.None, out MessageId id);
        return error == Errno.None ? id : throw SendRefused(error, message.Header, message.NameBytes, message.Data.Length);
    }

    /// <summary>Sends an announcement, or with WANT_A_REPLY a Request, without allocating.</summary>
    /// <param name="name">Its name, in ASCII.</param>
    /// <param name="data">Its data.</param>
    /// <param name="flags">Its flags.</param>
    /// <returns>The id that the bus gave it.</returns>
    /// <exception cref="KbusException">As for <see cref="Send(Message)"/>.</exception>
    public MessageId Send(ReadOnlySpan<byte> name, ReadOnlySpan<byte> data, MessageFlags flags = MessageFlags.None)
    {
        ThrowIfClosed();
        var header = new MessageHeader { Flags = flags };
        Errno error = _host.Send(new OutgoingMessage(in header, name, data), SendManner.None, out MessageId id);
        return error == Errno.None ? id : throw SendRefused(error, header, name, data.Length);
    }

    /// <summary>Sends the messages of a batch in their order, and comes back when the bus has answered to all of them.</summary>
    /// <param name="batch">The messages; its outcomes then tell what became of each.</param>
    /// <returns>How many were sent. One that could not be keeps none of the others back.</returns>
    /// <exception cref="ObjectDisposedException">The Ksock is closed.</exception>
    public int Send(MessageBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ThrowIfClosed();
        return batch.Run.Send(_host);
    }

    /// <summary>Sends the Reply to a Request that was received into a buffer, without allocating.</summary>
    /// <param name="request">Holds the Request, and may go on holding it.</param>
    /// <param name="data">The Reply's data.</param>
    /// <param name="flags">The Reply's flags.</param>
    /// <returns>The id that the bus gave the Reply.</returns>
    /// <exception cref="ArgumentException">The buffer does not hold a Request for this Ksock to reply to.</exception>
    /// <exception cref="KbusException">As for <see cref="Send(Message)"/>.</exception>
    public MessageId Reply(MessageBuffer request, ReadOnlySpan<byte> data, MessageFlags flags = MessageFlags.None)
    {
        ArgumentNullException.ThrowIfNull(request);
        ThrowIfClosed();
        if (!request.IsRequest || !request.WantsUsToReply)
        {
            throw new ArgumentException(
                $"Cannot form a reply to a message that does not have WANT_A_REPLY and WANT_YOU_TO_REPLY set: {request}");
        }

        var header = new MessageHeader { InReplyTo = request.Id, To = request.From, Flags = flags };
        Errno error = _host.Send(new OutgoingMessage(in header, request.Name, data), SendManner.None, out MessageId id);
        return error == Errno.None ? id : throw SendRefused(error, header, request.Name, data.Length);
    }

    /// <summary>Sends a message and returns a refusal instead of throwing it.</summary>
    /// <param name="message">The message.</param>
    /// <param name="id">The id that the bus gave it: when true, and with EAGAIN.</param>
    /// <param name="error">Why it was not sent; as for <see cref="Send(Message)"/>. With EAGAIN it waits.</param>
    /// <returns>True if it was sent.</returns>
    public bool TrySend(Message message, out MessageId id, out Errno error)
    {
        ArgumentNullException.ThrowIfNull(message);
        ThrowIfClosed();
        error = _host.Send(new OutgoingMessage(in message.Header, message.NameBytes, message.Data.Span), SendManner.None, out id);
        Remember(error, message.Header, message.NameBytes, message.Data.Length);
        return error == Errno.None;
    }

    /// <summary>Sends an announcement, or with WANT_A_REPLY a Request, without allocating and without throwing a refusal.</summary>
    /// <param name="name">Its name, in ASCII.</param>
    /// <param name="data">Its data.</param>
    /// <param name="flags">Its flags.</param>
    /// <param name="id">The id that the bus gave it: with None and EAGAIN.</param>
    /// <returns>None if it was sent, else why not; with EAGAIN it waits.</returns>
    public Errno TrySend(ReadOnlySpan<byte> name, ReadOnlySpan<byte> data, MessageFlags flags, out MessageId id)
    {
        ThrowIfClosed();
        var header = new MessageHeader { Flags = flags };
        Errno error = _host.Send(new OutgoingMessage(in header, name, data), SendManner.None, out id);
        Remember(error, header, name, data.Length);
        return error;
    }

    /// <summary>Tries the waiting message again (SEND while sending).</summary>
    /// <returns>Its id: it has been sent now.</returns>
    /// <exception cref="KbusException">EAGAIN (it waits on), ENOMSG (none waits), or why it will never be sent: then it is dropped.</exception>
    public MessageId Retry()
    {
        ThrowIfClosed();
        Errno error = TryAgain(Deadline.Never);
        return error == Errno.None ? LastSentId : throw Unless(Refusals.OfRetry(error, _waits, Name));
    }

    /// <summary>Gives up the waiting message, if there is one: nobody will receive it. Also what was written at the bare level.</summary>
    /// <exception cref="KbusException">ENODEV: the bus has died.</exception>
    public void Discard()
    {
        ThrowIfClosed();
        _bare?.Forget();
        if (_owner is { } owner && owner.GiveUp())
        {
            _bell.Signal();
            return;
        }

        Errno error = _host.Discard();
        if (error != Errno.None)
        {
            throw Unless(Refusals.Of(error, null, null, Name, "send"));
        }
    }

    /// <summary>Waits until the waiting message has been sent, or cannot be, trying it whenever there is a reason to.</summary>
    /// <param name="timeout">How long at most; null for ever.</param>
    /// <returns>True if it has been sent; false if the time ran out and it waits on.</returns>
    /// <exception cref="KbusException">ENOMSG (none waits), or why it will never be sent: then it is dropped.</exception>
    public bool WaitUntilSent(TimeSpan? timeout = null)
    {
        ThrowIfClosed();
        var limit = new WaitLimit(timeout);
        while (true)
        {
            long since = _host.WatchNews();
            Errno error = TryAgain(limit.Deadline);
            if (error == Errno.None)
            {
                return true;
            }

            if (error is not (Errno.EAGAIN or Errno.ETIMEDOUT or Errno.EINPROGRESS))
            {
                throw Unless(Refusals.OfRetry(error, _waits, Name));
            }

            TimeSpan left = limit.Left;
            if (left == TimeSpan.Zero)
            {
                return false;
            }

            _host.WaitForNews(since, left);
        }
    }

    /// <summary>Hands a message to the bus.</summary>
    internal Errno Submit(in MessageHeader header, ReadOnlySpan<byte> name, ReadOnlySpan<byte> data, out MessageId id) =>
        _host.Send(new OutgoingMessage(in header, name, data), SendManner.None, out id);

    private Errno TryAgain(Deadline deadline) => _owner is { } owner ? owner.Retry(deadline) : _host.Retry(deadline, out _);

    /// <summary>Whoever is woken tries the waiting message, as one poll does. Spec section 8.</summary>
    /// <param name="deadline">Until when a bus that stands still is waited for.</param>
    private void TryWaiting(Deadline deadline)
    {
        if (!_host.IsSending)
        {
            return;
        }

        if (_owner is { } owner)
        {
            if (owner.Retry(deadline) != Errno.EAGAIN)
            {
                _bell.Signal();
            }
        }
        else
        {
            _ = _host.Poll(deadline, out _, out _);
        }
    }

    /// <summary>Says why a message was not sent.</summary>
    internal Exception SendRefused(Errno error, in MessageHeader header, ReadOnlySpan<byte> name, int dataLength, bool mayAsk = true)
    {
        Remember(error, header, name, dataLength);
        if (error == Errno.EDQUOT && mayAsk)
        {
            return Unless(Refusals.OfQuota(Quota(), $"{Name} sent nothing.", Name, header.IsRequest ? "request" : "send"));
        }

        return Unless(Refusals.OfSend(error, header, name, dataLength, Name));
    }

    /// <summary>What was used up when the bus last refused something to this Ksock with EDQUOT.</summary>
    private QuotaRefusal Quota()
    {
        _ = _host.Ask(Setting.QuotaRefused, 0, out uint refused);
        _ = _host.Ask(Setting.QuotaLimit, 0, out uint limit);
        return new QuotaRefusal((ChargeKind)(refused & 0xFF), (ChargeLevel)(refused >> 8), limit);
    }

    /// <summary>Keeps of a message that has to wait what an error of a later attempt tells.</summary>
    internal void Remember(Errno error, in MessageHeader header, ReadOnlySpan<byte> name, int dataLength)
    {
        if (error == Errno.EAGAIN)
        {
            _waits = new SendSubject(header, name, dataLength);
        }
    }
}
