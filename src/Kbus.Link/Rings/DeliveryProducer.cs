using System.Runtime.CompilerServices;
using Kbus.Core;

namespace Kbus.Link;

/// <summary>The bus's end of the delivery ring: a window onto the front of a Ksock's queue.</summary>
/// <remarks>
/// <para>The bus's thread calls. The books about the records are kept here, out of the client's reach, so that what the client says it has
/// taken is always a whole number of records that were really published, or a <see cref="Fault"/>.</para>
/// <para>To put a record in front or to change what is unread: <see cref="TryBeginRewrite"/> stops the client from taking and tells exactly
/// what has been taken; then <see cref="TryPrepend"/>, or <see cref="Clear"/> and <see cref="TryAppend"/>; then <see cref="TryEndRewrite"/>.
/// New records go only where nothing unread lies, and one store of the head word makes them valid. So if the bus is killed in the middle,
/// the client still finds all that it had (D22).</para>
/// <para>A client that keeps up makes do with the beginning of the ring: once it has taken all, what comes next is written there again. So
/// the ring can be large, for those who fall behind, and for the others it is a few pages that stay in the processor's cache.</para>
/// </remarks>
internal sealed unsafe class DeliveryProducer
{
    // So far into the ring it is not worth while to begin again: it takes two compare-and-swaps.
    private const uint BeginningUnits = 32 * 1024 / 8;

    // Beyond, this often it is looked whether the client has taken all.
    private const uint AppendsBetweenLooks = 64;

    private readonly SharedMemory _memory;
    private readonly DeliveryLane _lane;
    private readonly byte* _ring;
    private readonly uint _sizeInUnits;
    private readonly RingBooks _books = new();
    private readonly List<Take>? _takes;
    private DeliveryHead _head;
    private uint _position;
    private ulong _tail;
    private uint _used;
    private uint _unpublished;
    private uint _replaced;
    private uint _appendsBeyond;
    private int _taken;
    private bool _rewriting;
    private bool _cleared;
    private bool _shortened;
    private DeliveryFlags _flags;

    /// <summary>The producer of a link that has just been created.</summary>
    /// <param name="memory">The link's memory.</param>
    /// <param name="lane">Which of its two rings.</param>
    /// <param name="takes">To it is added what the client has taken, in order; null if nobody asks.</param>
    public DeliveryProducer(SharedMemory memory, DeliveryLane lane = DeliveryLane.Messages, List<Take>? takes = null)
    {
        _memory = memory;
        _lane = lane;
        _takes = takes;
        _ring = memory.RingOf(lane);
        _sizeInUnits = (uint)memory.Layout.RingSize(lane) >> 3;
    }

    /// <summary>The longest record that ever fits.</summary>
    public int MaxLength => ((int)_sizeInUnits << 3) - DeliveryRecord.HeaderSize;

    /// <summary>Records in the ring that, as far as is known, have not been taken.</summary>
    public int Count => _books.Count;

    /// <summary>What is known of a record that, as far as is known, has not been taken; 0 is the next to be taken.</summary>
    public ref readonly RingBooks.Record this[int place] => ref _books[place];

    /// <summary>What was wrong with what the client wrote; the link must be closed.</summary>
    public LinkFault Fault { get; private set; }

    /// <summary>The flags that the client sees.</summary>
    public DeliveryFlags Flags => _flags;

    /// <summary>Whether, by a fresh look, the client has taken everything and nothing waits behind the ring. What the client writes may deceive only itself.</summary>
    public bool IsAllTaken
    {
        get
        {
            DeliveryHead now = new(Volatile.Read(ref _memory.Header.DeliveryHeadWord(_lane)));
            return !_rewriting && now.CanFollow(_head) && now.Position == ((uint)(_tail >> 3) & DeliveryHead.PositionMask)
                && (_flags & DeliveryFlags.MoreBehind) == 0;
        }
    }

    /// <summary>Room for a record behind all others; the client sees it after <see cref="Publish"/>. False when there is none.</summary>
    /// <param name="length">Bytes of the record.</param>
    /// <param name="kind">What the bytes are.</param>
    /// <param name="record">Where to write them.</param>
    /// <param name="take">What is noted when the client has taken it.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryAppend(int length, uint kind, out Span<byte> record, Take take = default)
    {
        record = default;
        uint units = DeliveryRecord.Units((uint)length);
        if (((uint)(_tail >> 3) & (_sizeInUnits - 1)) > BeginningUnits && ++_appendsBeyond % AppendsBetweenLooks == 0)
        {
            TryBeginAgain();
        }

        if ((uint)length > (uint)MaxLength || (!HasRoom(units) && !(Refresh() && HasRoom(units))))
        {
            return false;
        }

        uint place = (uint)(_tail >> 3);
        record = Write(place, new DeliveryRecord((uint)length, kind));
        _books.Append(new RingBooks.Record((uint)length, place, take));
        _tail += (ulong)units << 3;
        _used += units;
        _unpublished += units;
        return true;
    }

