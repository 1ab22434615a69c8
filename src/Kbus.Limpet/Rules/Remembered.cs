namespace Kbus.Limpets;

/// <summary>The Requests of this bus that were carried to the peer to be answered, and who awaits the answer. Spec section 12.4, rule
/// 3.</summary>
/// <remarks>
/// <para>One enters when it is read from the bus and leaves when its answer is about to be sent. Those that are left when the link ends
/// are answered by the bus itself, since the Limpet's Ksock closes then. Any thread may call.</para>
/// <para>A Limpet is not notified when a requester has gone, and a peer may leave Requests without an answer. So their number is limited:
/// of more, the oldest go, and are answered here.</para>
/// </remarks>
/// <param name="most">The most that may be kept.</param>
internal sealed class Remembered(int most = 65536)
{
    /// <summary>Looking for the oldest takes a while: so many times fewer go at once.</summary>
    private const int Part = 16;

    private readonly Dictionary<MessageId, Entry> _requests = [];
    private readonly Lock _lock = new();
    private ulong _number;

    /// <summary>The number of entries.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _requests.Count;
            }
        }
    }

    /// <summary>Remembers a Request.</summary>
    /// <param name="request">Its id on this bus.</param>
    /// <param name="requester">Who awaits the answer.</param>
    /// <param name="name">The Request's name, if the answer's is to be compared with it; otherwise empty.</param>
    /// <param name="givenUp">The oldest, if there were too many, which are forgotten; mostly none.</param>
    /// <returns>False if one of this id is recorded already: then their answers could not be distinguished.</returns>
    public bool TryAdd(MessageId request, uint requester, ReadOnlySpan<byte> name, out (MessageId Request, uint Requester)[] givenUp)
    {
        lock (_lock)
        {
            bool isNew = _requests.TryAdd(request, new Entry(new AwaitedAnswer(requester, name.ToArray()), ++_number));
            givenUp = _requests.Count <= most ? [] : TakeOldest();
            return isNew;
        }
    }

    /// <summary>Forgets a Request because its answer is here.</summary>
    /// <param name="request">Its id on this bus.</param>
    /// <param name="awaited">Who awaits the answer.</param>
    public bool TryTake(MessageId request, out AwaitedAnswer awaited)
    {
        lock (_lock)
        {
            bool isKnown = _requests.Remove(request, out Entry found);
            awaited = found.Awaited;
            return isKnown;
        }
    }

    private (MessageId Request, uint Requester)[] TakeOldest()
    {
        (MessageId Request, uint Requester)[] oldest =
            [.. _requests.OrderBy(r => r.Value.Number).Take((most / Part) + 1).Select(r => (r.Key, r.Value.Awaited.Requester))];
        Array.ForEach(oldest, o => _requests.Remove(o.Request));
        return oldest;
    }

    private readonly record struct Entry(AwaitedAnswer Awaited, ulong Number);
}
