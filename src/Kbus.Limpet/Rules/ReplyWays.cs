namespace Kbus.Limpets;

/// <summary>The Ksock of this bus by which the answers of each distant network come.</summary>
/// <remarks>
/// <para>A stateful Request that is only passing through must go that way. Another Ksock may have become replier for its name meanwhile, on
/// this bus or another branch. It must not receive what is for the former one. The way itself may have been made again, by another Ksock.
/// What is unknown is not judged: for its bus, an original Limpet is like any program. Any thread may call.</para>
/// <para>Their number is bounded. If there are too many, those go that were used longest ago, of the Ksock that has most. So a branch with
/// ever new networks displaces its own ways and no others.</para>
/// </remarks>
/// <param name="isLimpet">True for a Ksock of this bus that is a Limpet's. A call asks the bus, and is made when something changes.</param>
/// <param name="most">The most ways that are kept.</param>
internal sealed class ReplyWays(Func<uint, bool> isLimpet, int most = 4096)
{
    // Finding the Ksock that has most takes a while: so many times fewer go at once.
    private const int Part = 16;

    private readonly Dictionary<uint, Way> _ways = [];
    private readonly Dictionary<uint, LinkedList<uint>> _networks = [];
    private readonly Lock _lock = new();

    /// <summary>The number of ways.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _ways.Count;
            }
        }
    }

    /// <summary>An answer has come.</summary>
    /// <param name="network">The network of the replier that has given it.</param>
    /// <param name="ksock">The Ksock that brought it.</param>
    public void Note(uint network, uint ksock)
    {
        lock (_lock)
        {
            if (_ways.TryGetValue(network, out Way way) && way.Ksock == ksock)
            {
                LinkedList<uint> used = _networks[ksock];
                used.Remove(way.Use);
                used.AddLast(way.Use);
                return;
            }
        }

        bool isFromLimpet = isLimpet(ksock);
        lock (_lock)
        {
            Forget(network);
            if (_ways.Count >= most)
            {
                ForgetSome();
            }

            if (!_networks.TryGetValue(ksock, out LinkedList<uint>? networks))
            {
                _networks.Add(ksock, networks = new LinkedList<uint>());
            }

            _ways.Add(network, new Way(ksock, isFromLimpet, networks.AddLast(network)));
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

    private void Forget(uint network)
    {
        if (_ways.Remove(network, out Way way))
        {
            LinkedList<uint> networks = _networks[way.Ksock];
            networks.Remove(way.Use);
            if (networks.Count == 0)
            {
                _networks.Remove(way.Ksock);
            }
        }
    }

    private void ForgetSome()
    {
        LinkedList<uint> networks = _networks.Values.MaxBy(n => n.Count)!;
        for (int left = Math.Min((most / Part) + 1, networks.Count); left > 0; left--)
        {
            Forget(networks.First!.Value);
        }
    }

    /// <summary>One way.</summary>
    /// <param name="Ksock">The Ksock.</param>
    /// <param name="IsLimpet">Whether it was a Limpet's when it brought the first answer.</param>
    /// <param name="Use">The network's place among those of that Ksock, the one used last at the end.</param>
    private readonly record struct Way(uint Ksock, bool IsLimpet, LinkedListNode<uint> Use);
}
