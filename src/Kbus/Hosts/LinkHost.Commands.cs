using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Kbus.Core;
using Kbus.Link;

namespace Kbus.Hosts;

/// <content>Commands and their completions.</content>
/// <remarks>
/// A wait for the bus ends with its answer. While the bus stands still, it also ends by the deadline of the call, or by a signal if the host
/// heeds signals. Then the command is withdrawn, which gives ETIMEDOUT or EINTR and means that nothing was done. If the bus has claimed it
/// already, the outcome is unknown: EINPROGRESS (D25).
/// </remarks>
internal sealed partial class LinkHost
{
    // Several times what the bus needs to empty a full ring, if it is given a processor.
    private static readonly TimeSpan RoomSlice = TimeSpan.FromMicroseconds(200);

    // How long another thread's wait for room is waited for between two looks at the clock and at signals.
    private const long LockSlice = 2_000_000;
    private static readonly TimeSpan Hearing = TimeSpan.FromMilliseconds(CompletionReader.SilenceBeforeSignals / 1_000_000);
    private static readonly TimeSpan Silence = TimeSpan.FromMilliseconds(CompletionReader.SilenceNanoseconds / 1_000_000);

    // Whoever closes a Ksock waits so long for a bus that stands still, and then hangs up.
    private static readonly TimeSpan ClosingTime = TimeSpan.FromSeconds(5);

    private readonly Lock _commandLock = new();
    private readonly AbandonedCommands _abandoned = new();
    private readonly bool _heedsSignals;
    private readonly long _interruptAfter;
    private readonly bool[] _slotIsTaken;
    private readonly ulong[] _places;
    private ulong _lastSequence;

    public override Errno Bind(ReadOnlySpan<byte> name, bool isReplier) =>
        Command(CommandCode.Bind, isReplier ? CommandFlags.Replier : (ushort)0, Limited(name), out _);

    public override Errno Unbind(ReadOnlySpan<byte> name, bool isReplier)
    {
        Errno error = Command(CommandCode.Unbind, isReplier ? CommandFlags.Replier : (ushort)0, Limited(name), out _);
        if (error == Errno.None)
        {
            // What was queued because of the binding has gone with it, perhaps everything.
            SettleAfterLoss();
        }

        return error;
    }

    public override Errno FindReplier(ReadOnlySpan<byte> name, bool isMatching, out uint replier)
    {
        ushort flags = isMatching ? CommandFlags.Matching : (ushort)0;
        Errno error = Command(CommandCode.FindReplier, flags, Limited(name), out Completion completion);
        replier = error == Errno.None ? completion.Value : 0;
        return error;
    }

    public override Errno Ask(Setting setting, uint value, out uint result)
    {
        Errno error = Command(CommandCode.Ask, (ushort)setting, MemoryMarshal.AsBytes(new ReadOnlySpan<uint>(in value)), out Completion completion);
        result = completion.Value;
        _isLimpet |= setting == Setting.NetworkId && (result != 0 || error == Errno.EINPROGRESS);
        return error;
    }

    public override Errno LastSent(out MessageId id)
    {
        Errno error = Command(CommandCode.LastSent, 0, default, out Completion completion);
        id = completion.Id;
        return error;
    }

    public override bool BringAnswerForward(Deadline deadline)
    {
        Completion completion = default;
        Errno error = Errno.ENODEV;
        if (!_isDead && TryEnter())
        {
            DrainPosted();
            AnswerPlace place = Leave(WhereAnswerIs());
            if (place != AnswerPlace.Unknown)
            {
                return place == AnswerPlace.InFront;
            }

            // Whoever gets no answer here may go to sleep, and the bus would not ring for what it has delivered already.
            do
            {
                error = Command(CommandCode.BringAnswerForward, 0, default, out completion, deadline);
            }
            while (error is Errno.EINTR or Errno.EINPROGRESS && !deadline.HasPassed);
        }

        if (error == Errno.ENODEV && TryEnter())
        {
            return Leave(BringRemainingAnswerForward());
        }

        return error == Errno.None && completion.Value != 0;
    }

    /// <summary>A name that is too long stays too long, however much is left of it.</summary>
    private static ReadOnlySpan<byte> Limited(ReadOnlySpan<byte> name) =>
        name.Length > MessageName.MaxLength + 1 ? name[..(MessageName.MaxLength + 1)] : name;

    /// <summary>Has a command carried out and waits for its result, as long as it takes.</summary>
    private Errno Command(CommandCode code, ushort flags, ReadOnlySpan<byte> body, out Completion completion) =>
        Command(code, flags, body, out completion, Deadline.Never);

    /// <summary>Has a command carried out and waits for its result.</summary>
    /// <param name="code">What is to be done.</param>
    /// <param name="flags">How.</param>
    /// <param name="body">The command's body.</param>
    /// <param name="completion">The result.</param>
    /// <param name="deadline">Until when, should the bus stand still.</param>
    /// <param name="record">Makes what records a late outcome, if the command is abandoned with its outcome unknown.</param>
    private Errno Command(
        CommandCode code, ushort flags, ReadOnlySpan<byte> body, out Completion completion, Deadline deadline, Func<Action<Completion>>? record = null)
    {
        completion = default;
        return TryEnter() ? Leave(CommandEntered(code, flags, body, out completion, deadline, record)) : Errno.EBADF;
    }

