using System.Runtime.InteropServices;
using Kbus.Core;
using Kbus.Hosts;
using Kbus.Link;

namespace Kbus.Links;

/// <summary>Takes messages: out of the ring by one compare-and-swap, so that the bus knows exactly what was taken; and what remains when
/// the bus has died (D22).</summary>
/// <remarks>All of it happens under the take lock of <see cref="ExactReadiness"/>.</remarks>
internal sealed partial class Inbox : IDisposable
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
    private readonly DeliveryConsumer _answers;
    private readonly MessageBuffer _answer = new();
    private ulong _placedTaken;
    private ulong _placedAnswersTaken;
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
        _answers = new DeliveryConsumer(life.Memory, DeliveryLane.Answers);
    }

    /// <summary>Whether a message can be taken, or an answer, as far as a look at its ring tells. Any thread may ask.</summary>
    public bool HasRecord(bool forAnswer) => (forAnswer ? _answers : _deliveries).HasRecord;

    /// <summary>Nobody takes anything any more. Under the take lock.</summary>
    public void Dispose() => _answer.Dispose();

    /// <summary>Takes the answers that have come on their lane, and gives each to the Request that awaits it.</summary>
    /// <param name="own">The caller's Request; null if it has none.</param>
    public void TakeAnswers(PendingAnswer? own)
    {
        lock (_readiness.TakeLock)
        {
            TakeAnswersLocked(own);
            _readiness.Settle();
        }
    }

    /// <summary>The caller awaits an answer no longer: unless it has come when this returns, it will be an ordinary message.</summary>
    public void GiveUp(PendingAnswer pending)
    {
        if (_ledger.Requests.IsAwaited(pending.Tag) && !_life.IsDead && _life.TryEnter())
        {
            _channel.HearLate();
            _life.Leave(_channel.TellSurely(CommandCode.Withdraw, pending.Tag));
        }

        lock (_readiness.TakeLock)
        {
            TakeAnswersLocked(pending);
            _ledger.Requests.GiveUp(pending);
            _readiness.Settle();
        }
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

            RecordTake(_deliveries);
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

        RecordTake(_deliveries);
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
        Errno error = _life.IsDead ? TakeRemains(target) : TakeFromRing(_deliveries, target, out _);
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
            _ledger.Requests.Taken(taken.InReplyTo);
        }
    }

    /// <summary>Takes the record in front of a ring.</summary>
    /// <param name="ring">The ring.</param>
    /// <param name="target">Takes the message.</param>
    /// <param name="tag">On the lane of answers the tag of the Request, otherwise 0.</param>
    private Errno TakeFromRing(DeliveryConsumer ring, MessageBuffer target, out uint tag)
    {
        while (true)
        {
            tag = 0;
            switch (ring.TryPeek(out ReadOnlySpan<byte> record, out DeliveryToken token))
            {
                case DeliveryLook.Record:
                    if (ring == _answers && !TrySplit(ref record, token, out tag))
                    {
                        break;
                    }

                    if (tag != 0 && !_life.IsDead && _ledger.Requests.HaveBeenGivenUp && !_ledger.Requests.IsAwaited(tag))
                    {
                        // It was given up while the bus stood still, which makes it an ordinary message when it goes on.
                        return Errno.ENOMSG;
                    }

                    if (Copy(ring, record, token, target, out PlacedBytes? placed, out bool isComplete)
                        && ring.TryTake(token) && isComplete)
                    {
                        return Took(ring, target, placed);
                    }

                    break;
                case DeliveryLook.Empty:
                    if (!HasMoreBehind(ring))
                    {
                        return NothingThere(ring);
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
                        _answers.EndRewriteOfDeadBus();
                    }

                    break;
                default:
                    _life.Die();
                    return Errno.ENODEV;
            }
        }
    }

    private void TakeAnswersLocked(PendingAnswer? own)
    {
        if (_life.IsDisposed)
        {
            return;
        }

        // Whoever has taken an answer asks only whether there is a further one, and not whether the bus lives.
        bool isThere = true;
        while (isThere && !_life.IsDead && TakeFromRing(_answers, _answer, out uint tag) == Errno.None)
        {
            if (_ledger.Requests.TryAnswer(tag, _answer) is { IsOfThread: true } other && other != own)
            {
                // Its thread sleeps, or is just about to.
                _board.MakeNews();
                _board.WakeSleeper();
            }

            isThere = _answers.HasRecord || HasMoreBehind(_answers);
        }

        if (_life.IsDead)
        {
            CollectRemains();
        }
    }

    private bool HasMoreBehind(DeliveryConsumer ring) => !_life.IsDead && (ring.Flags & DeliveryFlags.MoreBehind) != 0;

    /// <summary>Splits a record of the lane of answers into tag and message. If it is too short for that and still there, the bus is not
    /// one to go on with.</summary>
    private bool TrySplit(ref ReadOnlySpan<byte> record, in DeliveryToken token, out uint tag)
    {
        tag = 0;
        if (record.Length >= AnswerTag.Size)
        {
            tag = MemoryMarshal.Read<uint>(record);
            record = record[AnswerTag.Size..];
            return true;
        }

        if (_answers.StillHolds(token))
        {
            // Taken, so that nobody finds it again.
            _ = _answers.TryTake(token);
            _life.Die();
        }

        return false;
    }

    /// <summary>Copies a record out; what was copied counts only if it is then taken.</summary>
    /// <param name="ring">The ring that it is in.</param>
    /// <param name="record">The record.</param>
    /// <param name="token">What it is to be taken by.</param>
    /// <param name="target">Takes the bytes.</param>
    /// <param name="placed">The data, if they are in a payload area.</param>
    /// <param name="isComplete">False if the bus died before it had sent their area: nobody was told that this message was sent.</param>
    private bool Copy(
        DeliveryConsumer ring, ReadOnlySpan<byte> record, in DeliveryToken token, MessageBuffer target, out PlacedBytes? placed, out bool isComplete)
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
            return !ring.StillHolds(token);
        }

        Span<byte> copy = target.Prepare(head);
        record[..head].CopyTo(copy);
        PlacedData place = MemoryMarshal.Read<PlacedData>(record[head..]);
        uint length = MemoryMarshal.Read<MessageHeader>(copy).DataLength;
        if (!ring.StillHolds(token))
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

    private Errno Took(DeliveryConsumer ring, MessageBuffer target, PlacedBytes? placed)
    {
        placed?.Number = ring == _answers
            ? PlacedData.NumberOf(DeliveryLane.Answers, ++_placedAnswersTaken)
            : PlacedData.NumberOf(DeliveryLane.Messages, ++_placedTaken);
        RecordTake(ring);
        if (!target.Commit(placed))
        {
            // A bus that delivers nonsense is not one to go on with.
            _life.Die();
            return Errno.ENODEV;
        }

        return Errno.None;
    }

    /// <summary>The ring's head has been changed.</summary>
    private void RecordTake(DeliveryConsumer ring)
    {
        _readiness.HasTaken |= ring == _deliveries;
        if ((ring.Flags & DeliveryFlags.TellTakes) != 0 && !_life.IsDead)
        {
            _ = _channel.Tell(CommandCode.NoteTakes);
        }
    }

    private Errno NothingThere(DeliveryConsumer ring)
    {
        if (ring == _deliveries && _board.KeepsExact && _readiness.Lookers == 0 ? _readiness.IsGoneOrMiscounted() : IsTimeToAskForDeath())
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
        _life.Leave(_channel.TellSurely(CommandCode.Release, number));
    }

    /// <summary>Whether a message can be taken, or may come from behind the ring, or remains of a dead bus. Any thread may ask.</summary>
    public bool SomethingCanBeTaken() =>
        _deliveries.HasRecord || HasMoreBehind(_deliveries) || (_life.IsDead && (_hasRemains || !Volatile.Read(ref _areCollected)));
}
