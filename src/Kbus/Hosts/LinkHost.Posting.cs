using System.Runtime.CompilerServices;
using Kbus.Link;

namespace Kbus.Hosts;

/// <content>
/// Posting: sending without waiting for the bus's answer. Outcomes are passed on in the order of posting, by whichever thread looks for them.
/// </content>
internal sealed partial class LinkHost
{
    private const ulong PostsBetweenDrains = 32;
    private const int PostsAtOnce = 32;

    // Measured: a batch of 512 whose sender sleeps for its outcomes takes a third longer. With one processor the bus needs it.
    private static readonly long LookNanoseconds = Environment.ProcessorCount > 1 ? 100_000 : 0;

    // Another thread may pass an outcome on, and its slot be used again, while this one waits for it.
    private static readonly TimeSpan SettlingSlice = TimeSpan.FromMilliseconds(1);

    // Who hears of the command in each completion slot, and of some that follow it, if it was posted. Written under the command lock, and
    // cleared under the drain lock.
    private readonly Posted[] _posted;
    private ulong _lastPosted;

    // Commands of a run that have been written and not yet been entered there.
    private ulong _firstUnentered;
    private int _unentered;

    // The newest post whose sender is to be told, as against those who look by themselves or do not care.
    private ulong _lastToTell;

    public override ulong Post(in OutgoingMessage message, bool isAwaited, IPostedSend done, Deadline deadline)
    {
        if (!TryEnter())
        {
            done.Complete([new SendOutcome(Errno.EBADF, default)]);
            return 0;
        }

        HearLate();
        Errno error = Write(message, isAwaited, done, checksSize: true, out ulong sequence, deadline);
        if (error != Errno.None)
        {
            Leave(error);
            done.Complete([new SendOutcome(error, default)]);
            return 0;
        }

        if (sequence % PostsBetweenDrains == 0)
        {
            DrainPosted();
        }

        return Leave(sequence);
    }

    public override ulong PostAll<T>(in T messages, SendRun run)
    {
        if (!TryEnter())
        {
            for (int i = 0; i < messages.Count; i++)
            {
                run.Fail(i, Errno.EBADF);
            }

            run.Posted(0);
            return 0;
        }

        HearLate();
        ulong last = 0;
        int posted = 0;
        for (int i = 0; i < messages.Count; i += PostsAtOnce)
        {
            int end = Math.Min(messages.Count, i + PostsAtOnce);
            Errno error = LockCommands(Deadline.Never);
            if (error == Errno.None)
            {
                posted += PostSome(messages, run, i, end, ref last);
            }
            else
            {
                run.Fail(i, end, error);
            }

            _commandBell.RingIfWanted();
            DrainPosted();
        }

        run.Posted(posted);
        return Leave(last);
    }

    /// <summary>Posts some messages under one lock, which costs more than to write one. The caller has taken it, and this lets go of it.</summary>
    /// <returns>How many were posted.</returns>
    private int PostSome<T>(in T messages, SendRun run, int first, int end, ref ulong last)
        where T : struct, IOutgoingMessages
    {
        try
        {
            return WriteSome(messages, run, first, end, ref last);
        }
        finally
        {
            // Whatever happens, what was written is sent.
            EnterPosted(run);
            _commands.Publish();
            _commandLock.Exit();
        }
    }

    private int WriteSome<T>(in T messages, SendRun run, int first, int end, ref ulong last)
        where T : struct, IOutgoingMessages
    {
        int posted = 0;
        for (int i = first; i < end; i++)
        {
            Errno error = messages.TryGet(i, out OutgoingMessage message);
            if (error == Errno.None)
            {
                error = WriteOne(message, messages.AreChecked, run, ref last);
            }

            if (error == Errno.None)
            {
                posted++;
            }
            else
            {
                run.Fail(i, error);
            }
        }

        return posted;
    }

    /// <summary>Writes one message of a run; the shortest way is that of what most runs are made of.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Errno WriteOne(in OutgoingMessage message, bool isChecked, SendRun run, ref ulong last)
    {
        if (message.Header.IsRequest)
        {
            EnterPosted(run);
            return WriteLocked(message, isAwaited: false, run, checksSize: true, out last, Deadline.Never);
        }

        ulong sequence;
        Errno error;
        if (message.Header.IsReply || !IsInline(message))
        {
            error = WriteLocked(message, isAwaited: false, null, checksSize: true, out sequence, Deadline.Never);
        }
        else
        {
            error = isChecked ? CheckName(message) : Check(message, checksSize: true);
            sequence = 0;
            if (error == Errno.None)
            {
                error = WriteInline(message, 0, wantsCompletion: true, default, out sequence, Deadline.Never);
            }
        }

        if (error == Errno.None)
        {
            last = sequence;
            if (_unentered++ == 0)
            {
                _firstUnentered = sequence;
            }
        }

        return error;
    }

    /// <summary>Enters the commands that have been written for a run and are no Requests: all together, under the first of them.</summary>
    private void EnterPosted(SendRun run)
    {
        if (_unentered > 0)
        {
            Enter(_firstUnentered, new Posted(run, _unentered, IsRequest: false, IsAwaited: false));
            _unentered = 0;
        }
    }

