using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Kbus.Core;
using Kbus.Link;

namespace Kbus.Hosts;

/// <content>Commands and their completions.</content>
internal sealed partial class LinkHost
{
    // Some times what the bus needs for a full ring, if it is given a processor.
    private static readonly TimeSpan RoomSlice = TimeSpan.FromMicroseconds(200);

    private readonly Lock _commandLock = new();
    private readonly bool[] _slotIsTaken;
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
        _isLimpet |= setting == Setting.NetworkId && result != 0;
        return error;
    }

    public override Errno LastSent(out MessageId id)
    {
        Errno error = Command(CommandCode.LastSent, 0, default, out Completion completion);
        id = completion.Id;
        return error;
    }

    public override bool BringAnswerForward()
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

            error = Command(CommandCode.BringAnswerForward, 0, default, out completion);
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

    /// <summary>Has a command carried out and waits for its result.</summary>
    private Errno Command(CommandCode code, ushort flags, ReadOnlySpan<byte> body, out Completion completion, bool evenIfDisposed = false)
    {
        completion = default;
        if (!evenIfDisposed && !TryEnter())
        {
            return Errno.EBADF;
        }

        Errno error = Write(code, flags, body, wantsCompletion: true, out ulong sequence);
        if (error == Errno.None)
        {
            error = Await(sequence, out completion);
        }

        return evenIfDisposed ? error : Leave(error);
    }

    /// <summary>Writes a command and rings the bus if it sleeps. The caller has entered.</summary>
    private unsafe Errno Write(CommandCode code, ushort flags, ReadOnlySpan<byte> body, bool wantsCompletion, out ulong sequence)
    {
        lock (_commandLock)
        {
            Errno error = Begin(body.Length, wantsCompletion, default, out byte* target, out sequence);
            if (error != Errno.None)
            {
                return error;
            }

            body.CopyTo(new Span<byte>(target, body.Length));
            _commands.Commit((ushort)code, flags, sequence);
        }

        _commandBell.RingIfWanted();
        return Errno.None;
    }

    /// <summary>Begins a command: room in the ring, and a slot for its completion. Under the command lock.</summary>
    /// <param name="bodyLength">Bytes of its body.</param>
    /// <param name="wantsCompletion">Whether the bus is to answer.</param>
    /// <param name="posted">Who hears of the answer, if the caller does not wait for it.</param>
    /// <param name="target">Where the body goes. No span: that would be stored in parts here and loaded as a whole by the caller.</param>
    /// <param name="sequence">The command's number, if the bus is to answer.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private unsafe Errno Begin(int bodyLength, bool wantsCompletion, in Posted posted, out byte* target, out ulong sequence)
    {
        if (posted.Done is null && !_isDead && (!wantsCompletion || !Volatile.Read(ref _slotIsTaken[Slot(_lastSequence + 1)]))
            && _commands.TryBegin(bodyLength, out Span<byte> body))
        {
            target = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(body));
            sequence = 0;
            if (wantsCompletion)
            {
                sequence = ++_lastSequence;
                Volatile.Write(ref _slotIsTaken[Slot(sequence)], true);
            }

            return Errno.None;
        }

        return BeginSlowly(bodyLength, wantsCompletion, posted, out target, out sequence);
    }

    private unsafe Errno BeginSlowly(int bodyLength, bool wantsCompletion, in Posted posted, out byte* target, out ulong sequence)
    {
        sequence = 0;
        target = null;
        long patience = 0;
        while (!_isDead)
        {
            bool hasSlot = !wantsCompletion || !Volatile.Read(ref _slotIsTaken[Slot(_lastSequence + 1)]);
            if (hasSlot && _commands.TryBegin(bodyLength, out Span<byte> body))
            {
                target = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(body));
                if (wantsCompletion)
                {
                    sequence = ++_lastSequence;
                    Volatile.Write(ref _slotIsTaken[Slot(sequence)], true);
                    if (posted.Done is not null)
                    {
                        Enter(sequence, posted);
                    }
                }

                return Errno.None;
            }

            if (_commands.Fault != LinkFault.None || !WaitForRoom(ref patience))
            {
                Die();
            }
        }

        return WhyNot();
    }

    /// <summary>Waits a moment for the bus to get somewhere with the commands before, which it is let see; false if it has gone. Under the command lock.</summary>
    /// <param name="patience">Until when this only gives way; 0 at first. A bus that needs longer was stopped, or has too much to do: then this sleeps.</param>
    private bool WaitForRoom(ref long patience)
    {
        _commands.Publish();
        _commandBell.RingIfWanted();
        DrainPosted();
        long now = LibC.MonotonicNanoseconds();
        patience = patience == 0 ? now + LookNanoseconds : patience;
        if (now >= patience)
        {
            return !_doorbell.BusGoes(Deadline.After(RoomSlice));
        }

        Thread.Yield();
        return !_doorbell.IsBusGone;
    }

    /// <summary>Waits for a command's completion and frees its slot.</summary>
    private Errno Await(ulong sequence, out Completion completion)
    {
        if (_completions.Wait(sequence, Deadline.Never, out completion) != WaitOutcome.Happened)
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

    private int Slot(ulong sequence) => (int)(sequence & (ulong)(_slotIsTaken.Length - 1));
}
