using System.Runtime.InteropServices;
using Kbus.Core;
using Kbus.Hosts;
using Kbus.Link;
using Kbus.Linux;

namespace Kbus.Links;

/// <summary>Takes messages: out of the ring by one compare-and-swap, so that the bus knows exactly what was taken; and what remains when
/// the bus has died (D22).</summary>
/// <remarks>All of it happens under the take lock of <see cref="ExactReadiness"/>.</remarks>
internal sealed partial class Inbox
{
    private const int LooksBetweenQuestions = 8;
    private readonly LinkLife _life;
    private readonly CommandChannel _channel;
    private readonly SendLedger _ledger;
    private readonly NewsBoard _board;
    private readonly PostedOutcomes _outcomes;
    private readonly ExactReadiness _readiness;
    private readonly uint _ksockId;
    private readonly DeliveryConsumer _deliveries;
    private ulong _placedTaken;
    private int _looksInVain;

    /// <summary>The messages of a link that was just opened.</summary>
    public Inbox(LinkLife life, CommandChannel channel, SendLedger ledger, NewsBoard board, PostedOutcomes outcomes, ExactReadiness readiness, uint ksockId)
    {
        _life = life;
        _channel = channel;
        _ledger = ledger;
        _board = board;
        _outcomes = outcomes;
        _readiness = readiness;
        _ksockId = ksockId;
        _deliveries = new DeliveryConsumer(life.Memory);
    }

    /// <summary>Whether a message can be taken, as far as a look at the ring tells. Any thread may ask.</summary>
    public bool HasRecord => _deliveries.HasRecord;

    /// <summary>Brings the oldest answer to a Request sent as awaited to the front (<see cref="KsockHost.BringAnswerForward"/>).</summary>
    public bool BringAnswerForward(Deadline deadline)
    {
        Completion completion = default;
        Errno error = Errno.ENODEV;
        if (!_life.IsDead && _life.TryEnter())
        {
            _outcomes.DrainPosted();
            AnswerPlace place = _life.Leave(WhereAnswerIs());
            if (place != AnswerPlace.Unknown)
            {
                return place == AnswerPlace.InFront;
            }

            // Whoever gets no answer here may go to sleep, and the bus would not ring for what it has delivered already.
            do
            {
                error = _channel.Command(CommandCode.BringAnswerForward, 0, default, out completion, deadline);
            }
            while (error is Errno.EINTR or Errno.EINPROGRESS && !deadline.HasPassed);
        }

        if (error == Errno.ENODEV && _life.TryEnter())
        {
            return _life.Leave(BringRemainingAnswerForward());
        }

        return error == Errno.None && completion.Value != 0;
    }

    /// <summary>Takes the next message, without waiting.</summary>
    public Errno TryTake(MessageBuffer target)
    {
        // The message before may be read in place: give that back first, outside the lock that giving it back does not need.
        target.Clear();
        lock (_readiness.TakeLock)
        {
            // Not counted in like other calls, which would cost as much as the take itself: under this lock the memory stays (LetGo).
            if (_life.IsDisposed)
            {
                return Errno.EBADF;
            }

            Errno error = TakeLocked(target);
            _readiness.Settle();
            return error;
        }
    }

    /// <summary>Takes messages until none is left or all targets have one, as one step.</summary>
    public Errno TryTakeSome(ReadOnlySpan<MessageBuffer> targets, out int count)
    {
        foreach (MessageBuffer target in targets)
        {
            target.Clear();
        }

        count = 0;
        Errno error = Errno.None;
        lock (_readiness.TakeLock)
        {
            if (_life.IsDisposed)
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

            _readiness.Settle();
        }

        return count > 0 ? Errno.None : error;
    }

    /// <summary>Takes small messages that were read where they lie, as one step, as long as the reader goes on.</summary>
    public int TakeInPlace<T>(ref T reader)
        where T : struct, IMessageReader
    {
        lock (_readiness.TakeLock)
        {
            if (_life.IsDisposed || _life.IsDead || _deliveries.TryPeek(out ReadOnlySpan<byte> record, out DeliveryToken next) != DeliveryLook.Record)
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
            _readiness.Settle();
            return count;
        }
    }

    /// <summary>Takes messages that lie whole in the ring, by one change of its head. How many; if none, the one in front needs more care,
    /// or there is none.</summary>
    private int TakeSmall(ReadOnlySpan<MessageBuffer> targets)
    {
        if (_life.IsDead || _deliveries.TryPeek(out ReadOnlySpan<byte> record, out DeliveryToken next) != DeliveryLook.Record)
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
                _life.Die();
                return i;
            }

