using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Kbus.Link;
using Kbus.Linux;

namespace Kbus.Links;

/// <summary>Commands to the bus and their completions: written into one ring, numbered, and answered in that order.</summary>
/// <remarks>
/// <para>A wait for the bus ends with its answer. While the bus stands still, it also ends by the deadline of the call, or by a signal if
/// the host heeds signals. Then the command is withdrawn, which gives ETIMEDOUT or EINTR and means that nothing was done. If the bus has
/// claimed it already, the outcome is unknown: EINPROGRESS (D25).</para>
/// <para>Invariants: whoever writes a command holds the lock. A completion slot is taken from the moment when its command begins until its
/// completion was fetched. Any thread may call; the caller has entered the link (<see cref="LinkLife.TryEnter"/>).</para>
/// </remarks>
internal sealed class CommandChannel
{
    // Several times what the bus needs to empty a full ring, if it is given a processor.
    private static readonly TimeSpan RoomSlice = TimeSpan.FromMicroseconds(200);

    // How long another thread's wait for room is waited for between two looks at the clock and at signals.
    private const long LockSlice = 2_000_000;
    private static readonly TimeSpan Hearing = TimeSpan.FromMilliseconds(CompletionReader.SilenceBeforeSignals / 1_000_000);
    private static readonly TimeSpan Silence = TimeSpan.FromMilliseconds(CompletionReader.SilenceNanoseconds / 1_000_000);

    // Measured: a batch of 512 whose sender sleeps for its outcomes takes a third longer. With one processor the bus needs it.
    public static readonly long LookNanoseconds = Environment.ProcessorCount > 1 ? 100_000 : 0;
    private readonly Lock _lock = new();
    private readonly LinkLife _life;
    private readonly CommandProducer _producer;
    private readonly CommandBell _bell;
    private readonly AbandonedCommands _abandoned = new();
    private readonly bool[] _slotIsTaken;
    private readonly ulong[] _places;
    private ulong _lastSequence;
    private bool _hasWokenBus;

    /// <summary>The commands of a link that was just opened.</summary>
    public CommandChannel(LinkLife life, KsockOptions options)
    {
        _life = life;
        HeedsSignals = options.HeedsSignals;
        InterruptAfter = options.InterruptAfter < 0 ? LibC.Forever : options.InterruptAfter * 1_000_000L;
        _producer = new CommandProducer(life.Memory);
        _bell = new CommandBell(life.Memory, life.Bell);
        Completions = new CompletionReader(life.Memory, life.Socket);
        Slots = life.Memory.Layout.CompletionSlots;
        _slotIsTaken = new bool[Slots];
        _places = new ulong[Slots];
    }

    /// <summary>Whether a signal handler ends a wait for a bus that stands still.</summary>
    public bool HeedsSignals { get; }

    /// <summary>After how many nanoseconds such a wait ends as if a signal had come; negative for never.</summary>
    public long InterruptAfter { get; }

    /// <summary>Where the completions come.</summary>
    public CompletionReader Completions { get; }

    /// <summary>How many commands can be without a fetched completion.</summary>
    public int Slots { get; }

    /// <summary>Called again and again by a thread that waits for room: it fetches what may free some.</summary>
    public Action WhileWaiting { get; set; } = static () => { };

    /// <summary>Lets go of the lock that <see cref="LockCommands"/> has taken.</summary>
    public void UnlockCommands() => _lock.Exit();

    /// <summary>Completes the command that was begun. The bus sees it after <see cref="Publish"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void End(CommandCode code, ushort flags, ulong sequence) => _producer.End((ushort)code, flags, sequence);

    /// <summary>Lets the bus see the commands that were ended.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Publish() => _producer.Publish();

    /// <summary>Rings the bus if it sleeps.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Ring() => _hasWokenBus = _bell.RingIfWanted();

    /// <summary>Whether the last command had to wake the bus, and nobody has asked since. A guess: other threads may have sent others.</summary>
    public bool TakeWakeUp()
    {
        bool hasWoken = _hasWokenBus;
        _hasWokenBus = false;
        return hasWoken;
    }

    /// <summary>The completion of a command was fetched: another command may use its slot.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void FreeSlot(ulong sequence) => Volatile.Write(ref _slotIsTaken[Slot(sequence)], false);

    /// <summary>Takes over a command whose caller does not wait for it any longer.</summary>
    /// <param name="sequence">The command's number.</param>
    /// <param name="record">Records its late outcome; null if nothing depends on it.</param>
    public void Abandon(ulong sequence, Action<Completion>? record) => _abandoned.Add(sequence, record);

    /// <summary>Has a command carried out and waits for its result, as long as it takes.</summary>
    public Errno Command(CommandCode code, ushort flags, ReadOnlySpan<byte> body, out Completion completion) =>
        Command(code, flags, body, out completion, Deadline.Never);

