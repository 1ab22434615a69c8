using System.Buffers;
using System.Runtime.CompilerServices;
using Kbus.Linux;

namespace Kbus.Link;

/// <summary>The client's end of the delivery ring.</summary>
/// <remarks>
/// One thread at a time may call. The client holds no lock that the bus could wait for: it copies the record in front and then takes it
/// by one compare-and-swap, which fails if the bus has rewritten the ring in between; then what was copied is worth nothing, and the
/// client looks again. What has been taken is exact at every moment, also when this process is killed at that moment.
/// </remarks>
internal sealed unsafe class DeliveryConsumer
{
    // A rewrite takes the bus a microsecond or so, unless its thread has been set aside in the middle of it.
    private const int SpinsBeforeYield = 100;
    private const int SpinsBeforeGivingUp = 164;

    private readonly SharedMemory _memory;
    private readonly DeliveryLane _lane;
    private readonly byte* _ring;
    private readonly uint _sizeInUnits;
    private DeliveryHead _tailBelongsTo;
    private uint _tail;

    /// <summary>The consumer of a link that has just been mapped.</summary>
    public DeliveryConsumer(SharedMemory memory, DeliveryLane lane = DeliveryLane.Messages)
    {
        _memory = memory;
        _lane = lane;
        _ring = memory.RingOf(lane);
        _sizeInUnits = (uint)memory.Layout.RingSize(lane) >> 3;
    }

    /// <summary>What was wrong with what the bus wrote.</summary>
    public LinkFault Fault { get; private set; }

    /// <summary>What the bus wants to be known. Read it after a take: it is never older than the take.</summary>
    public DeliveryFlags Flags => (DeliveryFlags)Volatile.Read(ref _memory.Header.DeliveryFlagsWord(_lane));

    /// <summary>
    /// Whether something can be taken; while the bus puts the ring in order, whether something could be before. Unlike all else here, any thread may ask.
    /// </summary>
    public bool HasRecord
    {
        get
        {
            while (true)
            {
                DeliveryHead head = new(Volatile.Read(ref _memory.Header.DeliveryHeadWord(_lane)));
                uint tail = (uint)(Volatile.Read(ref _memory.Header.DeliveryTail(head.Side, _lane)) >> 3) & DeliveryHead.PositionMask;
                if (head.IsBusy || Volatile.Read(ref _memory.Header.DeliveryHeadWord(_lane)) == head.Word)
                {
                    return tail != head.Position;
                }
            }
        }
    }

    /// <summary>Looks at the record in front, without taking it.</summary>
    /// <param name="record">Its bytes in shared memory. They may change until <see cref="TryTake"/> says that they were whole: copy, take, use.</param>
    /// <param name="token">What to take it by.</param>
    public DeliveryLook TryPeek(out ReadOnlySpan<byte> record, out DeliveryToken token)
    {
        record = default;
        token = default;
        int spins = 0;
        while (true)
        {
            // Acquire, pairs with the release in DeliveryProducer.TryEndRewrite: the records in front are there.
            DeliveryHead head = new(Volatile.Read(ref _memory.Header.DeliveryHeadWord(_lane)));
            if (head.IsBusy)
            {
                if (!Pause(ref spins))
                {
                    return DeliveryLook.Busy;
                }

                continue;
            }

            DeliveryLook look = Look(head, out record, out token);
            if (look == DeliveryLook.Record)
            {
                return look;
            }

            // Nothing there, or nonsense: true only if no rewrite came between reading the head and reading the rest.
            if (Volatile.Read(ref _memory.Header.DeliveryHeadWord(_lane)) == head.Word)
            {
                return look;
            }

            Fault = LinkFault.None;
        }
    }

    /// <summary>Looks at the record behind one that was looked at, without taking either. Both are then taken as one, by the token of the second.</summary>
    /// <param name="before">The token of the one in front.</param>
    /// <param name="record">Its bytes, as of <see cref="TryPeek"/>.</param>
    /// <param name="token">What to take all by, up to this one.</param>
    /// <returns>False if none is known to be there; it may be, or the ring has changed: take what was looked at, and look again.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryPeekBehind(scoped in DeliveryToken before, out ReadOnlySpan<byte> record, out DeliveryToken token)
    {
        DeliveryHead behind = before.Head.At(before.Head.Position + before.Units);
        if (before.Head != _tailBelongsTo || Look(behind, _tail, out record, out token) != DeliveryLook.Record)
        {
            // What looks like nonsense here was rewritten meanwhile, or will be found by the next look.
            Fault = LinkFault.None;
            record = default;
            token = default;
            return false;
        }

        token = new DeliveryToken(before.Head, before.Units + token.Units, token.Kind);
        return true;
    }

    /// <summary>Takes the record that was looked at, and those in front of it. False when the ring has changed since: look again.</summary>
    public bool TryTake(in DeliveryToken token)
    {
        DeliveryHead next = token.Head.At(token.Head.Position + token.Units);
        if (Interlocked.CompareExchange(ref _memory.Header.DeliveryHeadWord(_lane), next.Word, token.Head.Word) != token.Head.Word)
        {
            return false;
        }

        // The pair of the fence in DeliveryProducer.SetFlags: we have changed the head, and now may read the flags.
        Fence.AfterInterlocked();
        if (_tailBelongsTo == token.Head)
        {
            _tailBelongsTo = next;
        }

        return true;
    }

