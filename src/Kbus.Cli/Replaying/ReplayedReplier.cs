namespace Kbus.Cli;

/// <summary>Replies to the Requests of a replay as their repliers did when they were recorded (<c>--as-replier</c>).</summary>
/// <remarks>It answers a Request when the recorded Reply is due. Requests of others get no answer from it, and a Status when the replay
/// ends.</remarks>
internal sealed class ReplayedReplier : IDisposable
{
    private readonly Ksock _ksock;
    private readonly Dictionary<MessageId, MessageId> _sentAgain = [];
    private readonly Dictionary<MessageId, Message> _waiting = [];

    /// <summary>Opens a Ksock and binds it as replier.</summary>
    /// <param name="invocation">Has the bus.</param>
    /// <param name="names">To which names.</param>
    /// <param name="mostWaiting">How many Requests may wait.</param>
    public ReplayedReplier(Invocation invocation, IEnumerable<string> names, uint mostWaiting)
    {
        _ksock = KsockOpening.Open(invocation, KsockMode.ReadWrite);
        _ksock.SetMaxMessages(mostWaiting);
        foreach (string name in names)
        {
            try
            {
                _ksock.Bind(name, replier: true);
            }
            catch (KbusException e) when (e.Errno != Errno.ENODEV)
            {
                invocation.Warn(e.Message);
            }
        }
    }

    /// <summary>The Ksock that is bound, and that Replies are sent from.</summary>
    public Ksock Ksock => _ksock;

    /// <summary>A recorded Request was sent again.</summary>
    /// <param name="recorded">Its id in the recording.</param>
    /// <param name="id">Its id now.</param>
    public void Sent(MessageId recorded, MessageId id)
    {
        _sentAgain[recorded] = id;
        Drain();
    }

    /// <summary>The Request that a recorded Reply answers, as it was received now; null if none was.</summary>
    public Message? Take(MessageId recorded)
    {
        Drain();
        return _sentAgain.Remove(recorded, out MessageId id) && _waiting.Remove(id, out Message? request) ? request : null;
    }

    /// <summary>The recording begins again: its ids are used anew.</summary>
    public void Restart() => _sentAgain.Clear();

    /// <summary>Closes the Ksock. What it still owes is answered by the bus.</summary>
    public void Dispose() => _ksock.Dispose();

    private void Drain()
    {
        while (_ksock.ReadNextMessage() is { } message)
        {
            if (message.WantsUsToReply)
            {
                _waiting[message.Id] = message;
            }
        }
    }
}
