using System.Runtime.CompilerServices;
using Kbus.Link;

namespace Kbus.Hosts;

/// <content>Passing on what became of posted messages: in the order of posting, by one thread at a time.</content>
internal sealed partial class LinkHost
{
    private readonly Lock _drainLock = new();
    private ulong _drained;

    // Whom the outcomes that come next belong to, and how many of them are still to come.
    private Posted _telling;
    private int _left;

    /// <summary>Tells those who posted messages what became of them, in the order of posting.</summary>
    private void DrainPosted()
    {
        // Completions are handed on by one thread at a time, or their order would be lost. Who finds another at it leaves it to that one,
        // which therefore looks once more when it has let go.
        do
        {
            if (!_drainLock.TryEnter())
            {
                return;
            }

            try
            {
                DrainPostedLocked();
            }
            finally
            {
                _drainLock.Exit();
            }
        }
        while (IsPostedReady());
    }

    private bool IsPostedReady()
    {
        ulong last = Volatile.Read(ref _lastPosted);
        ulong sequence = Volatile.Read(ref _drained);
        if (Volatile.Read(ref _left) > 0)
        {
            return IsAnswered(sequence + 1);
        }

        ulong slots = (ulong)_posted.Length;
        sequence = last > slots ? Math.Max(sequence, last - slots) : sequence;
        while (sequence++ < last)
        {
            if (_posted[Slot(sequence)].Done is not null)
            {
                return IsAnswered(sequence);
            }
        }

        return false;
    }

    private bool IsAnswered(ulong sequence) => _isDead || _completions.TryGet(sequence, out _);

    [SkipLocalsInit]
    private void DrainPostedLocked()
    {
        Span<SendOutcome> outcomes = stackalloc SendOutcome[PostsAtOnce];
        while (FindPosted())
        {
            IPostedSend done = _telling.Done!;
            int count = TakeOutcomes(outcomes);
            if (count == 0)
            {
                return;
            }

            done.Complete(outcomes[..count]);
        }
    }

    /// <summary>Finds whom the next outcomes belong to; false if nothing posted is without its outcome.</summary>
    private bool FindPosted()
    {
        if (_left > 0)
        {
            return true;
        }

        // A slot is used again only when its command is done with: whatever came before the last use of all slots is.
        ulong last = Volatile.Read(ref _lastPosted);
        ulong slots = (ulong)_posted.Length;
        if (last > slots)
        {
            _drained = Math.Max(_drained, last - slots);
        }

        while (_drained < last)
        {
            ref Posted posted = ref _posted[Slot(_drained + 1)];
            if (posted.Done is not null)
            {
                _telling = posted;
                _left = posted.Count;
                posted = default;
                return true;
            }

            // A command whose caller waits for it itself.
            _drained++;
        }

        return false;
    }

    /// <summary>Takes the outcomes that have come, of those that belong together.</summary>
    /// <returns>How many.</returns>
    private int TakeOutcomes(Span<SendOutcome> outcomes)
    {
        Posted telling = _telling;
        bool[] slotIsTaken = _slotIsTaken;
        ulong sequence = _drained;
        int most = Math.Min(_left, outcomes.Length);
        int count = 0;
        while (count < most)
        {
            // Once the remains are collected nobody would answer a Request that turns out to be accepted (by a bus that was only given up).
            bool isThere = _completions.TryGet(++sequence, out Completion completion) && !_areCollected;
            if (!isThere && !_isDead)
            {
                break;
            }

            SendOutcome outcome = isThere ? new((Errno)completion.Error, completion.Id) : new(Errno.ENODEV, default);
            outcomes[count++] = outcome;
            Volatile.Write(ref slotIsTaken[Slot(sequence)], false);
            if (telling.IsRequest || outcome.Error == Errno.EAGAIN)
            {
                NoteRequest(telling.IsRequest, telling.IsAwaited, outcome.Error, outcome.Id);
                Note(outcome.Error);
            }
        }

        _drained += (ulong)count;
        _left -= count;
        return count;
    }

    private bool HasPosted() => !IsDrained(Volatile.Read(ref _lastPosted));

    private bool IsDrained(ulong post) => Volatile.Read(ref _drained) >= post;

    /// <summary>Who hears of the outcomes of consecutive commands; nobody if their callers wait for them.</summary>
    private readonly record struct Posted(IPostedSend? Done, int Count, bool IsRequest, bool IsAwaited);
}