    /// <summary>Has a command carried out and waits for its result.</summary>
    /// <param name="code">What is to be done.</param>
    /// <param name="flags">How.</param>
    /// <param name="body">The command's body.</param>
    /// <param name="completion">The result.</param>
    /// <param name="deadline">Until when, should the bus stand still.</param>
    /// <param name="record">Makes what records a late outcome, if the command is abandoned with its outcome unknown.</param>
    public Errno Command(
        CommandCode code, ushort flags, ReadOnlySpan<byte> body, out Completion completion, Deadline deadline, Func<Action<Completion>>? record = null)
    {
        completion = default;
        return _life.TryEnter() ? _life.Leave(CommandEntered(code, flags, body, out completion, deadline, record)) : Errno.EBADF;
    }

    /// <summary>As <see cref="Command(CommandCode, ushort, ReadOnlySpan{byte}, out Completion, Deadline, Func{Action{Completion}})"/>, for
    /// a caller who has entered the link.</summary>
    public Errno CommandEntered(
        CommandCode code, ushort flags, ReadOnlySpan<byte> body, out Completion completion, Deadline deadline, Func<Action<Completion>>? record = null)
    {
        completion = default;
        HearLate();
        Errno error = Write(code, flags, body, wantsCompletion: true, out ulong sequence, deadline);
        if (error == Errno.None)
        {
            error = Await(sequence, out completion, deadline);
            if (IsAbandoned(error))
            {
                _abandoned.Add(sequence, error == Errno.EINPROGRESS ? record?.Invoke() : null);
            }
        }

        return error;
    }

    /// <summary>Writes a command and rings the bus if it sleeps. The caller has entered.</summary>
    private unsafe Errno Write(CommandCode code, ushort flags, ReadOnlySpan<byte> body, bool wantsCompletion, out ulong sequence, Deadline deadline)
    {
        sequence = 0;
        Errno error = LockCommands(deadline);
        if (error != Errno.None)
        {
            return error;
        }

        try
        {
            error = Begin(body.Length, wantsCompletion, out byte* target, out sequence, deadline);
            if (error != Errno.None)
            {
                return error;
            }

            body.CopyTo(new Span<byte>(target, body.Length));
            _producer.Commit((ushort)code, flags, sequence);
        }
        finally
        {
            _lock.Exit();
        }

        Ring();
        return Errno.None;
    }

    /// <summary>Takes the command lock. Its owner may wait for room that a bus which stands still does not make.</summary>
    /// <returns>None; ETIMEDOUT or EINTR, and then it was not taken.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Errno LockCommands(Deadline deadline) => _lock.TryEnter() ? Errno.None : LockCommandsSlowly(deadline);

    private Errno LockCommandsSlowly(Deadline deadline)
    {
        if (_lock.TryEnter(deadline.IsNever ? Hearing : Silence))
        {
            return Errno.None;
        }

        if (deadline.IsNever && !HeedsSignals)
        {
            _lock.Enter();
            return Errno.None;
        }

        Deadline interrupt = Deadline.AfterNanoseconds(InterruptAfter);
        while (!_lock.TryEnter())
        {
            if (deadline.HasPassed || interrupt.HasPassed)
            {
                return deadline.HasPassed ? Errno.ETIMEDOUT : Errno.EINTR;
            }

            if (LibC.Poll([], deadline.NanosecondsAtMost(LockSlice)) == LibC.Interrupted && HeedsSignals)
            {
                return Errno.EINTR;
            }
        }

        return Errno.None;
    }

    /// <summary>Begins a command: room in the ring, and a slot for its completion. Under the command lock.</summary>
    /// <param name="bodyLength">Bytes of its body.</param>
    /// <param name="wantsCompletion">Whether the bus is to answer.</param>
    /// <param name="target">Where the body goes. No span: that would be stored in parts here and loaded as a whole by the caller.</param>
    /// <param name="sequence">The command's number, if the bus is to answer.</param>
    /// <param name="deadline">Until when room is waited for.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public unsafe Errno Begin(int bodyLength, bool wantsCompletion, out byte* target, out ulong sequence, Deadline deadline)
    {
        if (!_life.IsDead && (!wantsCompletion || !Volatile.Read(ref _slotIsTaken[Slot(_lastSequence + 1)]))
            && _producer.TryBegin(bodyLength, out Span<byte> body))
        {
            target = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(body));
            sequence = wantsCompletion ? TakeSlot() : 0;
            return Errno.None;
        }

        return BeginSlowly(bodyLength, wantsCompletion, out target, out sequence, deadline);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ulong TakeSlot()
    {
        ulong sequence = ++_lastSequence;
        int slot = Slot(sequence);
        Volatile.Write(ref _slotIsTaken[slot], true);
        _places[slot] = _producer.Place;
        return sequence;
    }

