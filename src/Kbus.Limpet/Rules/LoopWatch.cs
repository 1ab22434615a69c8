using Kbus.Core;

namespace Kbus.Limpets;

/// <summary>Detects messages that come back by another way, as they do if Limpets join buses in a ring.</summary>
/// <remarks>
/// <para>A message keeps its id wherever Limpets carry it, and in a chain, star or tree there is one way to each bus. So an id that came by
/// two ways, and then again by one of them, goes round. Twice is not enough: when a bus starts anew its ids do too, and a link that was
/// made anew is another way.</para>
/// <para>It keeps the ids of the last messages in a table of fixed size, where a newer one may replace an older, and
/// for some seconds only. A message that goes round comes again and again, so one missed chance does no harm. Any thread may call.</para>
/// </remarks>
internal sealed class LoopWatch
{
    /// <summary>The way of what comes from the peer; every other way is a Ksock of this bus.</summary>
    public const uint FromPeer = 0;

    private const int Size = 8192;
    private const uint Spread = 2_654_435_761;
    private const uint Memory = 5;

    private readonly Entry[] _entries = new Entry[Size];
    private uint _now;

    // Held for some instructions once for each message: one interlocked operation, where another kind of lock needs two.
    private SpinLock _lock = new(enableThreadOwnerTracking: false);

    /// <summary>A second has passed. Asking a clock for each message would cost more than all the rest of this.</summary>
    public void Tick() => Volatile.Write(ref _now, _now + 1);

    /// <summary>Records that a message with a network id came by some way.</summary>
    /// <param name="header">Its header.</param>
    /// <param name="way">The Ksock that brought it, or <see cref="FromPeer"/>.</param>
    /// <param name="otherWay">If it goes round: another way by which it came.</param>
    /// <param name="cameFromPeer">True if it came from the peer before.</param>
    /// <returns>True if it goes round.</returns>
    public bool GoesRound(in MessageHeader header, uint way, out uint otherWay, out bool cameFromPeer)
    {
        uint now = Volatile.Read(ref _now);
        bool isHeld = false;
        _lock.Enter(ref isHeld);
        bool goesRound = Look(header, way, now, out otherWay, out cameFromPeer);
        _lock.Exit(useMemoryBarrier: false);
        return goesRound;
    }

    /// <summary>Whether a message with this id, and of the same sender, has come from the bus lately, and none with this id from the
    /// peer.</summary>
    public bool CameFromBusAlone(in MessageHeader header)
    {
        uint now = Volatile.Read(ref _now);
        bool isHeld = false;
        _lock.Enter(ref isHeld);
        ref Entry entry = ref EntryOf(header.Id);
        bool came = entry.IsOf(header.Id, now) && !entry.CameFromPeer && entry.OrigFrom == header.OrigFrom;
        _lock.Exit(useMemoryBarrier: false);
        return came;
    }

    private ref Entry EntryOf(MessageId id) => ref _entries[((id.NetworkId * Spread) + id.SerialNumber) % Size];

    private bool Look(in MessageHeader header, uint way, uint now, out uint otherWay, out bool cameFromPeer)
    {
        otherWay = 0;
        cameFromPeer = false;
        ref Entry entry = ref EntryOf(header.Id);
        if (!entry.IsOf(header.Id, now))
        {
            entry = new Entry { Id = header.Id, OrigFrom = header.OrigFrom, Way = way, Since = now, CameFromPeer = way == FromPeer };
            return false;
        }

        cameFromPeer = entry.CameFromPeer;
        entry.CameFromPeer |= way == FromPeer;

        if (entry.HasTwoWays && (way == entry.Way || way == entry.SecondWay))
        {
            otherWay = way == entry.Way ? entry.SecondWay : entry.Way;
            return true;
        }

        if (entry.HasTwoWays)
        {
            entry.Way = entry.SecondWay;
        }

        entry.HasTwoWays = entry.HasTwoWays || way != entry.Way;
        entry.SecondWay = way;
        return false;
    }

    private struct Entry
    {
        public MessageId Id;
        public OrigFrom OrigFrom;
        public uint Since;
        public uint Way;
        public uint SecondWay;
        public bool HasTwoWays;
        public bool CameFromPeer;

        /// <summary>Whether it is about this id, and not too old.</summary>
        public readonly bool IsOf(MessageId id, uint now) => Id == id && now - Since <= Memory;
    }
}