    /// <summary>Lets the client see what was appended. The caller then rings the client (<see cref="BusDoorbell"/>).</summary>
    public void Publish()
    {
        // While rewriting, what was appended may belong to an order that holds only from the end of the rewrite on.
        if (_unpublished != 0 && !_rewriting)
        {
            _unpublished = 0;
            Interleaving.Here();

            // Release, pairs with the acquire of the tail in DeliveryConsumer.Look.
            Volatile.Write(ref _memory.Header.DeliveryTail(_head.Side, _lane), _tail);
        }
    }

    /// <summary>How many records the client has taken since this was last asked. False when the client wrote nonsense.</summary>
    public bool TryObserve(out int taken)
    {
        bool sound = Refresh();
        taken = _taken;
        _taken = 0;
        return sound;
    }

    /// <summary>Stops the client from taking, until <see cref="TryEndRewrite"/>; ask <see cref="TryObserve"/> next, it is exact now.</summary>
    /// <returns>False when the client wrote nonsense.</returns>
    public bool TryBeginRewrite()
    {
        if (_rewriting)
        {
            throw new InvalidOperationException("A rewrite has begun already.");
        }

        // Ends: each time round the client has taken at least one record more, or is at fault.
        while (Refresh())
        {
            Interleaving.AtChange();
            DeliveryHead busy = _head.Busy();
            if (Interlocked.CompareExchange(ref _memory.Header.DeliveryHeadWord(_lane), busy.Word, _head.Word) == _head.Word)
            {
                // Not a byte of the ring may be changed before the client's compare-and-swap is sure to fail.
                Fence.AfterInterlocked();
                _head = busy;
                _rewriting = true;
                return true;
            }
        }

        return false;
    }

    /// <summary>While rewriting, and before <see cref="Clear"/>: room for a record in front of all others. False when there is none.</summary>
    /// <param name="length">Bytes of the record.</param>
    /// <param name="kind">What the bytes are.</param>
    /// <param name="record">Where to write them.</param>
    /// <param name="take">What is noted when the client has taken it.</param>
    public bool TryPrepend(int length, uint kind, out Span<byte> record, Take take = default)
    {
        record = default;
        if (!_rewriting || _cleared)
        {
            throw new InvalidOperationException("A record is put in front in a rewrite, before anything is cleared.");
        }

        uint units = DeliveryRecord.Units((uint)length);
        if ((uint)length > (uint)MaxLength || !HasRoom(units))
        {
            return false;
        }

        _position = (_position - units) & DeliveryHead.PositionMask;
        record = Write(_position, new DeliveryRecord((uint)length, kind));
        _books.Prepend(new RingBooks.Record((uint)length, _position, take));
        _used += units;
        return true;
    }

    /// <summary>Whether so many records of that many bytes have room in front. Exact only while rewriting.</summary>
    public bool HasRoomFor(int count, int length) => (ulong)count * DeliveryRecord.Units((uint)length) <= _sizeInUnits - _replaced - _used;

    /// <summary>While rewriting: takes back the record behind all others, which the client has not taken. There is one.</summary>
    /// <remarks>Its room is free only when the rewrite has ended.</remarks>
    /// <returns>How many bytes that is.</returns>
    public int DropLast()
    {
        if (!_rewriting || _cleared)
        {
            throw new InvalidOperationException("The last record is taken back in a rewrite, before anything is cleared.");
        }

        uint units = _books[_books.Count - 1].Units;
        _books.RemoveLast();
        _tail -= (ulong)units << 3;
        _used -= units;
        _replaced += units;
        _unpublished -= Math.Min(units, _unpublished);
        _shortened = true;
        return (int)units << 3;
    }

    /// <summary>Copies a record out that the client has not taken. The client can have changed it.</summary>
    /// <param name="place">Where it is (<see cref="RingBooks.Record.Place"/>).</param>
    /// <param name="offset">Where in it to begin, in bytes.</param>
    /// <param name="target">Takes its bytes.</param>
    public void ReadBack(uint place, int offset, Span<byte> target) =>
        new Span<byte>(At(place) + DeliveryRecord.HeaderSize + offset, target.Length).CopyTo(target);

