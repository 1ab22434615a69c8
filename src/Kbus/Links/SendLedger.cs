using Kbus.Hosts;

namespace Kbus.Links;

/// <summary>What this process knows of the messages that it has sent: which one waits for room, and which Requests are
/// outstanding.</summary>
/// <remarks>Any thread may call. It has no lock of its own; that of <see cref="Links.Requests"/> is a leaf.</remarks>
internal sealed class SendLedger(LinkLife life, Requests requests)
{
    // How many messages have begun to wait for room, and which of them waits; 0 if none does. Threads hear of outcomes in another order
    // than that in which the bus has them: only who asked while it waited may say that it is gone.
    private int _waits;
    private volatile int _waiting;
    private bool _waitingIsRequest;
    private uint _waitingTag;

    /// <summary>Called when a message begins to wait for room, or waits no more.</summary>
    public Action OnChange { get; set; } = static () => { };

    /// <summary>Called when a message that waited waits no more, for which the bus does not ring.</summary>
    public Action OnGone { get; set; } = static () => { };

    /// <summary>Called when a Request was accepted by a bus that has died since.</summary>
    public Action<MessageId> OnAcceptedLate { get; set; } = static _ => { };

    /// <summary>Called when a message waits: who sleeps has not asked to be rung when there is room.</summary>
    public Action OnWait { get; set; } = static () => { };

    /// <summary>The outstanding Requests.</summary>
    public Requests Requests { get; } = requests;

    /// <summary>Whether the Ksock is a Limpet's, which also sends Requests that it overheard.</summary>
    public bool IsLimpet { get; set; }

    /// <summary>Which message waits; 0 if none does.</summary>
    public int Waiting => _waiting;

    /// <summary>Whether a message waits for room.</summary>
    public bool IsSending => _waiting != 0;

    /// <summary>Records the outcome of a send: what is outstanding, and whether the message waits.</summary>
    public void RecordSent(bool isOwed, uint tag, Errno error, MessageId id)
    {
        RecordRequest(isOwed, tag, error, id);
        RecordWait(error);
        if (life.IsDead && isOwed && error == Errno.None)
        {
            OnAcceptedLate(id);
        }

        if (error == Errno.EAGAIN)
        {
            // Who sleeps has not asked to be rung when there is room.
            OnWait();
        }
    }

    /// <summary>Remembers whether a message that was sent waits now. What it is has been remembered.</summary>
    public void RecordWait(Errno error)
    {
        if (error == Errno.EAGAIN)
        {
            Interlocked.Exchange(ref _waiting, ++_waits);
            OnChange();
        }
    }

    /// <summary>The message that waited has had its outcome.</summary>
    /// <param name="waiting">Which waited when the bus was asked. If another does by now, somebody else has heard of this one's outcome
    /// first.</param>
    /// <param name="outcome">None if it was sent.</param>
    /// <param name="id">Its id.</param>
    public void RecordGone(int waiting, Errno outcome, MessageId id)
    {
        bool isRequest = _waitingIsRequest;
        uint tag = _waitingTag;
        if (waiting == 0 || Interlocked.CompareExchange(ref _waiting, 0, waiting) != waiting)
        {
            return;
        }

        if (isRequest && (outcome == Errno.None || tag != 0))
        {
            if (tag == 0)
            {
                Requests.Sending();
            }

            Requests.Sent(tag, outcome, id);
            if (life.IsDead && outcome == Errno.None)
            {
                OnAcceptedLate(id);
            }
        }

        OnChange();

        // The bus does not ring for what this process has done itself.
        OnGone();
    }

    /// <summary>Whether a message is a Request that somebody will answer; one that a Limpet only overheard is not.</summary>
    public bool IsOwedAnswer(in OutgoingMessage message) =>
        message.Tag != 0 || (message.Header.IsRequest && !(IsLimpet && message.Header.IsOverheard));

    /// <summary>A message was not handed to the bus.</summary>
    public void NotSent(in OutgoingMessage message, Errno error)
    {
        if (message.Tag != 0)
        {
            Requests.Sent(message.Tag, error, default);
        }
    }

    /// <summary>Remembers that an answer is due, or will be once the waiting Request has been sent.</summary>
    public void RecordRequest(bool isRequest, uint tag, Errno error, MessageId id)
    {
        if (isRequest)
        {
            Requests.Sent(tag, error, id);
        }

        if (error == Errno.EAGAIN)
        {
            _waitingIsRequest = isRequest;
            _waitingTag = tag;
        }
    }
}
