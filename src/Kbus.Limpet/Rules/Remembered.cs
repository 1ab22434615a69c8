using System.Diagnostics.CodeAnalysis;

namespace Kbus.Limpets;

/// <summary>The Requests of this bus that were carried to the peer to be answered, and who awaits the answer. Spec section 12.4, rule 3.</summary>
/// <remarks>
/// One enters when it is read from the bus and leaves when its answer is about to be sent. Those that are left when the link ends are answered
/// by the bus itself, since the Limpet's Ksock closes then. Any thread may call.
/// </remarks>
internal sealed class Remembered
{
    private readonly Dictionary<MessageId, uint> _requesters = [];
    private readonly Lock _lock = new();

    /// <summary>How many there are.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _requesters.Count;
            }
        }
    }

    /// <summary>Remembers a Request.</summary>
    /// <returns>False if one of this id is remembered already: then nobody could tell their answers apart.</returns>
    public bool TryAdd(MessageId request, uint requester)
    {
        lock (_lock)
        {
            return _requesters.TryAdd(request, requester);
        }
    }

    /// <summary>Forgets a Request because its answer is here.</summary>
    /// <param name="request">Its id on this bus.</param>
    /// <param name="requester">Who awaits the answer.</param>
    public bool TryTake(MessageId request, [NotNullWhen(true)] out uint? requester)
    {
        lock (_lock)
        {
            requester = _requesters.Remove(request, out uint found) ? found : null;
            return requester is not null;
        }
    }
}
