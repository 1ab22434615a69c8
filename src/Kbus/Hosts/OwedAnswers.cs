namespace Kbus.Hosts;

/// <summary>The Requests of one Ksock that are in flight, in the order in which they were sent: who must be answered if the bus dies (D22).</summary>
/// <remarks>An id counts as often as it was used, which only ids of the caller's own choosing can be more than once. Any thread may call.</remarks>
internal sealed class OwedAnswers
{
    private readonly Dictionary<MessageId, (long Order, int Times)> _owed = [];
    private readonly Lock _lock = new();
    private long _order;

    /// <summary>A Request was sent. Its answer may have been taken already by another thread.</summary>
    public void Add(MessageId id) => Change(id, 1);

    /// <summary>An answer was taken.</summary>
    public void Remove(MessageId id) => Change(id, -1);

    /// <summary>True if an answer is owed.</summary>
    public bool HasAny
    {
        get
        {
            lock (_lock)
            {
                return _owed.Values.Any(o => o.Times > 0);
            }
        }
    }

    /// <summary>All that are still owed, oldest first; afterwards none is.</summary>
    public IReadOnlyList<MessageId> TakeAll()
    {
        lock (_lock)
        {
            List<MessageId> all = [.. _owed
                .OrderBy(o => o.Value.Order)
                .SelectMany(o => Enumerable.Repeat(o.Key, Math.Max(0, o.Value.Times)))];
            _owed.Clear();
            return all;
        }
    }

    private void Change(MessageId id, int by)
    {
        lock (_lock)
        {
            (long order, int times) = _owed.TryGetValue(id, out (long, int) known) ? known : (++_order, 0);
            if (times + by == 0)
            {
                _owed.Remove(id);
            }
            else
            {
                _owed[id] = (order, times + by);
            }
        }
    }
}
