using System.Runtime.InteropServices;
using Kbus.Core;
using Kbus.Link;

namespace Kbus.Hosts;

/// <content>Taking messages: out of the ring by one compare-and-swap, so that the bus knows exactly what was taken.</content>
internal sealed partial class LinkHost
{
    private const int LooksBetweenQuestions = 8;
    private readonly Lock _takeLock = new();
    private readonly OwedAnswers _owed = new();
    private readonly PayloadViews _areas = new();
    private int _looksInVain;
    private ulong _placedTaken;

    public override Errno TryTake(MessageBuffer target)
    {
        // The message before may be read in place: give that back first, outside the lock that giving it back does not need.
        target.Clear();
        lock (_takeLock)
        {
            // Not counted in like other calls, which would cost as much as the take itself: under this lock the memory stays (LetGo).
            if (_isDisposed)
            {
                return Errno.EBADF;
            }

            Errno error = TakeLocked(target);
            Settle();
            return error;
        }
    }

    public override bool HasMessage => TryEnter() && Leave(_deliveries.HasRecord);

    public override Errno TryTakeSome(ReadOnlySpan<MessageBuffer> targets, out int count)
    {
        foreach (MessageBuffer target in targets)
        {
            target.Clear();
        }

        count = 0;
        Errno error = Errno.None;
        lock (_takeLock)
        {
            if (_isDisposed)
            {
                return Errno.EBADF;
            }

            while (count < targets.Length && error == Errno.None)
            {
                int taken = TakeSmall(targets[count..]);
                if (taken == 0)
                {
                    error = TakeLocked(targets[count]);
                    taken = error == Errno.None ? 1 : 0;
                }

                count += taken;
            }

            Settle();
        }

        return count > 0 ? Errno.None : error;
    }

    public override int TakeInPlace<T>(ref T reader)
    {
        lock (_takeLock)
        {
            if (_isDisposed || _isDead || _deliveries.TryPeek(out ReadOnlySpan<byte> record, out DeliveryToken next) != DeliveryLook.Record)
            {
                return 0;
            }

            int count = 0;
            DeliveryToken last = default;
            bool isThere = true;
            while (isThere && (DeliveryKind)next.Kind == DeliveryKind.Inline && reader.TryRead(record))
            {
                count++;
                last = next;
                isThere = _deliveries.TryPeekBehind(last, out record, out next);
            }

            if (count == 0 || !_deliveries.TryTake(last))
            {
                return 0;
            }

            NoteTaken();
            Settle();
            return count;
        }
    }

    /// <summary>Takes messages that lie whole in the ring, by one change of its head. How many; if none, the one in front needs more care, or there is none.</summary>
    private int TakeSmall(ReadOnlySpan<MessageBuffer> targets)
    {
        if (_isDead || _deliveries.TryPeek(out ReadOnlySpan<byte> record, out DeliveryToken next) != DeliveryLook.Record)
        {
            return 0;
        }

        int count = 0;
        DeliveryToken last = default;
        bool isThere = true;
        while (isThere && count < targets.Length && (DeliveryKind)next.Kind == DeliveryKind.Inline)
        {
            record.CopyTo(targets[count++].Prepare(record.Length));
            last = next;
            isThere = _deliveries.TryPeekBehind(last, out record, out next);
        }

        if (count == 0 || !_deliveries.TryTake(last))
        {
            return 0;
        }

        NoteTaken();
        for (int i = 0; i < count; i++)
        {
            if (!targets[i].Commit())
            {
                Die();
                return i;
            }

            NoteAnswer(targets[i]);
        }

        return count;
    }

    private Errno TakeLocked(MessageBuffer target)
    {
        Errno error = _isDead ? TakeRemains(target) : TakeFromRing(target);
        if (error != Errno.None && _isDead)
        {
            error = TakeRemains(target);
        }

        if (error == Errno.None)
        {
            NoteAnswer(target);
        }

        return error;
    }

    private void NoteAnswer(MessageBuffer taken)
    {
        if (IsAnswer(taken))
        {
            _owed.Taken(taken.InReplyTo);
        }
    }

