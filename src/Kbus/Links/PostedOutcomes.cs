using System.Runtime.CompilerServices;
using Kbus.Hosts;
using Kbus.Link;
using Kbus.Linux;

namespace Kbus.Links;

/// <summary>Passes on what became of posted messages: in the order of posting, by one thread at a time, whichever looks for them.</summary>
/// <remarks>
/// Invariant: an entry of the table is written under the command lock, before its command is published, and cleared under the drain lock.
/// The drain lock is only tried, and waited for when the Ksock is closed, when its bus has died, and to withdraw what was posted.
/// </remarks>
internal sealed class PostedOutcomes
{
    // Another thread may pass an outcome on, and its slot be used again, while this one waits for it.
    private static readonly TimeSpan SettlingSlice = TimeSpan.FromMilliseconds(1);
    private readonly Lock _drainLock = new();
    private ulong _drained;

    // Whom the outcomes that come next belong to, and how many of them are still to come.
    private Posted _telling;
    private int _left;
    private bool _isOver;
    private readonly LinkLife _life;
    private readonly CommandChannel _channel;
    private readonly SendLedger _ledger;
    private readonly NewsBoard _board;

    // Who hears of the command in each completion slot, and of some that follow it, if it was posted. Written under the command lock, and
    // cleared under the drain lock.
    private readonly Posted[] _posted;
    private ulong _lastPosted;

    // The newest post whose sender is to be told, as against those who look by themselves or do not care.
    private ulong _lastToTell;

    /// <summary>The outcomes of a link that was just opened.</summary>
    public PostedOutcomes(LinkLife life, CommandChannel channel, SendLedger ledger, NewsBoard board)
    {
        _life = life;
        _channel = channel;
        _ledger = ledger;
        _board = board;
        _posted = new Posted[channel.Slots];
    }

    /// <summary>Whether, on a dead bus, it is time to ask the kernel whether it lives, for who only looks.</summary>
    public Func<bool> IsTimeToAskForDeath { get; set; } = static () => false;

    /// <summary>Passes on the outcomes that there are, waiting for whoever is at it.</summary>
    /// <param name="isLast">Whether none that come later count: a Request would be answered by nobody.</param>
    public void DrainWaiting(bool isLast)
    {
        lock (_drainLock)
        {
            DrainPostedLocked();
            _isOver |= isLast;
        }
    }