    private unsafe Errno BeginSlowly(int bodyLength, bool wantsCompletion, out byte* target, out ulong sequence, Deadline deadline)
    {
        sequence = 0;
        target = null;
        long patience = 0;
        var ends = default(RoomLimit);
        while (!_life.IsDead)
        {
            bool hasSlot = !wantsCompletion || !Volatile.Read(ref _slotIsTaken[Slot(_lastSequence + 1)]);
            if (hasSlot && _producer.TryBegin(bodyLength, out Span<byte> body))
            {
                target = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(body));
                sequence = wantsCompletion ? TakeSlot() : 0;
                return Errno.None;
            }

            if (ends.WhyNow(deadline, HeedsSignals, InterruptAfter) is var why && why != Errno.None)
            {
                return why;
            }

            if (_producer.Fault != LinkFault.None || !WaitForRoom(ref patience, ref ends))
            {
                _life.Die();
            }
        }

        return _life.WhyNot();
    }

    /// <summary>Waits a moment for the bus to get somewhere with the commands before, which it is let see; false if it has gone. Under the
    /// command lock.</summary>
    /// <param name="patience">Until when this only gives way; 0 at first. A bus that needs longer was stopped, or has too much to do: then
    /// this sleeps.</param>
    /// <param name="ends">Learns of signals.</param>
    private bool WaitForRoom(ref long patience, ref RoomLimit ends)
    {
        _producer.Publish();
        _bell.RingIfWanted();
        WhileWaiting();
        CollectLate();
        long now = LibC.MonotonicNanoseconds();
        patience = patience == 0 ? now + LookNanoseconds : patience;
        if (now < patience)
        {
            Thread.Yield();
            return !_life.Doorbell.IsBusGone;
        }

        bool isGone = _life.Doorbell.BusGoes(Deadline.After(RoomSlice), out bool isInterrupted);
        ends.IsInterrupted |= isInterrupted;
        return !isGone;
    }

    /// <summary>Waits for a command's completion and frees its slot.</summary>
    /// <returns>The command's errno. If <see cref="IsAbandoned"/>, the slot is not free, and the caller hands the command to
    /// <see cref="_abandoned"/>.</returns>
    public Errno Await(ulong sequence, out Completion completion, Deadline deadline)
    {
        WaitOutcome outcome = Completions.TryGet(sequence, out completion) ? WaitOutcome.Happened : WaitForBus(sequence, deadline, out completion);
        if (outcome is WaitOutcome.TimedOut or WaitOutcome.Interrupted)
        {
            bool isWithdrawn = Withdraw(sequence);
            bool isAnswered = Completions.TryGet(sequence, out completion);
            isWithdrawn |= isAnswered && (Errno)completion.Error == Errno.ECANCELED;
            if (isWithdrawn || !isAnswered)
            {
                return !isWithdrawn ? Errno.EINPROGRESS : outcome == WaitOutcome.TimedOut ? Errno.ETIMEDOUT : Errno.EINTR;
            }
        }
        else if (outcome != WaitOutcome.Happened)
        {
            _life.Die();
            return _life.WhyNot();
        }

        FreeSlot(sequence);
        if ((Errno)completion.Error == Errno.EPERM)
        {
            PolicyLine.OfThisThread = completion.Value;
        }

        return (Errno)completion.Error;
    }

    private WaitOutcome WaitForBus(ulong sequence, Deadline deadline, out Completion completion)
    {
        Deadline interrupt = Deadline.AfterNanoseconds(InterruptAfter);
        Deadline end = deadline.ButNotWithin(CompletionReader.SilenceNanoseconds);
        bool isTurn = interrupt.IsBefore(end);
        WaitOutcome outcome = Completions.Wait(
            sequence, isTurn ? interrupt : end, out completion, TakeWakeUp(), HeedsSignals ? CompletionReader.SilenceBeforeSignals : LibC.Forever);
        return isTurn && outcome == WaitOutcome.TimedOut ? WaitOutcome.Interrupted : outcome;
    }

    /// <summary>Tells the bus something and waits until it has acted on it, so that the next call by anyone sees the effect.</summary>
    /// <remarks>A bus that stands still is not waited for: it acts on it as soon as it goes on.</remarks>
    /// <returns>None; EINPROGRESS if the bus stands still; ETIMEDOUT if it does, and there is no room to tell it anything;
    /// ENODEV.</returns>
    public Errno Tell(CommandCode code, ReadOnlySpan<byte> body = default) =>
        Tell(code, body, Deadline.AfterNanoseconds(CompletionReader.SilenceNanoseconds));

    private Errno Tell(CommandCode code, ReadOnlySpan<byte> body, Deadline patience)
    {
        Errno error = Write(code, 0, body, wantsCompletion: true, out ulong sequence, Deadline.Passed);
        if (error != Errno.None)
        {
            return error;
        }

        switch (Completions.Wait(sequence, patience, out Completion completion, TakeWakeUp()))
        {
            case WaitOutcome.Happened:
                FreeSlot(sequence);
                return (Errno)completion.Error;
            case WaitOutcome.BusDied:
                _life.Die();
                return _life.WhyNot();
            default:
                _abandoned.Add(sequence, null);
                return Errno.EINPROGRESS;
        }
    }

    /// <summary>Asks the bus for a ring, without waiting.</summary>
    public void AskForRing()
    {
        _life.Doorbell.NoteAsked();
        if (Write(CommandCode.RingMe, 0, default, wantsCompletion: false, out _, Deadline.Passed) != Errno.None)
        {
            // It will not come.
            _life.Doorbell.NoteHeard(1);
        }
    }

    /// <summary>Takes a command back that the bus has not claimed. Its completion has not been fetched.</summary>
    /// <returns>Whether it will surely not be carried out.</returns>
    public bool Withdraw(ulong sequence)
    {
        // Whoever has the lock waits for room, or is just writing: nothing is written where this command lies.
        return _producer.TryWithdraw(_places[Slot(sequence)]);
    }

    /// <summary>Whether a command's caller stopped waiting for it, so that its completion is still to come.</summary>
    public static bool IsAbandoned(Errno error) => error is Errno.ETIMEDOUT or Errno.EINTR or Errno.EINPROGRESS;

    /// <summary>Records the late outcomes of abandoned commands that have come, without an answer to anybody. For who has entered, or finds
    /// the bus dead.</summary>
    public void RecordLate()
    {
        CollectLate();
        _abandoned.Record();
    }

    /// <summary>Records the late outcomes of abandoned commands, if any have come. The caller has entered and holds no lock.</summary>
    public void HearLate()
    {
        if (_abandoned.HasAny)
        {
            RecordLate();
            while (!_life.IsDead && _producer.SeemsRoomy
                && _abandoned.TryTakeUntold(out CommandCode code, out ulong number) && TellSurely(code, number))
            {
            }
        }
    }

    private void CollectLate()
    {
        if (_abandoned.HasAny)
        {
            _abandoned.Collect(Completions, _life.IsDead, FreeSlot);
        }
    }

    /// <summary>The completion slot of a command.</summary>
    public int Slot(ulong sequence) => (int)(sequence & (ulong)(_slotIsTaken.Length - 1));

    /// <summary>When a wait for room ends although there is none.</summary>
    private struct RoomLimit
    {
        private Deadline _silence;
        private Deadline _hearing;
        private Deadline _interrupt;
        private bool _isBegun;

        /// <summary>Whether a signal handler has run meanwhile.</summary>
        public bool IsInterrupted { get; set; }

        /// <summary>Why it ends now; None if it goes on.</summary>
        public Errno WhyNow(Deadline deadline, bool heedsSignals, long interruptAfter)
        {
            if (!_isBegun)
            {
                _isBegun = true;
                _silence = Deadline.AfterNanoseconds(CompletionReader.SilenceNanoseconds);
                _hearing = Deadline.AfterNanoseconds(CompletionReader.SilenceBeforeSignals);
                _interrupt = Deadline.AfterNanoseconds(interruptAfter);
            }

            return !_silence.HasPassed ? Errno.None
                : deadline.HasPassed ? Errno.ETIMEDOUT
                : (heedsSignals && IsInterrupted && _hearing.HasPassed) || _interrupt.HasPassed ? Errno.EINTR
                : Errno.None;
        }
    }

    /// <summary>Tells the bus a number: which message is read no longer, or which answer is awaited no longer.</summary>
    /// <remarks>A bus that has not carried out what others gave up to wait for stands still: of an answer it is then told without waiting,
    /// because many callers may give up at once.</remarks>
    /// <returns>Whether the bus has been told, or will hear of it when it goes on. If it stands still and its ring is full, it is told
    /// later.</returns>
    public bool TellSurely(CommandCode code, ulong number)
    {
        bool waits = code != CommandCode.Withdraw || !_abandoned.HasAny;
        Deadline patience = waits ? Deadline.AfterNanoseconds(CompletionReader.SilenceNanoseconds) : Deadline.Passed;
        bool isTold = Tell(code, MemoryMarshal.AsBytes(new ReadOnlySpan<ulong>(in number)), patience) != Errno.ETIMEDOUT;
        if (!isTold)
        {
            _abandoned.AddUntold(code, number);
        }

        return isTold;
    }
}
