using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Kbus.Core;
using Kbus.Link;
using Kbus.Linux;

namespace Kbus.Simulation;

/// <content>Taking, as a client does it: copy what is in front, take it by one compare-and-swap, and only then believe the copy.</content>
internal sealed partial class Member
{
    private readonly List<(byte[] Copy, uint Kind)> _copies = [];
    private readonly Queue<Held> _held = new();
    private (byte[] Copy, DeliveryToken Token, DeliveryConsumer Ring)? _peeked;
    private (ulong, ulong, ulong, ulong, ulong, ulong) _seenAsleep;
    private bool _waitsForOne;
    private bool _isAsleep;
    private ulong _placedTaken;
    private ulong _placedAnswersTaken;
    private Dice _whim;

    /// <summary>Everything that it took, in order.</summary>
    public List<Receipt> Receipts { get; } = [];

    /// <summary>The Requests that it has taken and not answered.</summary>
    public List<Receipt> Owed { get; } = [];

    /// <summary>Whether something can be taken.</summary>
    public bool HasMessage => _guest is { } guest ? !guest.IsRevoked && guest.State.Queue.Count > 0 : _deliveries.HasRecord || _answers.HasRecord || HasMoreBehind;

    /// <summary>True while it sleeps, nobody has rung, and there is something new.</summary>
    public bool SleepsThroughNews => _isAsleep && !HearRings() && _isAsleep && HasMessage && (!_waitsForOne || Records != _seenAsleep);

    /// <summary>It looks again by itself, as a process does when its time is up.</summary>
    public void Rouse() => _isAsleep = false;

    /// <summary>What it waited for takes too long.</summary>
    public void WakeUp() => _isAsleep &= !_waitsForOne;

    /// <summary>Changes whenever the bus has put something into a ring.</summary>
    private (ulong, ulong, ulong, ulong, ulong, ulong) Records =>
        (_memory!.Header.DeliveryHeadWord(), _memory.Header.DeliveryTail(0), _memory.Header.DeliveryTail(1),
        _memory.Header.DeliveryHeadWord(DeliveryLane.Answers), _memory.Header.DeliveryTail(0, DeliveryLane.Answers),
        _memory.Header.DeliveryTail(1, DeliveryLane.Answers));

    /// <summary>True if the bus has ended the link.</summary>
    public bool WasThrownOut => _guest?.IsRevoked ?? (_deliveries.Flags & DeliveryFlags.Ended) != 0;

    private bool HasMoreBehind => ((_deliveries.Flags | _answers.Flags) & DeliveryFlags.MoreBehind) != 0;

    /// <summary>Takes the message in front, unless this member sleeps.</summary>
    /// <returns>False if there is none.</returns>
    public bool TakeOne() => TakeSome(1);

    private void Empty(ref Dice dice)
    {
        // Not for ever: inside the bus's round a ring may be busy as long as nobody goes on.
        for (int i = 0; i < 20 && TakeSome(6); i++)
        {
        }

        GoToSleep(ref dice);
    }

    private bool TakeSome(int most)
    {
        if (!IsHonest || WasThrownOut || (_isAsleep && !HearRings()))
        {
            return false;
        }

        if (IsGuest)
        {
            return TakeAsGuest(most);
        }

        _isAsleep = false;
        _peeked = null;
        if (_answers.HasRecord && (_whim.OneIn(2) || !_deliveries.HasRecord))
        {
            return TakeAnswer();
        }

        switch (_deliveries.TryPeek(out ReadOnlySpan<byte> record, out DeliveryToken token))
        {
            case DeliveryLook.Record:
                _copies.Clear();
                DeliveryToken last;
                do
                {
                    _copies.Add((record.ToArray(), token.Kind));
                    last = token;
                }
                while (_copies.Count < most && _deliveries.TryPeekBehind(last, out record, out token));
                if (MayLackAreas())
                {
                    return false;
                }

                if (_deliveries.TryTake(last))
                {
                    Took(_deliveries);
                }

                return true;
            case DeliveryLook.Empty:
                AskForRefill();
                return false;
            case DeliveryLook.Busy:
                return true;
            default:
                throw new BrokenPromiseException("P4", $"the ring of {this} holds nonsense: {_deliveries.Fault}");
        }
    }