    private Errno CommandEntered(
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
            error = Begin(body.Length, wantsCompletion, default, out byte* target, out sequence, deadline);
            if (error != Errno.None)
            {
                return error;
            }

            body.CopyTo(new Span<byte>(target, body.Length));
            _commands.Commit((ushort)code, flags, sequence);
        }
        finally
        {
            _commandLock.Exit();
        }

        _commandBell.RingIfWanted();
        return Errno.None;
    }

    /// <summary>Takes the command lock. Its owner may wait for room that a bus which stands still does not make.</summary>
    /// <returns>None; ETIMEDOUT or EINTR, and then it was not taken.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Errno LockCommands(Deadline deadline) => _commandLock.TryEnter() ? Errno.None : LockCommandsSlowly(deadline);

    private Errno LockCommandsSlowly(Deadline deadline)
    {
        if (_commandLock.TryEnter(deadline.IsNever ? Hearing : Silence))
        {
            return Errno.None;
        }

        if (deadline.IsNever && !_heedsSignals)
        {
            _commandLock.Enter();
            return Errno.None;
        }

        Deadline interrupt = Deadline.AfterNanoseconds(_interruptAfter);
        while (!_commandLock.TryEnter())
        {
            if (deadline.HasPassed || interrupt.HasPassed)
            {
                return deadline.HasPassed ? Errno.ETIMEDOUT : Errno.EINTR;
            }

            if (LibC.Poll([], deadline.NanosecondsAtMost(LockSlice)) == LibC.Interrupted && _heedsSignals)
            {
                return Errno.EINTR;
            }
        }

        return Errno.None;
    }

    /// <summary>Begins a command: room in the ring, and a slot for its completion. Under the command lock.</summary>
    /// <param name="bodyLength">Bytes of its body.</param>
    /// <param name="wantsCompletion">Whether the bus is to answer.</param>
    /// <param name="posted">Who hears of the answer, if the caller does not wait for it.</param>
    /// <param name="target">Where the body goes. No span: that would be stored in parts here and loaded as a whole by the caller.</param>
    /// <param name="sequence">The command's number, if the bus is to answer.</param>
    /// <param name="deadline">Until when room is waited for.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private unsafe Errno Begin(int bodyLength, bool wantsCompletion, in Posted posted, out byte* target, out ulong sequence, Deadline deadline)
    {
        if (posted.Done is null && !_isDead && (!wantsCompletion || !Volatile.Read(ref _slotIsTaken[Slot(_lastSequence + 1)]))
            && _commands.TryBegin(bodyLength, out Span<byte> body))
        {
            target = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(body));
            sequence = wantsCompletion ? TakeSlot() : 0;
            return Errno.None;
        }

        return BeginSlowly(bodyLength, wantsCompletion, posted, out target, out sequence, deadline);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ulong TakeSlot()
    {
        ulong sequence = ++_lastSequence;
        int slot = Slot(sequence);
        Volatile.Write(ref _slotIsTaken[slot], true);
        _places[slot] = _commands.Place;
        return sequence;
    }

    private unsafe Errno BeginSlowly(int bodyLength, bool wantsCompletion, in Posted posted, out byte* target, out ulong sequence, Deadline deadline)
    {
        sequence = 0;
        target = null;
        long patience = 0;
        var ends = default(RoomLimit);
        while (!_isDead)
        {
            bool hasSlot = !wantsCompletion || !Volatile.Read(ref _slotIsTaken[Slot(_lastSequence + 1)]);
            if (hasSlot && _commands.TryBegin(bodyLength, out Span<byte> body))
            {
                target = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(body));
                if (wantsCompletion)
                {
                    sequence = TakeSlot();
                    if (posted.Done is not null)
                    {
                        Enter(sequence, posted);
                    }
                }

                return Errno.None;
            }

            if (ends.WhyNow(deadline, _heedsSignals, _interruptAfter) is var why && why != Errno.None)
            {
                return why;
            }

            if (_commands.Fault != LinkFault.None || !WaitForRoom(ref patience, ref ends))
            {
                Die();
            }
        }

        return WhyNot();
    }

    /// <summary>Waits a moment for the bus to get somewhere with the commands before, which it is let see; false if it has gone. Under the command lock.</summary>
    /// <param name="patience">Until when this only gives way; 0 at first. A bus that needs longer was stopped, or has too much to do: then this sleeps.</param>
    /// <param name="ends">Learns of signals.</param>
    private bool WaitForRoom(ref long patience, ref RoomLimit ends)
    {
        _commands.Publish();
        _commandBell.RingIfWanted();
        DrainPosted();
        CollectLate();
        long now = LibC.MonotonicNanoseconds();
        patience = patience == 0 ? now + LookNanoseconds : patience;
        if (now < patience)
        {
            Thread.Yield();
            return !_doorbell.IsBusGone;
        }

        bool isGone = _doorbell.BusGoes(Deadline.After(RoomSlice), out bool isInterrupted);
        ends.IsInterrupted |= isInterrupted;
        return !isGone;
    }

    /// <summary>Waits for a command's completion and frees its slot.</summary>
    /// <returns>The command's errno. If <see cref="IsAbandoned"/>, the slot is not free, and the caller hands the command to <see cref="_abandoned"/>.</returns>
    private Errno Await(ulong sequence, out Completion completion, Deadline deadline)
    {
        WaitOutcome outcome = _completions.TryGet(sequence, out completion) ? WaitOutcome.Happened : WaitForBus(sequence, deadline, out completion);
        if (outcome is WaitOutcome.TimedOut or WaitOutcome.Interrupted)
        {
            bool isWithdrawn = Withdraw(sequence);
            bool isAnswered = _completions.TryGet(sequence, out completion);
            isWithdrawn |= isAnswered && (Errno)completion.Error == Errno.ECANCELED;
            if (isWithdrawn || !isAnswered)
            {
                return !isWithdrawn ? Errno.EINPROGRESS : outcome == WaitOutcome.TimedOut ? Errno.ETIMEDOUT : Errno.EINTR;
            }
        }
        else if (outcome != WaitOutcome.Happened)
        {
            Die();
            return WhyNot();
        }

        Volatile.Write(ref _slotIsTaken[Slot(sequence)], false);
        if ((Errno)completion.Error == Errno.EPERM)
        {
            PolicyLine.OfThisThread = completion.Value;
        }

        return (Errno)completion.Error;
    }

    private WaitOutcome WaitForBus(ulong sequence, Deadline deadline, out Completion completion)
    {
        Deadline interrupt = Deadline.AfterNanoseconds(_interruptAfter);
        Deadline end = deadline.ButNotWithin(CompletionReader.SilenceNanoseconds);
        bool isTurn = interrupt.IsBefore(end);
        WaitOutcome outcome = _completions.Wait(
            sequence, isTurn ? interrupt : end, out completion, _heedsSignals ? CompletionReader.SilenceBeforeSignals : LibC.Forever);
        return isTurn && outcome == WaitOutcome.TimedOut ? WaitOutcome.Interrupted : outcome;
    }

    /// <summary>Tells the bus something and waits until it has acted on it, so that the next call by anyone sees the effect.</summary>
    /// <remarks>A bus that stands still is not waited for: it acts on it as soon as it goes on.</remarks>
    /// <returns>None; EINPROGRESS if the bus stands still; ETIMEDOUT if it does, and there is no room to tell it anything; ENODEV.</returns>
    private Errno Tell(CommandCode code, ReadOnlySpan<byte> body = default)
    {
        Errno error = Write(code, 0, body, wantsCompletion: true, out ulong sequence, Deadline.Passed);
        if (error != Errno.None)
        {
            return error;
        }

        switch (_completions.Wait(sequence, Deadline.AfterNanoseconds(CompletionReader.SilenceNanoseconds), out Completion completion))
        {
            case WaitOutcome.Happened:
                Volatile.Write(ref _slotIsTaken[Slot(sequence)], false);
                return (Errno)completion.Error;
            case WaitOutcome.BusDied:
                Die();
                return WhyNot();
            default:
                _abandoned.Add(sequence, null);
                return Errno.EINPROGRESS;
        }
    }

    /// <summary>Asks the bus for a ring, without waiting.</summary>
    private void AskForRing()
    {
        _doorbell.NoteAsked();
        if (Write(CommandCode.RingMe, 0, default, wantsCompletion: false, out _, Deadline.Passed) != Errno.None)
        {
            // It will not come.
            _doorbell.NoteHeard(1);
        }
    }

    /// <summary>Takes a command back that the bus has not claimed. Its completion has not been fetched.</summary>
    /// <returns>Whether it will surely not be carried out.</returns>
    private bool Withdraw(ulong sequence)
    {
        // Whoever has the lock waits for room, or is just writing: nothing is written where this command lies.
        return _commands.TryWithdraw(_places[Slot(sequence)]);
    }

    /// <summary>Whether a command's caller stopped waiting for it, so that its completion is still to come.</summary>
    private static bool IsAbandoned(Errno error) => error is Errno.ETIMEDOUT or Errno.EINTR or Errno.EINPROGRESS;

    /// <summary>Records the late outcomes of abandoned commands, if any have come. The caller has entered and holds no lock.</summary>
    private void HearLate()
    {
        if (_abandoned.HasAny)
        {
            CollectLate();
            _abandoned.Record();
            while (!_isDead && _commands.SeemsRoomy && _abandoned.TryTakeRelease(out ulong number) && TellRelease(number))
            {
            }
        }
    }

    private void CollectLate()
    {
        if (_abandoned.HasAny)
        {
            _abandoned.Collect(_completions, _isDead, sequence => Volatile.Write(ref _slotIsTaken[Slot(sequence)], false));
        }
    }

    private int Slot(ulong sequence) => (int)(sequence & (ulong)(_slotIsTaken.Length - 1));

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
}
