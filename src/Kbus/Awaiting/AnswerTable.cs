using System.Runtime.InteropServices;

namespace Kbus;

/// <summary>The Requests of one Ksock whose answers this library itself waits for.</summary>
/// <remarks>
/// Whoever takes a message off the Ksock's queue offers it here first, so that an answer reaches the one who waits for it whichever
/// thread took it. A Request's id is known only when the bus has said so, and the answer may have been taken just before that was
/// heard; whoever took it then sees to it that it is heard. Any thread may call; the lock is a leaf.
/// </remarks>
/// <param name="ksockId">Whose answers.</param>
/// <param name="settleOutcomes">Waits until what became of all Requests handed to the bus has been told, in <see cref="Sent"/>.</param>
internal sealed class AnswerTable(uint ksockId, Action settleOutcomes)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<MessageId, PendingAnswer> _pending = [];
    private readonly List<PendingAnswer> _unsent = [];
    private long _lastTicket;
    private int _count;
    private Func<Exception>? _abandoned;

    /// <summary>True if anybody waits for an answer, or is about to.</summary>
    public bool HasAny => Volatile.Read(ref _count) > 0;

    /// <summary>A Request is about to be sent.</summary>
    public void Begin(PendingAnswer pending)
    {
        lock (_lock)
        {
            pending.Ticket = ++_lastTicket;
            _unsent.Add(pending);
            _count++;
        }
    }

    /// <summary>The bus has said what became of the sending.</summary>
    /// <param name="pending">The Request.</param>
    /// <param name="accepted">True if there will be an answer, or may be because the Request waits for room.</param>
    /// <param name="id">The Request's id, if accepted.</param>
    public void Sent(PendingAnswer pending, bool accepted, MessageId id)
    {
        lock (_lock)
        {
            if (!_unsent.Remove(pending))
            {
                // Withdrawn before anybody knew what became of it: an answer is nobody's in particular.
                return;
            }

            if (accepted && _abandoned is null)
            {
                pending.Id = id;
                Enter(pending);
            }
            else
            {
                _count--;
                if (accepted)
                {
                    pending.Abandon(_abandoned!());
                }
            }

        }
    }

    /// <summary>Gives a message that was taken to whoever waits for it.</summary>
    /// <returns>False if nobody does; then it is an ordinary message.</returns>
    public bool TryHandOver(MessageBuffer taken)
    {
        if (!HasAny || !taken.IsReply || taken.To != ksockId)
        {
            return false;
        }

        long newest = Volatile.Read(ref _lastTicket);
        var spin = default(SpinWait);
        while (true)
        {
            lock (_lock)
            {
                if (_pending.TryGetValue(taken.InReplyTo, out PendingAnswer? pending))
                {
                    Leave(pending);
                    pending.Answer(taken);
                    return true;
                }

                if (_unsent.Count == 0 || _unsent[0].Ticket > newest)
                {
                    return false;
                }
            }

            // Not under the lock: what it settles is told here, in Sent. A Request that is just being written is settled next time round.
            settleOutcomes();
            spin.SpinOnce();
        }
    }

    /// <summary>Stops waiting for an answer, because the time is over or the caller has changed its mind.</summary>
    /// <returns>False if it has been answered, or was refused.</returns>
    public bool Withdraw(PendingAnswer pending)
    {
        lock (_lock)
        {
            if (_unsent.Remove(pending))
            {
                _count--;
                return true;
            }

            return !pending.IsDone && Leave(pending);
        }
    }

    /// <summary>The Ksock is closed: nobody will be answered.</summary>
    /// <param name="reason">What those who wait are told.</param>
    public void Abandon(Func<Exception> reason)
    {
        lock (_lock)
        {
            _abandoned = reason;
            foreach (PendingAnswer first in _pending.Values)
            {
                for (PendingAnswer? pending = first; pending is not null; pending = pending.Next)
                {
                    pending.Abandon(reason());
                    _count--;
                }
            }

            _pending.Clear();
        }
    }

    private void Enter(PendingAnswer pending)
    {
        ref PendingAnswer? first = ref CollectionsMarshal.GetValueRefOrAddDefault(_pending, pending.Id, out _);
        if (first is null)
        {
            first = pending;
            return;
        }

        PendingAnswer last = first;
        while (last.Next is { } next)
        {
            last = next;
        }

        last.Next = pending;
    }

    private bool Leave(PendingAnswer pending)
    {
        if (!_pending.TryGetValue(pending.Id, out PendingAnswer? first))
        {
            return false;
        }

        if (first == pending)
        {
            if (pending.Next is { } next)
            {
                _pending[pending.Id] = next;
            }
            else
            {
                _pending.Remove(pending.Id);
            }

            _count--;
            return true;
        }

        PendingAnswer before = first;
        while (before.Next is { } next && next != pending)
        {
            before = next;
        }

        if (before.Next is null)
        {
            return false;
        }

        before.Next = pending.Next;
        _count--;
        return true;
    }
}