    /// <summary>True if what was copied needs a payload area that is still to come: in a round it goes out just after its message. A process
    /// waits for it then.</summary>
    private bool MayLackAreas()
    {
        if (!_world.IsActing)
        {
            return false;
        }

        HearRings();
        return _copies.Exists(c =>
            (DeliveryKind)c.Kind == DeliveryKind.Placed && MemoryMarshal.Read<PlacedData>(c.Copy.AsSpan(^PlacedData.Size..)).Area >= _areas.Count);
    }

    private bool TakeAnswer()
    {
        switch (_answers.TryPeek(out ReadOnlySpan<byte> record, out DeliveryToken token))
        {
            case DeliveryLook.Record:
                _copies.Clear();
                _copies.Add((record.ToArray(), token.Kind));
                if (MayLackAreas())
                {
                    return false;
                }

                if (_answers.TryTake(token))
                {
                    Took(_answers);
                }

                return true;
            case DeliveryLook.Malformed:
                throw new BrokenPromiseException("P4", $"the lane of {this} holds nonsense: {_answers.Fault}");
            default:
                return true;
        }
    }

    private void PeekOrTakePeeked()
    {
        if (!IsHonest || WasThrownOut || _isAsleep || IsGuest)
        {
            return;
        }

        DeliveryConsumer next = _answers.HasRecord && _whim.OneIn(2) ? _answers : _deliveries;
        if (_peeked is var (copy, token, ring))
        {
            _peeked = null;
            _copies.Clear();
            _copies.Add((copy, token.Kind));
            if (!MayLackAreas() && ring.TryTake(token))
            {
                Took(ring);
                _world.Saw("peeked and took");
            }
            else
            {
                _world.Saw("peeked in vain");
            }
        }
        else if (next.TryPeek(out ReadOnlySpan<byte> record, out DeliveryToken found) == DeliveryLook.Record)
        {
            _peeked = (record.ToArray(), found, next);
        }
    }

    /// <summary>A ring's head has been changed: what was copied is this member's now.</summary>
    private void Took(DeliveryConsumer? ring)
    {
        _owesNote |= ring is not null && (ring.Flags & DeliveryFlags.TellTakes) != 0;
        foreach ((byte[] copy, uint kind) in _copies)
        {
            if (ring is null || ring != _answers)
            {
                Took(copy, (DeliveryKind)kind, 0);
                continue;
            }

            Expect("P4", copy.Length >= AnswerTag.Size, "an answer has no tag");
            Took(copy[AnswerTag.Size..], (DeliveryKind)kind, MemoryMarshal.Read<uint>(copy));
            _world.Saw("answer on its lane");
        }

        // A process may be stopped between its take and its telling.
        if (!_tellsLate && !_whim.OneIn(3))
        {
            TellOfTakes();
        }
    }