    /// <summary>Tells those who posted messages what became of them, in the order of posting.</summary>
    public void DrainPosted()
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
            if (_posted[_channel.Slot(sequence)].Done is not null)
            {
                return IsAnswered(sequence);
            }
        }

        return false;
    }

    private bool IsAnswered(ulong sequence) => _life.IsDead || _channel.Completions.TryGet(sequence, out _);

    [SkipLocalsInit]
    public void DrainPostedLocked()
    {
        Span<SendOutcome> outcomes = stackalloc SendOutcome[Posting.PostsAtOnce];
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
            ref Posted posted = ref _posted[_channel.Slot(_drained + 1)];
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
        ulong sequence = _drained;
        int most = Math.Min(_left, outcomes.Length);
        int count = 0;
        while (count < most)
        {
            // Once the remains are collected nobody would answer a Request that turns out to be accepted (by a bus that was only given up).
            bool isThere = _channel.Completions.TryGet(++sequence, out Completion completion) && !_isOver;
            if (!isThere && !_life.IsDead)
            {
                break;
            }

            SendOutcome outcome = isThere ? new((Errno)completion.Error, completion.Id) : new(Errno.ENODEV, default);
            outcomes[count++] = outcome;
            _channel.FreeSlot(sequence);
            if (telling.IsRequest || outcome.Error == Errno.EAGAIN)
            {
                _ledger.RecordRequest(telling.IsRequest, telling.Tag, outcome.Error, outcome.Id);
                _ledger.RecordWait(outcome.Error);
            }
        }

        _drained += (ulong)count;
        _left -= count;
        return count;
    }

    private bool HasPosted() => !IsDrained(Volatile.Read(ref _lastPosted));

    private bool IsDrained(ulong post) => Volatile.Read(ref _drained) >= post;

    /// <summary>Enters who hears of the outcomes of consecutive commands. Under the command lock.</summary>
    public void Enter(ulong first, in Posted posted)
    {
        _posted[_channel.Slot(first)] = posted;
        Volatile.Write(ref _lastPosted, first + (ulong)posted.Count - 1);
    }

    /// <summary>Passes on the outcome of a post if the bus has answered, or does so within microseconds.</summary>
    public void LookForOutcome(ulong post)
    {
        if (!_life.TryEnter())
        {
            return;
        }

        DrainPosted();
        if (!IsDrained(post))
        {
            if (!_channel.Completions.WaitBriefly(post) && IsTimeToAskForDeath())
            {
                _life.Die();
            }

            DrainPosted();
        }

        _life.Leave(0);
    }

    /// <summary>Waits until the outcomes of a post and of those before it have been passed on.</summary>
    /// <returns>None; ETIMEDOUT or EINTR if the bus stands still.</returns>
    public Errno SettleOutcomes(ulong post, Deadline deadline)
    {
        ulong last = Math.Min(post, Volatile.Read(ref _lastPosted));
        Deadline silence = Deadline.AfterNanoseconds(CompletionReader.SilenceNanoseconds);
        Deadline end = deadline.ButNotWithin(CompletionReader.SilenceNanoseconds);
        Deadline hearing = Deadline.AfterNanoseconds(CompletionReader.SilenceBeforeSignals);
        Deadline interrupt = Deadline.AfterNanoseconds(_channel.InterruptAfter);
        bool isInterrupted = false;
        while (!IsDrained(last) && _life.TryEnter())
        {
            if (!LookForOutcomes(last))
            {
                WaitOutcome outcome = _channel.Completions.Wait(last, Deadline.After(SettlingSlice), out _, signalsAfter: 0);
                isInterrupted |= outcome == WaitOutcome.Interrupted;
                if (outcome == WaitOutcome.BusDied)
                {
                    _life.Die();
                }
            }

            DrainPosted();
            bool isThere = _life.Leave(IsDrained(last));
            if (!isThere && silence.HasPassed && (end.HasPassed || (isInterrupted && _channel.HeedsSignals && hearing.HasPassed) || interrupt.HasPassed))
            {
                return end.HasPassed ? Errno.ETIMEDOUT : Errno.EINTR;
            }
        }

        return Errno.None;
    }

    /// <summary>Takes a post back that the bus has not begun to carry out.</summary>
    public bool WithdrawPost(ulong post) => _life.TryEnter() && _life.Leave(!IsDrained(post) && _channel.Withdraw(post));

    /// <summary>Takes back what the bus has not begun to carry out of a run, and tells the run of each message without an
    /// outcome.</summary>
    public void WithdrawRun(SendRun run)
    {
        if (!_life.TryEnter())
        {
            return;
        }

        lock (_drainLock)
        {
            DrainPostedLocked();
            ulong sequence = _drained;
            if (_left > 0)
            {
                WithdrawSome(_telling, sequence + 1, _left, run);
                sequence += (ulong)_left;
            }

            ulong last = Volatile.Read(ref _lastPosted);
            while (sequence++ < last)
            {
                Posted posted = _posted[_channel.Slot(sequence)];
                WithdrawSome(posted, sequence, posted.Count, run);
            }
        }

        _life.Leave(0);
    }

    private void WithdrawSome(in Posted posted, ulong first, int count, SendRun run)
    {
        for (int i = 0; i < count && posted.Done == run; i++)
        {
            run.Withdrew(_channel.Withdraw(first + (ulong)i));
        }
    }

    /// <summary>Looks for the outcomes of what was posted, while the bus is at it, for as long as it takes to wake a sleeper.</summary>
    /// <remarks>
    /// Whoever else can run is given the processor between two looks: the bus, or those who hear what was sent. Only the last outcome is
    /// looked at: to look at the next one each time would take its cache line from the bus, which is about to write there.
    /// </remarks>
    /// <returns>Whether all are there.</returns>
    private bool LookForOutcomes(ulong last)
    {
        long until = LibC.MonotonicNanoseconds() + CommandChannel.LookNanoseconds;
        while (!IsDrained(last) && !_channel.Completions.TryGet(last, out _) && LibC.MonotonicNanoseconds() < until)
        {
            LibC.YieldProcessor();
        }

        DrainPosted();
        return IsDrained(last);
    }

    /// <summary>Sees to it that the outcome of a post is passed on as soon as the bus has answered, whether or not anybody looks.</summary>
    public void TellOutcome(ulong post)
    {
        if (!_life.TryEnter())
        {
            return;
        }

        _board.AttachToPump();
        ulong former = Volatile.Read(ref _lastToTell);
        while (former < post)
        {
            ulong seen = Interlocked.CompareExchange(ref _lastToTell, post, former);
            former = seen == former ? post : seen;
        }

        TellPosted();
        _life.Leave(0);
    }

    /// <summary>The ring that was heard, by whichever thread, may have been for those who posted messages. Not under the sleep
    /// lock.</summary>
    public void TellPosted()
    {
        if (!HasPosted())
        {
            return;
        }

        DrainPosted();
        if (!IsDrained(Volatile.Read(ref _lastToTell)))
        {
            _board.AskFor(LinkNews.Completion);
            DrainPosted();
        }
    }
}