            NoteAnswer(targets[i]);
        }

        return count;
    }

    private Errno TakeLocked(MessageBuffer target)
    {
        Errno error = _life.IsDead ? TakeRemains(target) : TakeFromRing(target);
        if (error != Errno.None && _life.IsDead)
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
            _ledger.Owed.Taken(taken.InReplyTo);
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
                    _board.HearAreas();
                    _ = _channel.Tell(CommandCode.Refill);
                    break;
                case DeliveryLook.Busy:
                    if (_life.Doorbell.IsBusGone)
                    {
                        // It died in the middle of a rewrite: what was delivered before is still there, whole and in order.
                        _life.Die();
                        _deliveries.EndRewriteOfDeadBus();
                    }

                    break;
                default:
                    _life.Die();
                    return Errno.ENODEV;
            }
        }
    }

    /// <summary>Where an awaited answer is, as far as a look at the message in front tells.</summary>
    private AnswerPlace WhereAnswerIs()
    {
        lock (_readiness.TakeLock)
        {
            switch (_deliveries.TryPeek(out ReadOnlySpan<byte> record, out DeliveryToken token))
            {
                case DeliveryLook.Empty when !HasMoreBehind:
                    return AnswerPlace.Nowhere;
                case DeliveryLook.Record when record.Length >= MessageHeader.Size:
                    MessageHeader header = MemoryMarshal.Read<MessageHeader>(record);
                    bool isInFront = header.InReplyTo != default && header.To == _ksockId && _ledger.Owed.IsAwaited(header.InReplyTo);
                    return isInFront && _deliveries.StillHolds(token) ? AnswerPlace.InFront : AnswerPlace.Unknown;
                default:
                    return AnswerPlace.Unknown;
            }
        }
    }

    private bool HasMoreBehind => !_life.IsDead && (_deliveries.Flags & DeliveryFlags.MoreBehind) != 0;

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
            return _life.IsDead;
        }

        if (_board.Areas.TryGet(place, length, out PayloadView? view))
        {
            placed = target.GivenBack as PlacedBytes ?? new PlacedBytes();
            placed.Lend(this, view!, place.Offset, (int)length);
        }

        return true;
    }

    /// <summary>Whether the area of a message has come. It comes after the message, with a ring, which is heard here: Settle asks for
    /// another.</summary>
    private bool HasArea(in PlacedData place)
    {
        for (int i = 0; i < ExactReadiness.MostQuestions && _board.Areas.Count <= place.Area; i++)
        {
            _board.HearAreas();
            if (_board.Areas.Count > place.Area || _life.IsDead)
            {
                break;
            }

            // When the bus has carried this out, it has sent every area for which the socket has room.
            _ = _channel.Tell(CommandCode.Refill);
            _board.HearAreas();
        }

        if (_board.Areas.Count <= place.Area && !_life.IsDead)
        {
            // No area comes although the socket has room: too many of the user's descriptors are under way.
            _life.Die();
        }

        return _board.Areas.Count > place.Area;
    }

    private Errno Took(MessageBuffer target, PlacedBytes? placed)
    {
        placed?.Number = ++_placedTaken;
        NoteTaken();
        if (!target.Commit(placed))
        {
            // A bus that delivers nonsense is not one to go on with.
            _life.Die();
            return Errno.ENODEV;
        }

        return Errno.None;
    }

    /// <summary>The ring's head has been changed.</summary>
    private void NoteTaken()
    {
        _readiness.HasTaken = true;
        if ((_deliveries.Flags & DeliveryFlags.TellTakes) != 0 && !_life.IsDead)
        {
            _ = _channel.Tell(CommandCode.NoteTakes);
        }
    }

    private Errno NothingThere()
    {
        if (_board.KeepsExact && _readiness.Lookers == 0 ? _readiness.IsGoneOrMiscounted() : IsTimeToAskForDeath())
        {
            _life.Die();
        }

        return Errno.ENOMSG;
    }

    /// <summary>Now and then, whether the bus has died: who only looks, and never sleeps or commands, would not learn of it in another
    /// way.</summary>
    public bool IsTimeToAskForDeath() =>
        !_life.IsDead && Interlocked.Increment(ref _looksInVain) % LooksBetweenQuestions == 0 && _life.Doorbell.IsBusGone;

    /// <summary>Tells the bus that a placed message is no longer read, and waits: the next send by anyone finds the room.</summary>
    public void GiveBack(ulong number)
    {
        if (_life.IsDead || !_life.TryEnter())
        {
            return;
        }

        _channel.HearLate();
        _life.Leave(_channel.TellRelease(number));
    }

    /// <summary>Whether a message can be taken, or may come from behind the ring, or remains of a dead bus. Any thread may ask.</summary>
    public bool SomethingCanBeTaken() =>
        _deliveries.HasRecord || HasMoreBehind || (_life.IsDead && (_hasRemains || !Volatile.Read(ref _areCollected)));

    private enum AnswerPlace
    {
        Unknown,
        InFront,
        Nowhere,
    }
}
