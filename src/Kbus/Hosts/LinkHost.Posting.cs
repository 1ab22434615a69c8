using Kbus.Core;
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

    // Who hears of the command in each completion slot, if it was posted. Written under the command lock before the command is
    // published; read, and cleared, under the drain lock.
    private readonly Posted[] _posted;
    private readonly Lock _drainLock = new();
    private ulong _drained;
    private ulong _lastPosted;

    // The newest post whose sender is to be told, as against those who look by themselves or do not care.
    private ulong _lastToTell;

    public override ulong Post(in OutgoingMessage message, bool isAwaited, IPostedSend done)
    {
        if (!TryEnter())
        {
            done.Complete(Errno.EBADF, default);
            return 0;
        }

        Errno error = Write(message, isAwaited, done, checksSize: true, out ulong sequence);
        if (error != Errno.None)
        {
            Leave(error);
            done.Complete(error, default);
            return 0;
        }

        if (sequence % PostsBetweenDrains == 0)
        {
            DrainPosted();
        }

        return Leave(sequence);
    }

    public override ulong PostAll(SendRun run)
    {
        if (!TryEnter())
        {
            for (int i = 0; i < run.Count; i++)
            {
                run.Fail(i, Errno.EBADF);
            }

            run.Posted(0);
            return 0;
        }

        ulong last = 0;
        int posted = 0;
        for (int i = 0; i < run.Count; i += PostsAtOnce)
        {
            posted += PostSome(run, i, Math.Min(run.Count, i + PostsAtOnce), ref last);
            _commandBell.RingIfWanted();
            DrainPosted();
        }

        run.Posted(posted);
        return Leave(last);
    }

    /// <summary>Posts some messages under one lock, which costs more than to write one; how many it were.</summary>
    private int PostSome(SendRun run, int first, int end, ref ulong last)
    {
        int posted = 0;
        lock (_commandLock)
        {
            try
            {
                for (int i = first; i < end; i++)
                {
                    Errno error = run.PostOne(i, this);
                    if (error == Errno.None)
                    {
                        last = _lastSequence;
                        posted++;
                    }
                    else
                    {
                        run.Fail(i, error);
                    }
                }
            }
            finally
            {
                // Whatever happens, what was written is sent.
                _commands.Publish();
            }
        }

        return posted;
    }

    public override Errno PostOne(SendRun run, in MessageHeader header, ReadOnlySpan<byte> name, ReadOnlySpan<byte> data) =>
        WriteLocked(new OutgoingMessage(in header, name, data), isAwaited: false, run, checksSize: true, out _);

    public override Errno PostOne(SendRun run, ReadOnlySpan<byte> entire, uint nameLength) =>
        WriteLocked(new OutgoingMessage(entire, nameLength), isAwaited: false, run, checksSize: true, out _);

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

    public override void SettleOutcomes(ulong post)
    {
        ulong last = Math.Min(post, Volatile.Read(ref _lastPosted));
        while (!IsDrained(last) && TryEnter())
        {
            if (!LookForOutcomes(last) && _completions.Wait(last, Deadline.After(SettlingSlice), out _) == WaitOutcome.BusDied)
            {
                Die();
            }

            DrainPosted();
            Leave(0);
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
        ulong slots = (ulong)_posted.Length;
        sequence = last > slots ? Math.Max(sequence, last - slots) : sequence;
        while (sequence++ < last)
        {
            if (_posted[Slot(sequence)].Done is not null)
            {
                return _isDead || _completions.TryGet(sequence, out _);
            }
        }

        return false;
    }

    private void DrainPostedLocked()
    {
        while (TryNextPosted(out Posted posted, out Errno error, out MessageId id))
        {
            Note(error);
            NoteRequest(posted.IsRequest, posted.IsAwaited, error, id);
            posted.Done!.Complete(error, id);
        }
    }

    private bool TryNextPosted(out Posted posted, out Errno error, out MessageId id)
    {
        error = Errno.ENODEV;
        id = default;
        ulong last = Volatile.Read(ref _lastPosted);

        // A slot is used again only when its command is done with: whatever came before the last use of all slots is.
        ulong slots = (ulong)_posted.Length;
        if (last > slots)
        {
            _drained = Math.Max(_drained, last - slots);
        }

        while (_drained < last)
        {
            ulong sequence = _drained + 1;
            posted = _posted[Slot(sequence)];
            if (posted.Done is null)
            {
                // A command whose caller waits for it itself.
                _drained = sequence;
                continue;
            }

            // Once the remains are collected nobody would answer a Request that turns out to be accepted (by a bus that was only given up).
            bool isThere = _completions.TryGet(sequence, out Completion completion) && !_areCollected;
            if (!isThere && !_isDead)
            {
                return false;
            }

            if (isThere)
            {
                error = (Errno)completion.Error;
                id = completion.Id;
            }

            _drained = sequence;
            _posted[Slot(sequence)] = default;
            Volatile.Write(ref _slotIsTaken[Slot(sequence)], false);
            return true;
        }

        posted = default;
        return false;
    }

    private bool HasPosted() => !IsDrained(Volatile.Read(ref _lastPosted));

    private bool IsDrained(ulong post) => Volatile.Read(ref _drained) >= post;

    /// <summary>Who hears of a command's outcome; nobody if its caller waits for it.</summary>
    private readonly record struct Posted(IPostedSend? Done, bool IsRequest, bool IsAwaited);
}