    /// <summary>While rewriting: forgets all unread records; what is appended next takes their place.</summary>
    /// <remarks>
    /// Their room is free only when the rewrite has ended. If not everything fits before that, append the rest (and publish) afterwards.
    /// </remarks>
    public void Clear() => ClearTo(_tail);

    private void ClearTo(ulong tail)
    {
        if (!_rewriting || _cleared)
        {
            throw new InvalidOperationException("The ring is cleared once, in a rewrite.");
        }

        _cleared = true;
        _tail = tail;
        _replaced = _used;
        _position = (uint)(_tail >> 3) & DeliveryHead.PositionMask;
        _used = 0;
        _unpublished = 0;
        _books.Clear();
    }

    /// <summary>Makes all changes valid at once and lets the client take again. False when the client interfered.</summary>
    public bool TryEndRewrite()
    {
        if (!_rewriting)
        {
            throw new InvalidOperationException("No rewrite has begun.");
        }

        // A tail that does not only grow goes into the other word: until the head says so, the old head and the old tail belong together.
        Interleaving.AtChange();
        int side = _cleared || _shortened ? 1 - _head.Side : _head.Side;
        Volatile.Write(ref _memory.Header.DeliveryTail(side, _lane), _tail);
        DeliveryHead free = _head.Free(_position, side);
        bool undisturbed = Interlocked.CompareExchange(ref _memory.Header.DeliveryHeadWord(_lane), free.Word, _head.Word) == _head.Word;
        _head = free;
        _unpublished = 0;
        _replaced = 0;
        _rewriting = false;
        _cleared = false;
        _shortened = false;
        if (!undisturbed)
        {
            Fault = LinkFault.DeliveryHeadStolen;
        }

        return undisturbed;
    }

    /// <summary>Sets the flags. Afterwards ask <see cref="TryObserve"/>: it sees every take whose taker did not see the flags.</summary>
    public void SetFlags(DeliveryFlags flags)
    {
        if (flags == _flags)
        {
            return;
        }

        _flags = flags;
        Interleaving.AtChange();
        Volatile.Write(ref _memory.Header.DeliveryFlagsWord(_lane), (uint)flags);

        // We write the flags and then read the head; the taker changes the head and then reads the flags (DeliveryConsumer.TryTake, the
        // pair of this fence). At least one of the two sees the other's word.
        Fence.Full();
        Interleaving.AtChange();
    }

    /// <summary>If the client has taken all, what is appended next goes to the beginning of the ring.</summary>
    private void TryBeginAgain()
    {
        if (_rewriting || !Refresh() || _used != 0 || !TryBeginRewrite())
        {
            return;
        }

        ClearTo((_tail + ((ulong)_sizeInUnits << 3) - 1) & ~(((ulong)_sizeInUnits << 3) - 1));
        _ = TryEndRewrite();
    }

    private bool HasRoom(uint units) => _sizeInUnits - _replaced - _used >= units;

    private bool Refresh()
    {
        if (_rewriting || Fault != LinkFault.None)
        {
            return Fault == LinkFault.None;
        }

        // Acquire, pairs with the compare-and-swap in DeliveryConsumer.TryTake: the client has read what we are about to overwrite.
        DeliveryHead now = new(Volatile.Read(ref _memory.Header.DeliveryHeadWord(_lane)));
        return now == _head || Follow(now);
    }

    private bool Follow(DeliveryHead now)
    {
        uint moved = DeliveryHead.Distance(_head.Position, now.Position);
        if (!now.CanFollow(_head) || moved == 0)
        {
            Fault = LinkFault.DeliveryHeadForged;
            return false;
        }

        if (moved > _used - _unpublished)
        {
            Fault = LinkFault.DeliveryHeadImpossible;
            return false;
        }

        _head = now;
        _position = now.Position;
        _used -= moved;
        while (moved > 0)
        {
            ref readonly RingBooks.Record record = ref _books[0];
            uint units = record.Units;
            if (units > moved)
            {
                Fault = LinkFault.DeliveryHeadInsideRecord;
                return false;
            }

            moved -= units;
            _takes?.Add(record.Take);
            _books.RemoveFirst();
            _taken++;
        }

        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Span<byte> Write(uint position, DeliveryRecord head)
    {
        byte* record = At(position);
        *(ulong*)record = head.Word;
        return new Span<byte>(record + DeliveryRecord.HeaderSize, (int)head.Length);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private byte* At(uint position) => _ring + ((position & (_sizeInUnits - 1)) << 3);
}
