using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Kbus.Core;
using Kbus.Link;
using Kbus.Linux;

namespace Kbus.Daemon;

/// <content>
/// Deliveries: the ring is a window onto the front of the queue. Messages that do not fit wait behind it, and a flag tells the process
/// (<see cref="DeliveryFlags.MoreBehind"/>). The ring and what is behind it are what the bus's books say, as far as the process has not taken it.
/// </content>
internal sealed partial class Session
{
    private readonly Dictionary<PayloadArea, uint> _areas = [];
    private readonly Queue<PayloadArea> _areasToSend = [];
    private readonly Dictionary<ulong, StoredMessage> _held = [];
    private readonly DeliveryQueue _behind = new();
    private readonly List<Take> _taken = [];

    // The copies in the ring whose data are in a payload area, in its order.
    private readonly DeliveryQueue _placed = new();
    private ulong _placedTaken;
    private int _reported;
    private bool _isFrozen;
    private bool _tellsTakes;
    private bool _refillsLater;

    /// <summary>True if deliveries have not been published yet. The process is rung before the sender gets its answer.</summary>
    public bool HasNews { get; set; }

    /// <inheritdoc/>
    /// <remarks>What is in the ring, only this process could damage, and only for itself.</remarks>
    public override void Appended(StoredMessage message, MessageFlags flags, uint number)
    {
        bool isNext = _behind.Count == 0 && !_isFrozen && Fault == LinkFault.None;
        if (isNext && IsInline(message) && TryWriteInline(message, flags, number, inFront: false))
        {
            RingLater();
            return;
        }

        _behind.Append(message, flags, number);
        if (_isFrozen || Fault != LinkFault.None)
        {
            return;
        }

        if ((_deliveries.Flags & DeliveryFlags.MoreBehind) == 0)
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

    /// <inheritdoc/>
    public override ReadOnlySpan<Take> ObserveTaken()
    {
        if (Fault != LinkFault.None)
        {
            return default;
        }

        CollectTaken();
        _reported = _taken.Count;
        return CollectionsMarshal.AsSpan(_taken);
    }

    /// <summary>Collects what the process has taken and the bus has not been told.</summary>
    private void CollectTaken()
    {
        _taken.RemoveRange(0, _reported);
        _reported = 0;
        if (!_deliveries.TryObserve(out _))
        {
            Fail(_deliveries.Fault);
        }

        if (_placed.Count > 0)
        {
            HoldTaken();
        }
    }

    /// <summary>A taken copy whose data are in a payload area is held: the process reads it in place until it sends Release.</summary>
    private void HoldTaken()
    {
        foreach (Take take in CollectionsMarshal.AsSpan(_taken))
        {
            if (take.IsHeld && _placed.Count > 0 && _placed[0].Number == take.Number && _placed.TryTake(out Delivery held))
            {
                _held.Add(++_placedTaken, held.Message);
            }
        }
    }

    /// <inheritdoc/>
    public override bool DropOne() => _placed.TryDropFirst() || _behind.TryDropFirst();

    /// <inheritdoc/>
    public override void RetryWorthwhile()
    {
        if (Fault == LinkFault.None)
        {
            _doorbell.RingIfWanted(LinkNews.Failure);
        }
    }

    /// <inheritdoc/>
    public override void TellTakes(bool tell)
    {
        _tellsTakes = tell;
        if (Fault == LinkFault.None)
        {
            SetFlags();
        }
    }

    /// <summary>Publishes the deliveries since the last call.</summary>
    public void PublishNews()
    {
        if (!IsClosed && Fault == LinkFault.None)
        {
            if (_refillsLater)
            {
                _refillsLater = false;
                Refill();
            }

            _deliveries.Publish();
            SendAreas();
        }

        // Later deliveries need another call, even if the process is still to be rung for these.
        HasNews = false;
    }

    /// <summary>Rings the process if it sleeps, for the published deliveries.</summary>
    /// <remarks>The caller has made a full fence since.</remarks>
    public void RingForNews()
    {
        if (!IsClosed && Fault == LinkFault.None)
        {
            _doorbell.RingIfWantedAfterFence(LinkNews.Delivery, _deliveries);
        }
    }

    private void RingNow() => _ = LibC.Send(_socket.Number, [1], LibC.MessageDontWait);

    /// <summary>Moves messages that wait behind the ring into it, as far as there is room.</summary>
    private void Refill()
    {
        if (FillWindow())
        {
            RingLater();
        }

        bool hadMore = (_deliveries.Flags & DeliveryFlags.MoreBehind) != 0;
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

    private bool FillWindow()
    {
        bool isWritten = false;
        while (_behind.Count > 0 && TryWrite(_behind[0].Message, _behind[0].Flags, _behind[0].Number, inFront: false))
        {
            isWritten |= _behind.TryDropFirst();
        }

        return isWritten;
    }

    private void SetFlags()
    {
        DeliveryFlags flags = _tellsTakes ? DeliveryFlags.TellTakes : DeliveryFlags.None;
        _deliveries.SetFlags(_behind.Count > 0 ? flags | DeliveryFlags.MoreBehind : flags);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void RingLater()
    {
        if (!HasNews)
        {
            HasNews = true;
            _thread.RingLater(this);
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
        if (!TryReserve(message.EntireLength, DeliveryKind.Inline, inFront, new Take(number), out Span<byte> record))
        {
            return false;
        }

        message.Buffer[..message.EntireLength].CopyTo(record);
        WriteFlags(record, flags);
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryReserve(int length, DeliveryKind kind, bool inFront, Take take, out Span<byte> record) => inFront
        ? _deliveries.TryPrepend(length, (uint)kind, out record, take)
        : _deliveries.TryAppend(length, (uint)kind, out record, take);

    /// <summary>Copies the data of a big message into a payload area, if it did not come by a link.</summary>
    private bool TryPlace(StoredMessage message)
    {
        PlacedPayload? place = _thread.Payloads.TryPlace(Peer.UserId, (int)message.Header.DataLength);
        if (place is not null)
        {
            message.Data.CopyTo(place.ToFill);
            message.Payload = place;
        }

        return place is not null;
    }

    private bool TryWritePlaced(StoredMessage message, MessageFlags flags, uint number, bool inFront)
    {
        PlacedPayload? place = ((PlacedPayload)message.Payload!).For(Peer.UserId);
        ReadOnlySpan<byte> bytes = message.StoredBytes;
        if (place is null || !TryReserve(bytes.Length + PlacedData.Size, DeliveryKind.Placed, inFront, new Take(number, IsHeld: true), out Span<byte> record))
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

        var placed = new PlacedData(Announce(place.Area), 0, place.Offset);
        MemoryMarshal.Write(record[bytes.Length..], in placed);
        return true;
    }

    /// <summary>The number of an area for the process. One that it has not got yet is sent once the message is published.</summary>
    private uint Announce(PayloadArea area)
    {
        if (!_areas.TryGetValue(area, out uint number))
        {
            number = (uint)_areas.Count;
            _areas.Add(area, number);
            _areasToSend.Enqueue(area);
            _thread.Payloads.Announced(area);
        }

        return number;
    }

    /// <summary>Sends the process the areas that it has not got yet, each with a ring. If its socket is full, the rest goes with its next command.</summary>
    /// <remarks>Only after publishing: a process that finds its socket readable must find a message.</remarks>
    private void SendAreas()
    {
        while (_areasToSend.TryPeek(out PayloadArea? area))
        {
            // Counted first: a client that counts the rings waits for one that is counted and not there.
            int before = _areas.Count - _areasToSend.Count;
            ref int sent = ref _memory.Header.AreasSent;
            Volatile.Write(ref sent, before + 1);
            if (LibC.SendMessage(_socket.Number, [1], [area.File.Number], LibC.MessageDontWait) <= 0)
            {
                Volatile.Write(ref sent, before);
                return;
            }

            _ = _areasToSend.Dequeue();
        }
    }

    private Completion Release(ReadOnlySpan<byte> body)
    {
        if (body.Length != sizeof(ulong))
        {
            Fail(LinkFault.CommandMeaningless);
            return default;
        }

        ulong number = MemoryMarshal.Read<ulong>(body);
        _thread.Operations.NoteTakes(State);
        if (_held.Remove(number, out StoredMessage? message))
        {
            int bytes = message.EntireLength;
            message.Release();
            _thread.Operations.NoteReleased(State, bytes);
        }

        return default;
    }

    private void ReleaseHeld()
    {
        foreach (StoredMessage message in _held.Values)
        {
            message.Release();
        }

        _held.Clear();
    }

    private void ForgetAreas()
    {
        foreach (PayloadArea area in _areas.Keys)
        {
            _thread.Payloads.Forgotten(area);
        }

        _areas.Clear();
        _areasToSend.Clear();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WriteFlags(Span<byte> record, MessageFlags flags) =>
        BinaryPrimitives.WriteUInt32LittleEndian(record[MessageHeader.FlagsOffset..], (uint)flags);
}