    /// <summary>Enters who hears of the outcomes of consecutive commands. Under the command lock.</summary>
    private void Enter(ulong first, in Posted posted)
    {
        _posted[Slot(first)] = posted;
        Volatile.Write(ref _lastPosted, first + (ulong)posted.Count - 1);
    }

    public override Errno SendUnanswered<T>(ref T announcements)
    {
        if (!TryEnter())
        {
            return Errno.EBADF;
        }

        try
        {
            Errno error = Errno.None;
            while (error == Errno.None && announcements.TryNext(out OutgoingMessage message))
            {
                error = SendSomeUnanswered(message, ref announcements);
                _commandBell.RingIfWanted();
            }

            return error;
        }
        finally
        {
            Leave(0);
        }
    }

    /// <summary>Sends an announcement and some that come behind it, under one lock.</summary>
    private Errno SendSomeUnanswered<T>(scoped OutgoingMessage message, ref T announcements)
        where T : struct, IAnnouncements
    {
        Errno locked = LockCommands(Deadline.Never);
        if (locked == Errno.None)
        {
            try
            {
                int left = PostsAtOnce;
                do
                {
                    Errno error = Check(message, checksSize: true);
                    if (error != Errno.None)
                    {
                        announcements.Refuse(error);
                    }
                    else if ((error = WriteInline(message, 0, wantsCompletion: false, default, out _, Deadline.Never)) != Errno.None)
                    {
                        return error;
                    }
                }
                while (--left > 0 && announcements.TryNext(out message));
                return Errno.None;
            }
            finally
            {
                // Whatever happens, what was written is sent.
                _commands.Publish();
                _commandLock.Exit();
            }
        }

        return locked;
    }

    public override void LookForOutcome(ulong post)
    {
        if (!TryEnter())
        {
            return;
        }

        DrainPosted();
        if (!IsDrained(post))
        {
            if (!_completions.WaitBriefly(post) && IsTimeToAskForDeath())
            {
                Die();
            }

            DrainPosted();
        }

        Leave(0);
    }

    public override Errno SettleOutcomes(ulong post, Deadline deadline)
    {
        ulong last = Math.Min(post, Volatile.Read(ref _lastPosted));
        Deadline silence = Deadline.AfterNanoseconds(CompletionReader.SilenceNanoseconds);
        Deadline end = deadline.ButNotWithin(CompletionReader.SilenceNanoseconds);
        Deadline hearing = Deadline.AfterNanoseconds(CompletionReader.SilenceBeforeSignals);
        Deadline interrupt = Deadline.AfterNanoseconds(_interruptAfter);
        bool isInterrupted = false;
        while (!IsDrained(last) && TryEnter())
        {
            if (!LookForOutcomes(last))
            {
                WaitOutcome outcome = _completions.Wait(last, Deadline.After(SettlingSlice), out _, signalsAfter: 0);
                isInterrupted |= outcome == WaitOutcome.Interrupted;
                if (outcome == WaitOutcome.BusDied)
                {
                    Die();
                }
            }

            DrainPosted();
            bool isThere = Leave(IsDrained(last));
            if (!isThere && silence.HasPassed && (end.HasPassed || (isInterrupted && _heedsSignals && hearing.HasPassed) || interrupt.HasPassed))
            {
                return end.HasPassed ? Errno.ETIMEDOUT : Errno.EINTR;
            }
        }

        return Errno.None;
    }

    public override bool WithdrawPost(ulong post) => TryEnter() && Leave(!IsDrained(post) && Withdraw(post));

    public override void WithdrawRun(SendRun run)
    {
        if (!TryEnter())
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
                Posted posted = _posted[Slot(sequence)];
                WithdrawSome(posted, sequence, posted.Count, run);
            }
        }

        Leave(0);
    }

    private void WithdrawSome(in Posted posted, ulong first, int count, SendRun run)
    {
        for (int i = 0; i < count && posted.Done == run; i++)
        {
            run.Withdrew(Withdraw(first + (ulong)i));
        }
    }

    /// <summary>Looks for the outcomes of what was posted, while the bus is at it, for as long as it takes to wake a sleeper.</summary>
    /// <remarks>
    /// Whoever else can run is given the processor between two looks: the bus, or those who hear what was sent. Only the last outcome is looked at: to look
    /// at the next one each time would take its cache line from the bus, which is about to write there.
    /// </remarks>
    /// <returns>Whether all are there.</returns>
    private bool LookForOutcomes(ulong last)
    {
        long until = LibC.MonotonicNanoseconds() + LookNanoseconds;
        while (!IsDrained(last) && !_completions.TryGet(last, out _) && LibC.MonotonicNanoseconds() < until)
        {
            LibC.YieldProcessor();
        }

        DrainPosted();
        return IsDrained(last);
    }

    public override void TellOutcome(ulong post)
    {
        if (!TryEnter())
        {
            return;
        }

        AttachToPump();
        ulong former = Volatile.Read(ref _lastToTell);
        while (former < post)
        {
            ulong seen = Interlocked.CompareExchange(ref _lastToTell, post, former);
            former = seen == former ? post : seen;
        }

        TellPosted();
        Leave(0);
    }
}
