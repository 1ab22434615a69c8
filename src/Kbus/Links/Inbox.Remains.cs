namespace Kbus.Links;

/// <content>When the bus has died: what was delivered can still be read, then each Request in flight is answered, then there is no more
/// (D22).</content>
internal sealed partial class Inbox
{
    private readonly List<MessageBuffer> _remains = [];
    private volatile bool _hasRemains;
    private bool _areCollected;

    /// <summary>The next of what remains. Under the take lock.</summary>
    private Errno TakeRemains(MessageBuffer target)
    {
        if (_life.IsLostForSure)
        {
            return Errno.EBADF;
        }

        CollectRemains();
        if (_remains.Count == 0)
        {
            return _life.WhyNot();
        }

        target.TakeOver(_remains[0]);
        _remains.RemoveAt(0);
        _hasRemains = _remains.Count > 0;
        return Errno.None;
    }

    /// <summary>Once: takes what was delivered out of the ring, and adds the answers that nobody else will give.</summary>
    private void CollectRemains()
    {
        if (_areCollected)
        {
            return;
        }

        // The outcomes of abandoned and of posted sends first: they say which answers are due.
        _channel.RecordLate();
        _outcomes.DrainWaiting(isLast: true);
        _areCollected = true;

        List<MessageId> owed = [.. _ledger.Requests.AllOwed()];
        var buffer = new MessageBuffer();
        while (TakeFromRing(_answers, buffer, out uint tag) == Errno.None)
        {
            if (_ledger.Requests.TryAnswer(tag, buffer) is null)
            {
                // Given up while the bus stood still.
                owed.Remove(buffer.InReplyTo);
                _remains.Add(buffer);
                buffer = new MessageBuffer();
            }
        }

        _ledger.Requests.AnswerAwaited();
        while (TakeFromRing(_deliveries, buffer, out _) == Errno.None)
        {
            if (IsAnswer(buffer))
            {
                owed.Remove(buffer.InReplyTo);
            }

            _remains.Add(buffer);
            buffer = new MessageBuffer();
        }

        foreach (MessageId id in owed)
        {
            _remains.Add(_ledger.Requests.GoneAway(id));
        }

        _hasRemains = _remains.Count > 0;
    }

    /// <summary>A Request was accepted, and its sender's thread came to say so only when the bus had died: it must be answered
    /// too.</summary>
    public void RecordAcceptedLate(MessageId id)
    {
        lock (_readiness.TakeLock)
        {
            if (_areCollected && !_remains.Exists(m => IsAnswer(m) && m.InReplyTo == id) && _ledger.Requests.AllOwed().Contains(id))
            {
                _remains.Add(_ledger.Requests.GoneAway(id));
                _hasRemains = true;
            }
        }

        _board.MakeNews();
    }

    private bool IsAnswer(MessageBuffer message) => message.IsReply && message.To == _ksockId;
}