    private void Took(byte[] copy, DeliveryKind kind, uint tag)
    {
        Expect("P4", copy.Length >= MessageHeader.Size, "a message has no header");
        MessageHeader header = MemoryMarshal.Read<MessageHeader>(copy);
        string name = Encoding.ASCII.GetString(copy, MessageHeader.Size, (int)Math.Min(header.NameLength, (uint)(copy.Length - MessageHeader.Size)));
        int offset = MessageLayout.DataOffset(header.NameLength);
        ReadOnlySpan<byte> data;
        PayloadView? view = null;
        PlacedData place = default;
        if (kind == DeliveryKind.Placed)
        {
            place = MemoryMarshal.Read<PlacedData>(copy.AsSpan(offset));
            HearRings();
            Expect("P8", _areas.TryGet(place, header.DataLength, out view) && view!.TryGet(place.Offset, header.DataLength, out _), $"there is no {place}");
            view!.TryGet(place.Offset, header.DataLength, out data);
        }
        else
        {
            Expect("P8", copy.Length == header.EntireLength, $"{name} has {copy.Length} bytes in place of {header.EntireLength}");
            uint guard = MemoryMarshal.Read<uint>(copy.AsSpan(copy.Length - sizeof(uint)));
            Expect("P8", guard == MessageHeader.EndGuardValue, $"{name} ends with {guard:x8}");
            data = copy.AsSpan(offset, (int)header.DataLength);
        }

        Member? sender = Bus.Find(header.From);
        Sending? sending = SendingOf(header, sender);
        var receipt = new Receipt
        {
            By = this,
            Sending = sending,
            Header = header,
            Name = name,
            Time = _world.Tick(),
            Tag = tag,
            EntireLength = (int)header.EntireLength,
            Event = EventOf(header, name, data),
        };
        receipt.HeldUntil = kind == DeliveryKind.Placed ? Sending.Never : receipt.Time;
        receipt.HeldSurelyUntil = receipt.HeldUntil;
        receipt.ObservedBy = IsGuest ? receipt.Time : Sending.Never;
        Receipts.Add(receipt);
        sending?.Receipts.Add(receipt);
        _world.Log($"{this} takes {receipt} {(receipt.IsToAnswer ? "to answer" : "")}");
        if (receipt.IsStatus)
        {
            _world.Saw(name);
        }

        CheckContents(receipt, data, sender);
        CheckTag(receipt);
        if (receipt.IsToAnswer)
        {
            Owed.Add(receipt);
        }

        if (kind == DeliveryKind.Placed)
        {
            ulong heldNumber = tag == 0
                ? PlacedData.NumberOf(DeliveryLane.Messages, ++_placedTaken)
                : PlacedData.NumberOf(DeliveryLane.Answers, ++_placedAnswersTaken);
            _held.Enqueue(new Held(heldNumber, receipt, view!, place.Offset));
        }
    }

    private Sending? SendingOf(in MessageHeader header, Member? sender)
    {
        if ((header.Flags & MessageFlags.Synthetic) != 0 || sender is null)
        {
            Expect("P7", (header.Flags & MessageFlags.Synthetic) != 0, $"a message comes from Ksock {header.From}, which is not there");
            return null;
        }

        if (!sender.IsHonest)
        {
            return null;
        }

        int number = (int)header.FinalTo.LocalId;
        bool isKnown = header.FinalTo.NetworkId == Bus.Mark(sender.Ordinal) && number > 0 && number <= sender.Sendings.Count;
        Expect("P7", isKnown, $"nobody here sent what has the mark {header.FinalTo} and comes from {sender}");
        return sender.Sendings[number - 1];
    }

    private void CheckContents(Receipt receipt, ReadOnlySpan<byte> data, Member? sender)
    {
        if (receipt.Sending is not { } sending)
        {
            return;
        }

        const MessageFlags ofBus = MessageFlags.WantYouToReply | MessageFlags.Synthetic;
        MessageHeader header = receipt.Header;
        Expect("P8", receipt.Name == sending.Name && header.DataLength == sending.Length, $"another name or length: {sending}");
        Expect("P8", data.SequenceEqual(DataOf(sender!.Ordinal, sending.Number, sending.Length)), $"other data: {sending}");
        Expect("P8", (header.Flags & ~ofBus) == (sending.Flags & ~ofBus), $"the flags {header.Flags}: {sending}");
        Expect("P8", header.To == sending.To && header.InReplyTo == sending.InReplyTo && header.Extra == 0, $"another header: {sending}");
        Expect("P8", sending.Id.IsNone || header.Id == sending.Id, $"the id {header.Id}: {sending}");
        Expect("P8", sending.GivenId.IsNone || header.Id == sending.GivenId, $"the id {header.Id}: {sending}");
    }

    /// <summary>What comes on the lane answers the Request with this tag, and that is awaited still.</summary>
    private void CheckTag(Receipt receipt)
    {
        if (receipt.Tag != 0)
        {
            Sending? request = receipt.Tag <= Sendings.Count ? Sendings[(int)receipt.Tag - 1] : null;
            Expect("P2", receipt.IsOwnAnswer && request is { IsAwaited: true }, $"{receipt} has the tag {receipt.Tag}");
            Expect("P2", request!.Id.IsNone || receipt.Header.InReplyTo == request.Id, $"{receipt} has the tag of {request}");
            Expect("P2", request.WithdrawnBy == Sending.Never, $"{receipt} comes on the lane, and it is awaited no more");
        }
    }

