using Kbus.Core;

namespace Kbus.Limpets;

/// <summary>What this Limpet has carried to its peer for Limpets that are further away, so that it is known again when the peer sends it back.</summary>
/// <remarks>
/// <para>A peer of another make sends back whatever it is sent with an id of neither end of the link (spec section 12.7). In a chain, star or tree a network
/// lies on one side of a link, and the ids that its Limpet gives rise. So one number for each network is enough, however many
/// messages are under way: what comes from the peer and is not beyond the last that was carried to it has been on this bus.</para>
/// <para>A network may move to the peer's side, when links are made anew: then its ids go on rising there; and if its bus has begun anew as well,
/// it is known as one of this side for some seconds after this side has brought its last message. Only what a Limpet brought counts, and only true
/// ids: programs may choose what ids they like. Any thread may call.</para>
/// </remarks>
/// <param name="isLimpet">Tells of a Ksock of this bus whether it is a Limpet's. It costs a question to the bus, and is asked when a
/// network's messages come by another Ksock than before.</param>
internal sealed class CarriedOut(Func<uint, bool> isLimpet)
{
    private const int MostNetworks = 4096;
    private const uint Memory = 30;

    /// <summary>By how much ids may be out of order because of urgent messages. What is further back is a bus that has begun anew.</summary>
    private const int Disorder = 65536;

    private readonly Dictionary<uint, Last> _last = [];
    private readonly Lock _lock = new();
    private uint _now;

    /// <summary>A second has passed.</summary>
    public void Tick() => Volatile.Write(ref _now, _now + 1);

    /// <summary>Whether an id is given by a Limpet, which says the same in orig_from. A program that only plays with ids does not.</summary>
    public static bool IsTrue(in MessageHeader header) => header.OrigFrom.NetworkId == header.Id.NetworkId;

    /// <summary>Notes that a message with a true id is carried to the peer.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="bringer">The Ksock that brought it to this bus.</param>
    public void Note(MessageId id, uint bringer)
    {
        lock (_lock)
        {
            if (_last.TryGetValue(id.NetworkId, out Last? last) && last.Bringer == bringer)
            {
                last.Add(id.SerialNumber, _now);
                return;
            }
        }

        if (isLimpet(bringer))
        {
            NoteChange(id, bringer);
        }
    }

    /// <summary>Whether a message with a true id has been carried to the peer already.</summary>
    public bool Has(MessageId id)
    {
        lock (_lock)
        {
            return _last.TryGetValue(id.NetworkId, out Last? last) && _now - last.Since <= Memory && (int)(last.SerialNumber - id.SerialNumber) >= 0;
        }
    }

    private void NoteChange(MessageId id, uint bringer)
    {
        lock (_lock)
        {
            if (!_last.TryGetValue(id.NetworkId, out Last? last))
            {
                if (_last.Count >= MostNetworks)
                {
                    ForgetOld();
                }

                if (_last.Count >= MostNetworks)
                {
                    return;
                }

                _last.Add(id.NetworkId, last = new Last { SerialNumber = id.SerialNumber });
            }

            last.Bringer = bringer;
            last.Add(id.SerialNumber, _now);
        }
    }

    private void ForgetOld()
    {
        foreach (uint network in _last.Where(l => _now - l.Value.Since > Memory).Select(l => l.Key).ToArray())
        {
            _last.Remove(network);
        }
    }

    private sealed class Last
    {
        public uint SerialNumber { get; set; }

        public uint Bringer { get; set; }

        public uint Since { get; private set; }

        public void Add(uint serialNumber, uint now)
        {
            int ahead = (int)(serialNumber - SerialNumber);
            SerialNumber = ahead is > 0 or < -Disorder ? serialNumber : SerialNumber;
            Since = now;
        }
    }
}
