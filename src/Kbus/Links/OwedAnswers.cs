namespace Kbus.Links;

/// <summary>The Requests of one Ksock that are in flight, in the order in which they were sent: who must be answered if the bus dies
/// (D22).</summary>
/// <remarks>
/// An id counts as often as it was used, which only ids of the caller's own choosing can be more than once. Another thread may take an
/// answer before the sender has heard of its acceptance; that is remembered while any send is under way, and no longer, since whoever
/// overhears the answers to others hears of ids that are never its own. Any thread may call; the lock is a leaf.
/// </remarks>
internal sealed class OwedAnswers
{
    private readonly Dictionary<MessageId, Owed> _owed = [];
    private readonly Dictionary<MessageId, int> _takenEarly = [];
    private readonly Lock _lock = new();
    private long _order;
    private int _sending;

    /// <summary>A Request is about to be sent; <see cref="Sent"/> follows.</summary>
    public void Sending()
    {
        lock (_lock)
        {
            _sending++;
        }
    }

    /// <summary>What became of sending a Request.</summary>
    /// <param name="accepted">Whether the bus has accepted it, so that an answer is due.</param>
    /// <param name="id">Its id.</param>
    /// <param name="isAwaited">Whether this library takes the answer itself.</param>
    public void Sent(bool accepted, MessageId id, bool isAwaited)
    {
        lock (_lock)
        {
            _sending--;
            if (accepted && !WasTakenEarly(id))
            {
                _owed.TryGetValue(id, out Owed known);
                _owed[id] = new Owed(known.Times == 0 ? ++_order : known.Order, known.Times + 1, isAwaited);
            }

            if (_sending == 0)
            {
                _takenEarly.Clear();
            }
        }
    }

    /// <summary>An answer to a Request of this Ksock was taken; its copies for listeners, which come later, count for nothing.</summary>
    public void Taken(MessageId id)
    {
        lock (_lock)
        {
            if (_owed.TryGetValue(id, out Owed owed))
            {
                if (owed.Times == 1)
                {
                    _owed.Remove(id);
                }
                else
                {
                    _owed[id] = owed with { Times = owed.Times - 1 };
                }
            }
            else if (_sending > 0)
            {
                _takenEarly[id] = _takenEarly.GetValueOrDefault(id) + 1;
            }
        }
    }

    /// <summary>True if the library itself waits for the answer to this Request.</summary>
    public bool IsAwaited(MessageId id)
    {
        lock (_lock)
        {
            return _owed.TryGetValue(id, out Owed owed) && owed.IsAwaited;
        }
    }

    /// <summary>All that are owed, oldest first, each as often as it is.</summary>
    public IReadOnlyList<MessageId> All()
    {
        lock (_lock)
        {
            return [.. _owed.OrderBy(o => o.Value.Order).SelectMany(o => Enumerable.Repeat(o.Key, o.Value.Times))];
        }
    }

    private bool WasTakenEarly(MessageId id)
    {
        if (!_takenEarly.TryGetValue(id, out int times))
        {
            return false;
        }

        if (times == 1)
        {
            _takenEarly.Remove(id);
        }
        else
        {
            _takenEarly[id] = times - 1;
        }

        return true;
    }

    private readonly record struct Owed(long Order, int Times, bool IsAwaited);
}
