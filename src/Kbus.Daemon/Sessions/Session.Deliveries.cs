using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Kbus.Core;
using Kbus.Link;

namespace Kbus.Daemon;

/// <content>
/// Deliveries: the ring is a window onto the front of the queue that Core keeps. Messages that do not fit wait behind it in the queue, and
/// a flag tells the process (<see cref="DeliveryFlags.MoreBehind"/>).
/// </content>
internal sealed partial class Session
{
    private readonly Dictionary<PayloadArea, uint> _areas = [];
    private readonly Queue<PayloadArea> _areasToSend = [];
    private readonly Dictionary<ulong, StoredMessage> _held = [];
    private ulong _placedTaken;
    private int _window;
    private int _placedInWindow;
    private bool _isFrozen;
    private bool _tellsTakes;
    private bool _refillsLater;

    /// <summary>True if deliveries have not been published yet. The process is rung before the sender gets its answer.</summary>
    public bool HasNews { get; set; }

    /// <inheritdoc/>
    /// <remarks>The bytes are in the ring. Only this process could damage them, and only for itself.</remarks>
    public override bool TryKeep(StoredMessage message, MessageFlags flags, out uint place)
    {
        place = 0;
        bool isNext = _window == State.Queue.Count - 1;
        if (!isNext || _isFrozen || Fault != LinkFault.None || !IsInline(message) || !TryWriteInline(message, flags, inFront: false, out place))
        {
            return false;
        }

        _window++;
        RingLater();
        return true;
    }

    /// <inheritdoc/>
    public override void Appended()
    {
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
    public override int ObserveTaken()
    {
        if (Fault != LinkFault.None)
        {
            return 0;
        }

        if (!_deliveries.TryObserve(out int taken))
        {
            Fail(_deliveries.Fault);
            return 0;
        }

        for (int i = 0; i < taken && _placedInWindow > 0; i++)
        {
            if (State.Queue[i].Message is { Payload: not null } message)
            {
                _placedInWindow--;

                // The process reads it in place until it sends Release.
                message.Retain();
                _thread.Bus.NoteHeld(State, message.EntireLength);
                _held.Add(++_placedTaken, message);
            }
        }

        _window -= taken;
        return taken;
    }

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
        if (_window < State.Queue.Count && !hadMore)
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
        int before = _window;
        while (_window < State.Queue.Count && TryWrite(_window, inFront: false))
        {
            _window++;
        }

        return _window > before;
    }

    private void SetFlags()
    {
        DeliveryFlags flags = _tellsTakes ? DeliveryFlags.TellTakes : DeliveryFlags.None;
        _deliveries.SetFlags(_window < State.Queue.Count ? flags | DeliveryFlags.MoreBehind : flags);
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

    /// <summary>Writes a queued message into the ring. The ring then keeps it, unless its data are in a payload area.</summary>
    private bool TryWrite(int place, bool inFront)
    {
        ref readonly QueueEntry entry = ref State.Queue[place];
        StoredMessage message = entry.Message!;
        if (!IsInline(message))
        {
            return (message.Payload is not null || TryPlace(message)) && TryWritePlaced(message, entry.Flags, inFront);
        }

        if (!TryWriteInline(message, entry.Flags, inFront, out uint at))
        {
            return false;
        }

        State.Queue.LeaveToCarrier(place, at);
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsInline(StoredMessage message) => message.Payload is null && message.EntireLength <= MessageSizes.LargestInline;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryWriteInline(StoredMessage message, MessageFlags flags, bool inFront, out uint place)
    {
        place = 0;
        if (!TryReserve(message.EntireLength, DeliveryKind.Inline, inFront, out Span<byte> record))
        {
            return false;
        }

        message.Buffer[..message.EntireLength].CopyTo(record);
        WriteFlags(record, flags);
        place = _deliveries.LastPlace;
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryReserve(int length, DeliveryKind kind, bool inFront, out Span<byte> record) => inFront
        ? _deliveries.TryPrepend(length, (uint)kind, out record)
        : _deliveries.TryAppend(length, (uint)kind, out record);

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

    private bool TryWritePlaced(StoredMessage message, MessageFlags flags, bool inFront)
    {
        PlacedPayload? place = ((PlacedPayload)message.Payload!).For(Peer.UserId);
        ReadOnlySpan<byte> bytes = message.StoredBytes;
        if (place is null || !TryReserve(bytes.Length + PlacedData.Size, DeliveryKind.Placed, inFront, out Span<byte> record))
        {
            return false;
        }

        bytes.CopyTo(record);
        WriteFlags(record, flags);
        _placedInWindow++;
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
        _thread.Bus.NoteTakes(State);
        if (_held.Remove(number, out StoredMessage? message))
        {
            int bytes = message.EntireLength;
            message.Release();
            _thread.Bus.NoteReleased(State, bytes);
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
