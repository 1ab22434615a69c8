using Kbus.Core;

namespace Kbus.Limpets;

/// <summary>Records what this Limpet has carried to its peer for more distant Limpets, to recognize it when the peer sends it
/// back.</summary>
/// <remarks>
/// <para>A peer of another make sends back whatever it is sent with an id of neither end of the link (spec section 12.7). So the ids that
/// were carried are recorded for each network (<see cref="CarriedIds"/>). Only exactly these ids are recognized. So a Limpet that uses ids
/// of a network that is not its own cannot silence that network.</para>
/// <para>A network is on the side from which it was received first, until half a minute after its last message from there. When links are
/// made again it may move to the peer's side. Only what a Limpet brought counts, and only true ids: programs may choose what ids they
/// like. Any thread may call.</para>
/// </remarks>
/// <param name="isLimpet">True for a Ksock of this bus that is a Limpet's. A call asks the bus, and is made when a
/// network's messages come by another Ksock than before.</param>
internal sealed class CarriedOut(Func<uint, bool> isLimpet)
{
    private const int MostNetworks = 4096;
    private const uint Memory = 30;

    /// <summary>What brings a network that lies on the peer's side. No Ksock has this number.</summary>
    private const uint Peer = 0;

    private readonly Dictionary<uint, Network> _networks = [];
    private readonly Lock _lock = new();
    private uint _now;

    /// <summary>A second has passed.</summary>
    public void Tick() => Volatile.Write(ref _now, _now + 1);

    /// <summary>Whether an id is given by a Limpet, which says the same in orig_from. A program that only plays with ids does
    /// not.</summary>
    public static bool IsTrue(in MessageHeader header) => header.OrigFrom.NetworkId == header.Id.NetworkId;

    /// <summary>Records that a message with a true id is carried to the peer.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="bringer">The Ksock that brought it to this bus.</param>
    public void Note(MessageId id, uint bringer)
    {
        lock (_lock)
        {
            if (Find(id.NetworkId) is { } known && (known.Bringer == bringer || known.Bringer == Peer))
            {
                if (known.Bringer == bringer)
                {
                    known.Add(id.SerialNumber, _now);
                }

                return;
            }
        }

        if (isLimpet(bringer))
        {
            Begin(id, bringer);
        }
    }

    /// <summary>Whether a message with a true id that has come from the peer was carried there from here. If its network is not known, it
    /// lies there.</summary>
    public bool Has(MessageId id)
    {
        lock (_lock)
        {
            if (Find(id.NetworkId) is not { } known)
            {
                Begin(id, Peer);
                return false;
            }

            if (known.Bringer == Peer)
            {
                known.Renew(_now);
                return false;
            }

            return known.Has(id.SerialNumber);
        }
    }

    /// <summary>The same, of a network that cannot lie on the peer's side.</summary>
    public bool HasForeign(MessageId id)
    {
        lock (_lock)
        {
            return Find(id.NetworkId) is { } known && known.Has(id.SerialNumber);
        }
    }

    /// <summary>When the first message of a network came from the peer: in seconds since the link was made.</summary>
    public uint PeerSince(uint network)
    {
        lock (_lock)
        {
            return _networks.TryGetValue(network, out Network? known) && known.PeerSince is { } since ? since : _now;
        }
    }

    /// <summary>A network that was received recently. Under the lock.</summary>
    private Network? Find(uint id) => _networks.TryGetValue(id, out Network? known) && _now - known.Since <= Memory ? known : null;

    private void Begin(MessageId id, uint bringer)
    {
        lock (_lock)
        {
            if (_networks.Count >= MostNetworks)
            {
                ForgetOld();
            }

            bool isKnown = _networks.TryGetValue(id.NetworkId, out Network? known);
            if (!isKnown && _networks.Count < MostNetworks)
            {
                _networks[id.NetworkId] = known = new Network();
            }

            if (known is not null)
            {
                known.Bringer = bringer;
                known.Renew(_now);
                if (bringer == Peer)
                {
                    known.PeerSince ??= _now;
                }
                else
                {
                    known.Add(id.SerialNumber, _now);
                }
            }
        }
    }

    private void ForgetOld()
    {
        foreach (uint old in _networks.Keys.Where(id => Find(id) is null).ToArray())
        {
            _networks.Remove(old);
        }
    }

    private sealed class Network
    {
        private CarriedIds? _ids;

        public uint Bringer { get; set; }

        public uint Since { get; private set; }

        /// <summary>When the first message came from the peer; null if none has.</summary>
        public uint? PeerSince { get; set; }

        public void Renew(uint now) => Since = now;

        public void Add(uint serialNumber, uint now)
        {
            Since = now;
            if (_ids is null)
            {
                _ids = new CarriedIds(serialNumber);
            }
            else
            {
                _ids.Add(serialNumber);
            }
        }

        public bool Has(uint serialNumber) => _ids is not null && _ids.Has(serialNumber);
    }
}
