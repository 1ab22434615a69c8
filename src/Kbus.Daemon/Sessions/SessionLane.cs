using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Kbus.Core;
using Kbus.Link;

namespace Kbus.Daemon;

/// <summary>
/// One lane of a session's deliveries: the ring is a window onto the front of it. Messages that do not fit wait behind it, and a flag tells
/// the process (<see cref="DeliveryFlags.MoreBehind"/>). Window and what is behind are what the bus's books say, as far as the process has
/// not taken it.
/// </summary>
/// <param name="session">Whose lane it is.</param>
/// <param name="thread">The bus.</param>
/// <param name="memory">The memory that the ring is in.</param>
/// <param name="lane">Which of the two it is.</param>
/// <param name="taken">To it is added what the process has taken.</param>
internal sealed partial class SessionLane(Session session, BusThread thread, SharedMemory memory, DeliveryLane lane, List<Take> taken)
{
    private readonly DeliveryProducer _ring = new(memory, lane, taken);
    private readonly DeliveryQueue _behind = new();

    // The copies in the ring whose data are in a payload area, in its order.
    private readonly DeliveryQueue _placed = new();
    private readonly bool _isAnswers = lane == DeliveryLane.Answers;
    private readonly int _prefix = lane == DeliveryLane.Answers ? AnswerTag.Size : 0;
    private ulong _placedTaken;
    private bool _isFrozen;
    private bool _hasNews;
    private bool _tellsTakes;
    private bool _refillsLater;

    /// <summary>The ring, for the doorbell.</summary>
    public DeliveryProducer Ring => _ring;

    /// <summary>Whether it has no copy at all, as far as is known.</summary>
    public bool IsEmpty => _ring.Count == 0 && _behind.Count == 0 && _placed.Count == 0;

    /// <summary>A copy comes at the end.</summary>
    /// <remarks>What is in the ring, only this process could damage, and only for itself.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Append(StoredMessage message, MessageFlags flags, uint number)
    {
        bool isNext = _behind.Count == 0 && !_isFrozen && session.Fault == LinkFault.None;
        if (isNext && IsInline(message) && TryWriteInline(message, flags, number, inFront: false))
        {
            RingLater();
            return;
        }

        AppendBehind(message, flags, number);
    }

    /// <summary>Adds what the process has taken from this lane to the list.</summary>
    public void CollectTaken()
    {
        if (!_ring.TryObserve(out _))
        {
            session.Fail(_ring.Fault);
        }

        if (_placed.Count > 0)
        {
            HoldTaken();
        }
    }

    /// <summary>Drops one copy of a Ksock that was closed.</summary>
    /// <returns>False if there is none.</returns>
    public bool DropOne() => _placed.TryDropFirst() || _behind.TryDropFirst();

    /// <summary>Whether the process must tell of each take at once.</summary>
    public void TellTakes(bool tell)
    {
        _tellsTakes = tell;
        if (session.Fault == LinkFault.None)
        {
            SetFlags();
        }
    }

    /// <summary>Publishes the deliveries since the last call.</summary>
    public void Publish()
    {
        if (_refillsLater)
        {
            _refillsLater = false;
            Refill();
        }

        _ring.Publish();
        _hasNews = false;
    }

    /// <summary>Moves messages that wait behind the ring into it, as far as there is room.</summary>
    public void Refill()
    {
        if (FillWindow())
        {
            RingLater();
        }

        bool hadMore = (_ring.Flags & DeliveryFlags.MoreBehind) != 0;
        SetFlags();
        if (_behind.Count > 0 && !hadMore)
        {
            // If the process emptied the ring before it could see the flag, its room is visible now.
            if (FillWindow())
            {
                SetFlags();
            }

            RingLater();
        }
    }

    private void AppendBehind(StoredMessage message, MessageFlags flags, uint number)
    {
        _behind.Append(message, flags, number);
        if (_isFrozen || session.Fault != LinkFault.None)
        {
            return;
        }

        if ((_ring.Flags & DeliveryFlags.MoreBehind) == 0)
        {
            Refill();
        }
        else
        {
            // The process knows that there is more. Checking once a round whether it has made room is enough.
            _refillsLater = true;
            RingLater();
        }
    }

