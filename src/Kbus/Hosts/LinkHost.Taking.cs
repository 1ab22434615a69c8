using System.Runtime.InteropServices;
using Kbus.Core;
using Kbus.Link;

namespace Kbus.Hosts;

/// <content>Taking messages: out of the ring by one compare-and-swap, so that the bus knows exactly what was taken.</content>
internal sealed partial class LinkHost
{
    private readonly Lock _takeLock = new();
    private readonly OwedAnswers _owed = new();
    private readonly PayloadViews _areas = new();
    private readonly Queue<MessageId> _lastAnswers = new();
    private int _lastAnswersLeft;
    private ulong _placedTaken;

    public override Errno TryTake(MessageBuffer target)
    {
        // The message before may be read in place: give that back first, outside the lock that giving it back does not need.
        target.Clear();
        if (!TryEnter())
        {
            return Errno.EBADF;
        }

        lock (_takeLock)
        {
            Errno error = TakeFromRing(target);
            if (error == Errno.ENOMSG && _isDead)
            {
                error = TakeLastAnswer(target);
            }

            if (error == Errno.None && target.IsReply)
            {
                _owed.Remove(target.InReplyTo);
            }

            return Leave(error);
        }
    }

    private Errno TakeFromRing(MessageBuffer target)
    {
        while (true)
        {
            switch (_deliveries.TryPeek(out ReadOnlySpan<byte> record, out DeliveryToken token))
            {
                case DeliveryLook.Record:
                    if (Copy(record, token, target, out PlacedBytes? placed) && _deliveries.TryTake(token))
                    {
                        return Took(target, placed);
                    }

                    break;
                case DeliveryLook.Empty:
                    if (!HasMoreBehind)
                    {
                        return NothingThere();
                    }

                    _ = _isDead ? Errno.ENODEV : Tell(CommandCode.Refill);
                    break;
                case DeliveryLook.Busy:
                    if (_doorbell.IsBusGone)
                    {
                        // It died in the middle of a rewrite: what was delivered before is still there, whole and in order.
                        Die();
                        _deliveries.EndRewriteOfDeadBus();
                    }

                    break;
                default:
                    Die();
                    return Errno.ENODEV;
            }
        }
    }

    private bool HasMoreBehind => !_isDead && (_deliveries.Flags & DeliveryFlags.MoreBehind) != 0;

    /// <summary>Copies a record out; what was copied counts only if it is then taken.</summary>
    private bool Copy(ReadOnlySpan<byte> record, in DeliveryToken token, MessageBuffer target, out PlacedBytes? placed)
    {
        placed = null;
        if ((DeliveryKind)token.Kind == DeliveryKind.Inline)
        {
            record.CopyTo(target.Prepare(record.Length));
            return true;
        }

        int head = record.Length - PlacedData.Size;
        if ((DeliveryKind)token.Kind != DeliveryKind.Placed || head < MessageHeader.Size)
        {
            return !_deliveries.StillHolds(token);
        }

        Span<byte> copy = target.Prepare(head);
        record[..head].CopyTo(copy);
        PlacedData place = MemoryMarshal.Read<PlacedData>(record[head..]);
        uint length = MemoryMarshal.Read<MessageHeader>(copy).DataLength;
        if (!_deliveries.StillHolds(token))
        {
            return false;
        }

        if (_areas.Count <= place.Area)
        {
            ReceiveAreas();
        }

        if (_areas.TryGet(place, length, out PayloadView? view))
        {
            placed = new PlacedBytes(this, view!, place.Offset, (int)length);
        }

        return true;
    }

    private Errno Took(MessageBuffer target, PlacedBytes? placed)
    {
        placed?.Number = ++_placedTaken;
        if ((_deliveries.Flags & DeliveryFlags.TellTakes) != 0 && !_isDead)
        {
            _ = Tell(CommandCode.NoteTakes);
        }

        if (!target.Commit(placed))
        {
            // A bus that delivers nonsense is not one to go on with.
            Die();
            return Errno.ENODEV;
        }

        return Errno.None;
    }

    private Errno NothingThere()
    {
        if (!_isDead && _keepsExact)
        {
            KeepExact();
        }

        return Errno.ENOMSG;
    }

    /// <summary>The answers that the library gives when the bus has died: the last messages there are (D22).</summary>
    private Errno TakeLastAnswer(MessageBuffer target)
    {
        foreach (MessageId owed in _owed.TakeAll())
        {
            _lastAnswers.Enqueue(owed);
        }

        bool isThere = _lastAnswers.TryDequeue(out MessageId id);
        Volatile.Write(ref _lastAnswersLeft, _lastAnswers.Count);
        if (!isThere)
        {
            return WhyNot();
        }

        ReadOnlySpan<byte> name = MessageName.ReplierGoneAway;
        var header = new MessageHeader
        {
            StartGuard = MessageHeader.StartGuardValue,
            EndGuard = MessageHeader.EndGuardValue,
            InReplyTo = id,
            To = _ksockId,
            Flags = MessageFlags.Synthetic,
            NameLength = (uint)name.Length,
        };
        Span<byte> bytes = target.Prepare((int)header.EntireLength);
        bytes.Clear();
        MemoryMarshal.Write(bytes, header);
        name.CopyTo(bytes[MessageHeader.Size..]);
        MemoryMarshal.Write(bytes[^MessageLayout.FinalGuardLength..], MessageHeader.EndGuardValue);
        return target.Commit() ? Errno.None : Errno.ENODEV;
    }

    /// <summary>Tells the bus something and waits until it has acted on it, so that the next call by anyone sees the effect.</summary>
    private Errno Tell(CommandCode code)
    {
        Errno error = Write(code, 0, default, wantsCompletion: true, out ulong sequence);
        return error == Errno.None ? Await(sequence, out _) : error;
    }

    /// <summary>Tells the bus that a placed message is no longer read. It need not wait for that.</summary>
    private void GiveBack(ulong number)
    {
        if (TryEnter())
        {
            Leave(Write(CommandCode.Release, 0, MemoryMarshal.AsBytes(new ReadOnlySpan<ulong>(in number)), wantsCompletion: false, out _));
        }
    }

    private bool SomethingCanBeTaken() =>
        _deliveries.HasRecord || HasMoreBehind || (_isDead && (_owed.HasAny || Volatile.Read(ref _lastAnswersLeft) > 0));

    /// <summary>The data of one placed message, read where the bus put it.</summary>
    private sealed class PlacedBytes(LinkHost host, PayloadView view, long offset, int length) : BorrowedData
    {
        public ulong Number { get; set; }

        public override ReadOnlySpan<byte> Bytes => view.TryGet(offset, length, out ReadOnlySpan<byte> bytes) ? bytes : default;

        public override void Release() => host.GiveBack(Number);
    }
}
