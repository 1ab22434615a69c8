namespace Kbus.Limpets;

/// <summary>The Ksock of this bus by which the answers of each distant network come.</summary>
/// <remarks>
/// A stateful Request that is only passing through must go that way. Another Ksock may have become replier for its name meanwhile, on
/// this bus or another branch. It must not receive what is for the former one. The way itself may have been made again, by another Ksock.
/// What is unknown is not judged: for its bus, an original Limpet is like any program. Any thread may call.
/// </remarks>
/// <param name="isLimpet">True for a Ksock of this bus that is a Limpet's. A call asks the bus, and is made when something changes.</param>
internal sealed class ReplyWays(Func<uint, bool> isLimpet)
{
    private const int MostNetworks = 4096;
    private readonly Dictionary<uint, Way> _ways = [];
    private readonly Lock _lock = new();

    /// <summary>An answer has come.</summary>
    /// <param name="network">The network of the replier that has given it.</param>
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

    /// <summary>Whether a message for a replier of a network may go to a Ksock.</summary>
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
