using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Kbus.Core;
using Kbus.Link;

namespace Kbus.Daemon;

/// <content>
/// The way of messages out: the delivery ring is a window onto the front of the queue that Core keeps. What does not fit waits behind
/// it in the queue, and the process is told so (<see cref="DeliveryFlags.MoreBehind"/>).
/// </content>
internal sealed partial class Session
{
    private readonly Dictionary<PayloadArea, uint> _areas = [];
    private readonly Dictionary<ulong, StoredMessage> _held = [];
    private ulong _placedTaken;
    private int _window;
    private bool _isFrozen;
    private bool _tellsTakes;

    /// <summary>True if the recipient is to be rung before the sender gets its answer.</summary>
    public bool HasNews { get; set; }

    /// <inheritdoc/>
    public override void Appended()
    {
        if (!_isFrozen && Fault == LinkFault.None)
        {
            Refill();
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

        for (int i = 0; i < taken; i++)
        {
            StoredMessage message = State.Queue[i].Message;
            if (message.Payload is not null)
            {
                // The process reads it where it is, until it says that it does not any more.
                message.Retain();
                State.HeldBytes += message.EntireLength;
                _held.Add(++_placedTaken, message);
            }
        }

        _window -= taken;
        return taken;
    }

    /// <inheritdoc/>
    public override void Freeze()
    {
        if (Fault == LinkFault.None)
        {
            _isFrozen = _deliveries.TryBeginRewrite();
            Fail(_isFrozen ? LinkFault.None : _deliveries.Fault);
        }
    }

    /// <inheritdoc/>
    public override void Rewritten()
    {
        if (!_isFrozen)
        {
            return;
        }

        _isFrozen = false;
        _deliveries.Clear();
        _window = 0;
        FillWindow();
        if (!_deliveries.TryEndRewrite())
        {
            Fail(_deliveries.Fault);
            return;
        }

        Refill();
        RingLater();
    }

    /// <inheritdoc/>
    public override void Prepended()
    {
        if (!_isFrozen || _window == 0 || !TryWrite(State.Queue[0], inFront: true))
        {
            Rewritten();
            return;
        }

        _isFrozen = false;
        _window++;
        Fail(_deliveries.TryEndRewrite() ? LinkFault.None : _deliveries.Fault);
        RingLater();
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

    /// <summary>Rings the process if it sleeps, for messages delivered since it was last asked.</summary>
    /// <remarks>The caller has made a full fence since.</remarks>
    public void RingForNews()
    {
        HasNews = false;
        if (!IsClosed && Fault == LinkFault.None)
        {
            _doorbell.RingIfWantedAfterFence(LinkNews.Delivery);
        }
    }

    private void RingNow() => _ = LibC.Send(_socket.Number, [1], LibC.MessageDontWait);

    /// <summary>Puts into the ring what waits behind it, as far as there is room.</summary>
    private void Refill()
    {
        if (FillWindow())
        {
            _deliveries.Publish();
            RingLater();
        }

        bool hadMore = (_deliveries.Flags & DeliveryFlags.MoreBehind) != 0;
        SetFlags();
        if (_window < State.Queue.Count && !hadMore)
        {
            // Whoever emptied the ring before it could see the flag has made room that we see now.
            if (FillWindow())
            {
                _deliveries.Publish();
                SetFlags();
            }

            RingLater();
        }
    }

    private bool FillWindow()
    {
        int before = _window;
        while (_window < State.Queue.Count && TryWrite(State.Queue[_window], inFront: false))
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

    private void RingLater()
    {
        if (!HasNews)
        {
            HasNews = true;
            _thread.RingLater(this);
        }
    }

    private bool TryWrite(in QueueEntry entry, bool inFront)
    {
        StoredMessage message = entry.Message;
        if (message.Payload is null && message.EntireLength > MessageSizes.LargestInline)
        {
            return TryPlace(message) && TryWritePlaced(entry, inFront);
        }

        if (message.Payload is not null)
        {
            return TryWritePlaced(entry, inFront);
        }

        ReadOnlySpan<byte> bytes = message.StoredBytes;
        if (!TryReserve(bytes.Length, DeliveryKind.Inline, inFront, out Span<byte> record))
        {
            return false;
        }

        bytes.CopyTo(record);
        WriteFlags(record, entry.Flags);
        return true;
    }

    private bool TryReserve(int length, DeliveryKind kind, bool inFront, out Span<byte> record) => inFront
        ? _deliveries.TryPrepend(length, (uint)kind, out record)
        : _deliveries.TryAppend(length, (uint)kind, out record);

    /// <summary>A big message that came by another way than a link gets a place of its own.</summary>
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

    private bool TryWritePlaced(in QueueEntry entry, bool inFront)
    {
        StoredMessage message = entry.Message;
        PlacedPayload? place = ((PlacedPayload)message.Payload!).For(Peer.UserId);
        if (place is null || !TryAnnounce(place.Area, out uint area))
        {
            return false;
        }

        ReadOnlySpan<byte> bytes = message.StoredBytes;
        if (!TryReserve(bytes.Length + PlacedData.Size, DeliveryKind.Placed, inFront, out Span<byte> record))
        {
            return false;
        }

        bytes.CopyTo(record);
        WriteFlags(record, entry.Flags);
        var placed = new PlacedData(area, 0, place.Offset);
        MemoryMarshal.Write(record[bytes.Length..], in placed);
        return true;
    }

    /// <summary>Passes the process an area that it has not got yet.</summary>
    private bool TryAnnounce(PayloadArea area, out uint number)
    {
        if (_areas.TryGetValue(area, out number))
        {
            return true;
        }

        number = (uint)_areas.Count;
        if (LibC.SendMessage(_socket.Number, [1], [area.File.Number], LibC.MessageDontWait) <= 0)
        {
            return false;
        }

        _areas.Add(area, number);
        return true;
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

    private static void WriteFlags(Span<byte> record, MessageFlags flags) =>
        BinaryPrimitives.WriteUInt32LittleEndian(record[MessageHeader.FlagsOffset..], (uint)flags);
}
