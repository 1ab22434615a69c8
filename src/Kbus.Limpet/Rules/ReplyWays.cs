namespace Kbus.Limpets;

/// <summary>By which Ksock of this bus the answers come that repliers of a network further away give.</summary>
/// <remarks>
/// A stateful Request that is only passing through must go that way: if another has become replier for its name meanwhile, on this bus or on another
/// branch, it is not the one meant, and must not hear what was said to that. The way itself may have been made anew, by another Ksock. What is
/// not known is not judged: an original Limpet looks to its bus like any program. Any thread may call.
/// </remarks>
/// <param name="isLimpet">Tells of a Ksock of this bus whether it is a Limpet's. It costs a question to the bus, and is asked when something changes.</param>
internal sealed class ReplyWays(Func<uint, bool> isLimpet)
{
    private const int MostNetworks = 4096;
    private readonly Dictionary<uint, Way> _ways = [];
    private readonly Lock _lock = new();

    /// <summary>An answer has come.</summary>
    /// <param name="network">The network of who has given it.</param>
    /// <param name="ksock">The Ksock that brought it.</param>
    public void Note(uint network, uint ksock)
    {
        lock (_lock)
        {
            bool isKnown = _ways.TryGetValue(network, out Way way);
            if ((isKnown && way.Ksock == ksock) || (!isKnown && _ways.Count >= MostNetworks))
            {
                return;
            }
        }

        var now = new Way(ksock, isLimpet(ksock));
        lock (_lock)
        {
            _ways[network] = now;
        }
    }

    /// <summary>Whether what is meant for somebody of a network may go to a Ksock.</summary>
    /// <param name="network">The network.</param>
    /// <param name="replier">The Ksock that is replier for the name now.</param>
    public bool MayBe(uint network, uint replier)
    {
        Way way;
        lock (_lock)
        {
            if (!_ways.TryGetValue(network, out way) || way.Ksock == replier)
            {
                return true;
            }
        }

        // Another may be the way only if that one has gone, and is a Limpet as it was.
        return way.IsLimpet && !isLimpet(way.Ksock) && isLimpet(replier);
    }

    private readonly record struct Way(uint Ksock, bool IsLimpet);
}