    private static BindEvent? EventOf(in MessageHeader header, string name, ReadOnlySpan<byte> data)
    {
        if ((header.Flags & MessageFlags.Synthetic) == 0 || name != "$.KBUS.ReplierBindEvent" || data.Length < 12)
        {
            return null;
        }

        int length = BinaryPrimitives.ReadInt32LittleEndian(data[8..]);
        return new BindEvent(
            BinaryPrimitives.ReadUInt32LittleEndian(data) == 1,
            BinaryPrimitives.ReadUInt32LittleEndian(data[4..]),
            Encoding.ASCII.GetString(data.Slice(12, length)));
    }

    private void AskForRefill()
    {
        if (HasMoreBehind && !_posted.Any(c => c.Code == CommandCode.Refill))
        {
            // The area that a big message waits for comes with a ring.
            HearRings();
            _ = Post(new Call { Code = CommandCode.Refill }, isRungLater: false);
        }
    }

    /// <summary>Tells the bus of its takes, if it was asked to and has not done so yet.</summary>
    public void TellOfTakes()
    {
        if (_owesNote && Post(new Call { Code = CommandCode.NoteTakes }, isRungLater: false))
        {
            _owesNote = false;
        }
    }

    /// <summary>As a program does before it waits: take all, swallow the rings, say what to ring for, look once more.</summary>
    /// <remarks>Some wait for one message, such as an answer, and leave all others where they are.</remarks>
    private void GoToSleep(ref Dice dice)
    {
        if (!Sleeps || !IsHonest || _isAsleep || WasThrownOut)
        {
            return;
        }

        _waitsForOne = dice.OneIn(3);
        while (!_waitsForOne && dice.OneIn(2) && TakeSome(8) && _deliveries.HasRecord)
        {
        }

        HearRings();
        _doorbell.Arm(LinkNews.Delivery | LinkNews.Answer | LinkNews.Failure);
        _seenAsleep = Records;
        _isAsleep = _waitsForOne || !HasMessage;
        _world.Saw(_isAsleep ? "asleep" : "awake again");
    }

    /// <summary>Swallows the rings, and keeps the payload areas that came with them.</summary>
    /// <returns>True if there was a ring.</returns>
    private bool HearRings()
    {
        Span<byte> rings = stackalloc byte[64];
        Span<int> files = stackalloc int[1];
        bool any = false;
        if (IsGuest)
        {
            return false;
        }

        int received;
        while ((received = LibC.ReceiveMessage(_socket.Number, rings, files, LibC.MessageDontWait, out int count)) > 0)
        {
            any = true;
            if (count > 0)
            {
                _areas.Add(new Descriptor(files[0]));
            }
        }

        if (any)
        {
            _isAsleep = false;
            _isArmedForRoom = false;
        }

        return any;
    }

    /// <summary>Gives back the big message that it has read in place for the longest time: it must still be what it was.</summary>
    /// <returns>False if it holds none, or if there is no room for the command yet.</returns>
    public bool GiveBack()
    {
        if (!IsHonest || !_held.TryPeek(out Held? held))
        {
            return false;
        }

        ulong number = held.Number;
        held.View.TryGet(held.Offset, held.Receipt.Header.DataLength, out ReadOnlySpan<byte> data);
        CheckContents(held.Receipt, data, held.Receipt.Sending?.By);
        var call = new Call { Code = CommandCode.Release, GivenBack = held.Receipt };
        if (!Post(call, isRungLater: false, MemoryMarshal.AsBytes(new ReadOnlySpan<ulong>(in number))))
        {
            // The bus must first make room for the command.
            return false;
        }

        _held.Dequeue();
        held.Receipt.HeldSurelyUntil = call.Begun;
        return true;
    }

    private sealed record Held(ulong Number, Receipt Receipt, PayloadView View, long Offset);
}
