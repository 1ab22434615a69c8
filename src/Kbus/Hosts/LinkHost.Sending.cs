using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Kbus.Core;
using Kbus.Link;

namespace Kbus.Hosts;

/// <content>Sending: a small message is one command, a big one a command for its head and some for its data.</content>
internal sealed partial class LinkHost
{
    private readonly byte[] _goodName = new byte[64];
    private int _goodNameLength;

    // How many messages have begun to wait for room, and which of them waits; 0 if none does. Threads hear of outcomes in another order than
    // that in which the bus has them: only who asked while it waited may say that it is gone.
    private int _waits;
    private volatile int _waiting;
    private bool _isLimpet;
    private bool _waitingIsRequest;
    private bool _waitingIsAwaited;

    // Whether the bus has a part of a big message whose rest will never come. Under the command lock.
    private bool _hasHalf;

    // The final outcome of a retry whose caller had stopped waiting for it.
    private LateRetry? _lateRetry;

    public override bool IsSending => _waiting != 0;

    public override Errno Send(in OutgoingMessage message, SendManner manner, Deadline deadline, out MessageId id)
    {
        id = default;
        if (!TryEnter())
        {
            return Errno.EBADF;
        }

        HearLate();
        bool isAwaited = (manner & SendManner.Awaited) != 0;
        Errno error = Write(message, isAwaited, null, (manner & SendManner.Written) == 0, out ulong sequence, deadline);
        if (error == Errno.None)
        {
            error = Await(sequence, out Completion completion, deadline);
            id = completion.Id;
            bool isOwed = IsOwedAnswer(message.Header);
            if (IsAbandoned(error))
            {
                Abandon(sequence, isOwed);
            }
            else
            {
                RecordSent(isOwed, isAwaited, error, id);
            }
        }

        return Leave(error);
    }

    /// <summary>The caller does not wait any longer. An answer that comes after all is nobody's in particular.</summary>
    private void Abandon(ulong sequence, bool isOwed) =>
        _abandoned.Add(sequence, completion => RecordSent(isOwed, isAwaited: false, (Errno)completion.Error, completion.Id));

    private void RecordSent(bool isOwed, bool isAwaited, Errno error, MessageId id)
    {
        NoteRequest(isOwed, isAwaited, error, id);
        Note(error);
        if (_isDead && isOwed && error == Errno.None)
        {
            NoteAcceptedLate(id);
        }

        if (error == Errno.EAGAIN)
        {
            // Who sleeps has not asked to be rung when there is room.
            WakeSleeper();
        }
    }

    public override Errno Retry(Deadline deadline, out MessageId id)
    {
        if (TakeLateRetry(out Errno late, out id))
        {
            return late;
        }

        int waiting = _waiting;
        Errno error = Command(CommandCode.Retry, 0, default, out Completion completion, deadline, () => completed => RecordLateRetry(waiting, completed));
        id = completion.Id;
        if (!IsAbandoned(error))
        {
            RecordRetry(waiting, error, id);
        }

        return error;
    }

    private void RecordRetry(int waiting, Errno error, MessageId id)
    {
        if (error is not (Errno.EAGAIN or Errno.EBADF or Errno.ENODEV))
        {
            NoteGone(waiting, error, id);
        }
    }

    /// <summary>A retry whose caller had stopped waiting was final: the next retry tells it.</summary>
    private void RecordLateRetry(int waiting, Completion completion)
    {
        var error = (Errno)completion.Error;
        if (error is not (Errno.EAGAIN or Errno.ENOMSG or Errno.ENODEV))
        {
            Volatile.Write(ref _lateRetry, new LateRetry(error, completion.Id));
        }

        RecordRetry(waiting, error, completion.Id);
    }

    private bool TakeLateRetry(out Errno error, out MessageId id)
    {
        LateRetry? late = null;
        if (TryEnter())
        {
            HearLate();
            late = Leave(Volatile.Read(ref _lateRetry) is null ? null : Interlocked.Exchange(ref _lateRetry, null));
        }

        (error, id) = late is null ? default : (late.Error, late.Id);
        return late is not null;
    }

    public override Errno Discard()
    {
        if (!TryEnter())
        {
            return Errno.EBADF;
        }

        HearLate();
        int waiting = _waiting;
        Errno error = Tell(CommandCode.Discard);
        if (error == Errno.EINPROGRESS)
        {
            // A bus that stands still discards it before it carries out anything that comes later.
            error = Errno.None;
        }

        if (error == Errno.None)
        {
            NoteGone(waiting, Errno.ECANCELED, default);
        }

        return Leave(error);
    }

    public override Errno Poll(Deadline deadline, out bool readable, out bool writable)
    {
        readable = false;
        writable = false;
        if (IsSending)
        {
            return PollWaiting(deadline, out readable, out writable);
        }

        if (!TryEnter())
        {
            return Errno.EBADF;
        }

        readable = !IsLost && SomethingCanBeTaken();
        writable = (_mode & KsockMode.Write) != 0 && !_isDead;
        return Leave(_isDead && !readable ? WhyNot() : Errno.None);
    }