    /// <summary>A taken copy whose data are in a payload area is held: the process reads it in place until it sends Release.</summary>
    private void HoldTaken()
    {
        foreach (Take take in CollectionsMarshal.AsSpan(taken))
        {
            if (take.IsHeld && take.IsAnswer == _isAnswers && _placed.Count > 0 && _placed[0].Number == take.Number
                && _placed.TryTake(out Delivery held))
            {
                session.Hold(PlacedData.NumberOf(lane, ++_placedTaken), held.Message);
            }
        }
    }

    private bool FillWindow()
    {
        // Not by the number in the ring: to append may show that others were taken.
        bool any = false;
        while (_behind.Count > 0 && TryWrite(_behind[0].Message, _behind[0].Flags, _behind[0].Number, inFront: false))
        {
            _ = _behind.TryDropFirst();
            any = true;
        }

        return any;
    }

    private void SetFlags()
    {
        DeliveryFlags flags = _tellsTakes ? DeliveryFlags.TellTakes : DeliveryFlags.None;
        _ring.SetFlags(_behind.Count > 0 ? flags | DeliveryFlags.MoreBehind : flags);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void RingLater()
    {
        if (!_hasNews)
        {
            _hasNews = true;
            session.RingLater(lane == DeliveryLane.Messages ? LinkNews.Delivery : LinkNews.Answer);
        }
    }

    /// <summary>Writes a copy into the ring, which then has its bytes; or, if its data are in a payload area, a reference.</summary>
    private bool TryWrite(StoredMessage message, MessageFlags flags, uint number, bool inFront) => IsInline(message)
        ? TryWriteInline(message, flags, number, inFront)
        : (message.Payload is not null || TryPlace(message)) && TryWritePlaced(message, flags, number, inFront);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsInline(StoredMessage message) => message.Payload is null && message.EntireLength <= MessageSizes.LargestInline;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryWriteInline(StoredMessage message, MessageFlags flags, uint number, bool inFront)
    {
        var take = new Take(number, IsHeld: false, _isAnswers);
        if (!TryReserve(message, message.EntireLength, DeliveryKind.Inline, inFront, take, out Span<byte> record))
        {
            return false;
        }

        message.Buffer[..message.EntireLength].CopyTo(record);
        WriteFlags(record, flags);
        return true;
    }

    /// <summary>Makes room for a record, and writes the tag that it begins with on the lane of answers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryReserve(StoredMessage message, int length, DeliveryKind kind, bool inFront, Take take, out Span<byte> record)
    {
        int prefix = _prefix;
        bool hasRoom = inFront
            ? _ring.TryPrepend(prefix + length, (uint)kind, out record, take)
            : _ring.TryAppend(prefix + length, (uint)kind, out record, take);
        if (hasRoom && prefix != 0)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(record, message.AnsweredTag);
            record = record[prefix..];
        }

        return hasRoom;
    }

    /// <summary>Copies the data of a big message into a payload area, if it did not come by a link.</summary>
    private bool TryPlace(StoredMessage message)
    {
        PlacedPayload? place = thread.Payloads.TryPlace(session.Peer.UserId, (int)message.Header.DataLength);
        if (place is not null)
        {
            message.Data.CopyTo(place.ToFill);
            message.Payload = place;
        }

        return place is not null;
    }

    private bool TryWritePlaced(StoredMessage message, MessageFlags flags, uint number, bool inFront)
    {
        PlacedPayload? place = ((PlacedPayload)message.Payload!).For(session.Peer.UserId);
        ReadOnlySpan<byte> bytes = message.StoredBytes;
        var take = new Take(number, IsHeld: true, _isAnswers);
        int length = bytes.Length + PlacedData.Size;
        if (place is null || !TryReserve(message, length, DeliveryKind.Placed, inFront, take, out Span<byte> record))
        {
            return false;
        }

        bytes.CopyTo(record);
        WriteFlags(record, flags);
        if (inFront)
        {
            _placed.Prepend(message, flags, number);
        }
        else
        {
            _placed.Append(message, flags, number);
        }

        var placed = new PlacedData(session.Announce(place.Area), 0, place.Offset);
        MemoryMarshal.Write(record[bytes.Length..], in placed);
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WriteFlags(Span<byte> record, MessageFlags flags) =>
        BinaryPrimitives.WriteUInt32LittleEndian(record[MessageHeader.FlagsOffset..], (uint)flags);
}