    private Errno TakeFromRing(MessageBuffer target)
    {
        while (true)
        {
            switch (_deliveries.TryPeek(out ReadOnlySpan<byte> record, out DeliveryToken token))
            {
                case DeliveryLook.Record:
                    if (Copy(record, token, target, out PlacedBytes? placed, out bool isComplete) && _deliveries.TryTake(token) && isComplete)
                    {
                        return Took(target, placed);
                    }

                    break;
                case DeliveryLook.Empty:
                    if (!HasMoreBehind)
                    {
                        return NothingThere();
                    }

                    // A socket full of rings that nobody heard would keep a payload area from coming.
                    HearAreas();
                    _ = Tell(CommandCode.Refill);
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

    /// <summary>Where an awaited answer is, as far as a look at the message in front tells.</summary>
    private AnswerPlace WhereAnswerIs()
    {
        lock (_takeLock)
        {
            switch (_deliveries.TryPeek(out ReadOnlySpan<byte> record, out DeliveryToken token))
            {
                case DeliveryLook.Empty when !HasMoreBehind:
                    return AnswerPlace.Nowhere;
                case DeliveryLook.Record when record.Length >= MessageHeader.Size:
                    MessageHeader header = MemoryMarshal.Read<MessageHeader>(record);
                    bool isInFront = header.InReplyTo != default && header.To == _ksockId && _owed.IsAwaited(header.InReplyTo);
                    return isInFront && _deliveries.StillHolds(token) ? AnswerPlace.InFront : AnswerPlace.Unknown;
                default:
                    return AnswerPlace.Unknown;
            }
        }
    }

    private bool HasMoreBehind => !_isDead && (_deliveries.Flags & DeliveryFlags.MoreBehind) != 0;

    /// <summary>Copies a record out; what was copied counts only if it is then taken.</summary>
    /// <param name="record">The record.</param>
    /// <param name="token">What it is to be taken by.</param>
    /// <param name="target">Takes the bytes.</param>
    /// <param name="placed">The data, if they are in a payload area.</param>
    /// <param name="isComplete">False if the bus died before it had sent their area: nobody was told that this message was sent.</param>
    private bool Copy(ReadOnlySpan<byte> record, in DeliveryToken token, MessageBuffer target, out PlacedBytes? placed, out bool isComplete)
    {
        placed = null;
        isComplete = true;
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

        if (!HasArea(place))
        {
            isComplete = false;
            return _isDead;
        }

        if (_areas.TryGet(place, length, out PayloadView? view))
        {
            placed = target.GivenBack as PlacedBytes ?? new PlacedBytes();
            placed.Lend(this, view!, place.Offset, (int)length);
        }

        return true;
    }

    /// <summary>Whether the area of a message has come. It comes after the message, with a ring, which is heard here: Settle asks for another.</summary>
    private bool HasArea(in PlacedData place)
    {
        for (int i = 0; i < MostQuestions && _areas.Count <= place.Area; i++)
        {
            HearAreas();
            if (_areas.Count > place.Area || _isDead)
            {
                break;
            }

            // When the bus has carried this out, it has sent every area for which the socket has room.
            _ = Tell(CommandCode.Refill);
            HearAreas();
        }

        if (_areas.Count <= place.Area && !_isDead)
        {
            // No area comes although the socket has room: too many of the user's descriptors are under way.
            Die();
        }

        return _areas.Count > place.Area;
    }

    private Errno Took(MessageBuffer target, PlacedBytes? placed)
    {
        placed?.Number = ++_placedTaken;
        NoteTaken();
        if (!target.Commit(placed))
        {
            // A bus that delivers nonsense is not one to go on with.
            Die();
            return Errno.ENODEV;
        }

        return Errno.None;
    }

    /// <summary>The ring's head has been changed.</summary>
    private void NoteTaken()
    {
        _hasTaken = true;
        if ((_deliveries.Flags & DeliveryFlags.TellTakes) != 0 && !_isDead)
        {
            _ = Tell(CommandCode.NoteTakes);
        }
    }

    private Errno NothingThere()
    {
        if (_keepsExact && _lookers == 0 ? IsGoneOrMiscounted() : IsTimeToAskForDeath())
        {
            Die();
        }

        return Errno.ENOMSG;
    }

    /// <summary>Now and then, whether the bus has died: who only looks, and never sleeps or commands, would not learn of it in another way.</summary>
    private bool IsTimeToAskForDeath() =>
        !_isDead && Interlocked.Increment(ref _looksInVain) % LooksBetweenQuestions == 0 && _doorbell.IsBusGone;

    /// <summary>Tells the bus that a placed message is no longer read, and waits: the next send by anyone finds the room.</summary>
    private void GiveBack(ulong number)
    {
        if (_isDead || !TryEnter())
        {
            return;
        }

        HearLate();
        Leave(TellRelease(number));
    }

    /// <summary>Whether the bus has been told, or will hear of it when it goes on. If it stands still and its ring is full, it is told later.</summary>
    private bool TellRelease(ulong number)
    {
        bool isTold = Tell(CommandCode.Release, MemoryMarshal.AsBytes(new ReadOnlySpan<ulong>(in number))) != Errno.ETIMEDOUT;
        if (!isTold)
        {
            _abandoned.AddRelease(number);
        }

        return isTold;
    }

    private bool SomethingCanBeTaken() =>
        _deliveries.HasRecord || HasMoreBehind || (_isDead && (_hasRemains || !Volatile.Read(ref _areCollected)));

    private enum AnswerPlace
    {
        Unknown,
        InFront,
        Nowhere,
    }

    /// <summary>The data of one placed message, read where the bus put it; then those of another.</summary>
    private sealed class PlacedBytes : BorrowedData
    {
        private LinkHost? _host;
        private PayloadView? _view;
        private long _offset;
        private int _length;

        public ulong Number { get; set; }

        public override ReadOnlySpan<byte> Bytes => _view!.TryGet(_offset, _length, out ReadOnlySpan<byte> bytes) ? bytes : default;

        public void Lend(LinkHost host, PayloadView view, long offset, int length) => (_host, _view, _offset, _length) = (host, view, offset, length);

        public override void Release()
        {
            LinkHost host = _host!;
            (_host, _view) = (null, null);
            host.GiveBack(Number);
        }
    }
}