    private Errno PollWaiting(Deadline deadline, out bool readable, out bool writable)
    {
        int waiting = _waiting;
        Errno error = Command(
            CommandCode.Poll, 0, default, out Completion completion, deadline, () => completed => RecordPoll(waiting, (PollFlags)completed.Value));
        var flags = (PollFlags)completion.Value;
        readable = (flags & PollFlags.Readable) != 0;
        writable = (flags & PollFlags.Writable) != 0;
        RecordPoll(waiting, flags);
        return error;
    }

    private void RecordPoll(int waiting, PollFlags flags)
    {
        if ((flags & PollFlags.Writable) != 0)
        {
            // Sent, or failed for good with a Status on its way: in both cases one answer is due.
            Errno outcome = LastSent(out MessageId id);
            NoteGone(waiting, outcome, id);
        }
    }

    /// <summary>Writes a message as commands. The caller has entered.</summary>
    private Errno Write(in OutgoingMessage message, bool isAwaited, IPostedSend? posted, bool checksSize, out ulong sequence, Deadline deadline)
    {
        sequence = 0;
        Errno error = LockCommands(deadline);
        if (error != Errno.None)
        {
            return error;
        }

        try
        {
            error = WriteLocked(message, isAwaited, posted, checksSize, out sequence, deadline);
            _commands.Publish();
        }
        finally
        {
            _commandLock.Exit();
        }

        _commandBell.RingIfWanted();
        return error;
    }