    /// <summary>Copies the record in front out and takes it, as often as it has to.</summary>
    /// <param name="destination">Room for the record.</param>
    /// <param name="length">The record's bytes, also when they were too many.</param>
    /// <param name="kind">What they are.</param>
    public DeliveryLook TryTakeInto(Span<byte> destination, out int length, out uint kind)
    {
        while (true)
        {
            DeliveryLook look = TryPeek(out ReadOnlySpan<byte> record, out DeliveryToken token);
            length = record.Length;
            kind = token.Kind;
            if (look != DeliveryLook.Record)
            {
                return look;
            }

            if (length > destination.Length)
            {
                if (StillHolds(token))
                {
                    return DeliveryLook.TooLong;
                }

                continue;
            }

            record.CopyTo(destination);
            if (TryTake(token))
            {
                return DeliveryLook.Record;
            }
        }
    }

    /// <summary>Copies the record in front out and takes it, as often as it has to. What is not taken is not written.</summary>
    /// <param name="destination">Gets exactly the record's bytes.</param>
    /// <param name="length">The record's bytes.</param>
    /// <param name="kind">What they are.</param>
    public DeliveryLook TryTakeInto(IBufferWriter<byte> destination, out int length, out uint kind)
    {
        while (true)
        {
            DeliveryLook look = TryPeek(out ReadOnlySpan<byte> record, out DeliveryToken token);
            length = record.Length;
            kind = token.Kind;
            if (look != DeliveryLook.Record)
            {
                return look;
            }

            record.CopyTo(destination.GetSpan(length));
            if (TryTake(token))
            {
                destination.Advance(length);
                return DeliveryLook.Record;
            }
        }
    }

    /// <summary>Whether the record that was looked at is still in front: what was read of it up to now was whole.</summary>
    public bool StillHolds(in DeliveryToken token)
    {
        // The copy's plain loads must not be made after the look at the head.
        Fence.Full();
        return Volatile.Read(ref _memory.Header.DeliveryHeadWord(_lane)) == token.Head.Word;
    }

    /// <summary>When the bus has died, perhaps in the middle of a rewrite: makes takeable again what was unread before it began.</summary>
    public void EndRewriteOfDeadBus()
    {
        DeliveryHead head = new(Volatile.Read(ref _memory.Header.DeliveryHeadWord(_lane)));
        if (head.IsBusy)
        {
            _ = Interlocked.CompareExchange(ref _memory.Header.DeliveryHeadWord(_lane), head.Free(head.Position, head.Side).Word, head.Word);
        }
    }

    private static bool Pause(ref int spins)
    {
        if (++spins < SpinsBeforeYield)
        {
            Thread.SpinWait(1);
            return true;
        }

        LibC.YieldProcessor();
        return spins < SpinsBeforeGivingUp;
    }

    private DeliveryLook Look(DeliveryHead head, out ReadOnlySpan<byte> record, out DeliveryToken token)
    {
        // The tail that was read under the same head word, or under the one before our own last take, still holds: within one side it only
        // grows. So the bus's line is not fetched for every record.
        uint tail = head == _tailBelongsTo ? _tail : ReadTail(head);
        DeliveryLook look = Look(head, tail, out record, out token);
        return look == DeliveryLook.Record ? look : Look(head, ReadTail(head), out record, out token);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private DeliveryLook Look(DeliveryHead head, uint tail, out ReadOnlySpan<byte> record, out DeliveryToken token)
    {
        record = default;
        token = default;
        uint used = DeliveryHead.Distance(head.Position, tail);
        if (used == 0)
        {
            return DeliveryLook.Empty;
        }

        if (used > _sizeInUnits)
        {
            Fault = LinkFault.DeliveryTailImpossible;
            return DeliveryLook.Malformed;
        }

        byte* start = _ring + ((head.Position & (_sizeInUnits - 1)) << 3);

        // Acquire, so that the head is looked at again only after this.
        DeliveryRecord found = DeliveryRecord.Of(Volatile.Read(ref *(ulong*)start));
        uint units = DeliveryRecord.Units(found.Length);
        if (units > used)
        {
            Fault = LinkFault.DeliveryTooLong;
            return DeliveryLook.Malformed;
        }

        record = new ReadOnlySpan<byte>(start + DeliveryRecord.HeaderSize, (int)found.Length);
        token = new DeliveryToken(head, units, found.Kind);
        return DeliveryLook.Record;
    }

    private uint ReadTail(DeliveryHead head)
    {
        // Acquire, pairs with the release in DeliveryProducer.Publish and TryEndRewrite.
        _tail = (uint)(Volatile.Read(ref _memory.Header.DeliveryTail(head.Side, _lane)) >> 3) & DeliveryHead.PositionMask;
        _tailBelongsTo = head;
        return _tail;
    }
}