    /// <summary>Writes a message as commands, under the command lock. The last of them is yet to be published.</summary>
    private Errno WriteLocked(in OutgoingMessage message, bool isAwaited, IPostedSend? posted, bool checksSize, out ulong sequence, Deadline deadline)
    {
        sequence = 0;
        Errno error = Check(message, checksSize);
        if (error != Errno.None)
        {
            return error;
        }

        if (_hasHalf && DropHalf(deadline) is var dropped && dropped != Errno.None)
        {
            return dropped;
        }

        if (message.Header.IsRequest || message.Header.IsReply)
        {
            PromptThread.Note();
        }

        ushort flags = isAwaited ? CommandFlags.Awaited : (ushort)0;
        bool isOwed = IsOwedAnswer(message.Header);
        if (isOwed)
        {
            _owed.Sending();
        }

        error = IsInline(message)
            ? WriteInline(message, flags, wantsCompletion: true, new Posted(posted, 1, isOwed, isAwaited), out sequence, deadline)
            : WriteInParts(message, flags, new Posted(posted, 1, isOwed, isAwaited), out sequence, deadline);
        if (isOwed && error != Errno.None)
        {
            _owed.Sent(accepted: false, default, isAwaited);
        }

        return error;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsInline(in OutgoingMessage message) =>
        MessageLayout.EntireLength(message.NameLength, message.DataLength) <= MessageSizes.LargestInline;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Errno Check(in OutgoingMessage message, bool checksSize)
    {
        if ((_mode & KsockMode.Write) == 0)
        {
            return Errno.EBADF;
        }

        if (IsSending)
        {
            return Errno.EALREADY;
        }

        // Otherwise the bus's limit was looked at when the header was complete, and only the absolute maximum counts.
        uint most = checksSize ? Volatile.Read(ref _memory.Header.MaxMessageSize) : uint.MaxValue;
        Errno error = MessageCheck.Parts(message.Header.Flags, message.NameLength, message.DataLength, most);
        return error != Errno.None ? error : CheckName(message);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Errno CheckName(in OutgoingMessage message) => IsSendable(message.Name) ? Errno.None : Errno.EBADMSG;

    /// <summary>Whether a message may have this name. Programs mostly send one name many times.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool IsSendable(ReadOnlySpan<byte> name) =>
        name.SequenceEqual(_goodName.AsSpan(0, _goodNameLength)) || IsSendableName(name);

    private bool IsSendableName(ReadOnlySpan<byte> name)
    {
        bool isGood = MessageName.IsSendable(name);
        if (isGood && name.Length <= _goodName.Length)
        {
            name.CopyTo(_goodName);
            _goodNameLength = name.Length;
        }

        return isGood;
    }

    private static void WriteApart(Span<byte> body, in OutgoingMessage message)
    {
        if (message.IsDataBehindName)
        {
            // As in an entire message, padding included: one copy for both.
            MemoryMarshal.Write(body, message.Header);
            message.NameAndData.CopyTo(body[MessageHeader.Size..]);
            MakeEntire(body, message);
        }
        else
        {
            WriteHead(body, message);
            message.Data.CopyTo(body[MessageLayout.DataOffset(message.NameLength)..]);
        }
    }

    /// <summary>Writes the header of the entire form, and the name. The header is copied this once and put right where it lies.</summary>
    private static void WriteHead(Span<byte> body, in OutgoingMessage message)
    {
        MemoryMarshal.Write(body, message.Header);
        message.Name.CopyTo(body[MessageHeader.Size..]);
        MakeEntire(body, message);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MakeEntire(Span<byte> body, in OutgoingMessage message)
    {
        ref MessageHeader header = ref MemoryMarshal.AsRef<MessageHeader>(body);
        header.MakeEntire();
        header.NameLength = message.NameLength;
        header.DataLength = message.DataLength;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private unsafe Errno WriteInline(
        in OutgoingMessage message, ushort flags, bool wantsCompletion, in Posted posted, out ulong sequence, Deadline deadline)
    {
        int length = (int)MessageLayout.EntireLength(message.NameLength, message.DataLength);
        Errno error = Begin(length, wantsCompletion, posted, out byte* target, out sequence, deadline);
        if (error != Errno.None)
        {
            return error;
        }

        var body = new Span<byte>(target, length);

        // Padding and the final guard are the bus's to write: it copies the bytes and seals its copy.
        if (!message.Entire.IsEmpty)
        {
            message.Entire.CopyTo(body);
            MakeEntire(body, message);
        }
        else
        {
            WriteApart(body, message);
        }

        _commands.End((ushort)CommandCode.Send, flags, sequence);
        return Errno.None;
    }

    /// <summary>Writes a big message. If it ends early, the bus drops what it has of it with the next command that begins one, or by <see cref="DropHalf"/>.</summary>
    private unsafe Errno WriteInParts(in OutgoingMessage message, ushort flags, in Posted posted, out ulong sequence, Deadline deadline)
    {
        sequence = 0;
        ReadOnlySpan<byte> data = message.Data;
        int headLength = MessageLayout.DataOffset(message.NameLength);
        Errno error = Begin(headLength, wantsCompletion: false, default, out byte* target, out _, deadline);
        if (error != Errno.None)
        {
            return error;
        }

        WriteHead(new Span<byte>(target, headLength), message);
        _commands.End((ushort)CommandCode.SendBegin, flags, 0);
        while (error == Errno.None && !data.IsEmpty)
        {
            int count = Math.Min(data.Length, MessageSizes.PartLength);
            bool isLast = count == data.Length;
            error = Begin(count, isLast, posted, out target, out sequence, deadline);
            if (error == Errno.None)
            {
                data[..count].CopyTo(new Span<byte>(target, count));
                _commands.Commit((ushort)CommandCode.SendPart, 0, sequence);
                _commandBell.RingIfWanted();
                data = data[count..];
            }
        }

        _hasHalf = error != Errno.None;
        return error;
    }

    /// <summary>Has the bus drop what it got of a big message that was given up half written. Under the command lock.</summary>
    private unsafe Errno DropHalf(Deadline deadline)
    {
        Errno error = Begin(0, wantsCompletion: false, default, out _, out _, deadline);
        if (error == Errno.None)
        {
            _commands.End((ushort)CommandCode.Withdrawn, 0, 0);
            _hasHalf = false;
        }

        return error;
    }

    /// <summary>Remembers whether a message that was sent waits now. What it is has been remembered.</summary>
    private void Note(Errno error)
    {
        if (error == Errno.EAGAIN)
        {
            Interlocked.Exchange(ref _waiting, ++_waits);
            ShowWritability();
        }
    }

    /// <summary>The message that waited has had its outcome.</summary>
    /// <param name="waiting">Which waited when the bus was asked. If another does by now, somebody else has heard of this one's outcome first.</param>
    /// <param name="outcome">None if it was sent.</param>
    /// <param name="id">Its id.</param>
    private void NoteGone(int waiting, Errno outcome, MessageId id)
    {
        bool isRequest = _waitingIsRequest;
        bool isAwaited = _waitingIsAwaited;
        if (waiting == 0 || Interlocked.CompareExchange(ref _waiting, 0, waiting) != waiting)
        {
            return;
        }

        if (isRequest && outcome == Errno.None)
        {
            _owed.Sending();
            _owed.Sent(accepted: true, id, isAwaited);
            if (_isDead)
            {
                NoteAcceptedLate(id);
            }
        }

        ShowWritability();

        // The bus does not ring for what this process has done itself.
        MakeNews();
        WakeSleeper();
    }

    /// <summary>Whether a message is a Request that somebody will answer; one that a Limpet only overheard is not.</summary>
    private bool IsOwedAnswer(in MessageHeader header) => header.IsRequest && !(_isLimpet && header.IsOverheard);

    /// <summary>Remembers that an answer is due, or will be once the waiting Request has been sent.</summary>
    private void NoteRequest(bool isRequest, bool isAwaited, Errno error, MessageId id)
    {
        if (isRequest)
        {
            _owed.Sent(error == Errno.None, id, isAwaited);
        }

        if (error == Errno.EAGAIN)
        {
            _waitingIsRequest = isRequest;
            _waitingIsAwaited = isAwaited;
        }
    }

    private sealed record LateRetry(Errno Error, MessageId Id);
}
