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

    public override bool IsSending => _waiting != 0;

    public override Errno Send(in OutgoingMessage message, SendManner manner, out MessageId id)
    {
        id = default;
        if (!TryEnter())
        {
            return Errno.EBADF;
        }

        bool isAwaited = (manner & SendManner.Awaited) != 0;
        Errno error = Write(message, isAwaited, null, (manner & SendManner.Written) == 0, out ulong sequence);
        if (error == Errno.None)
        {
            error = Await(sequence, out Completion completion);
            id = completion.Id;
            bool isOwed = IsOwedAnswer(message.Header);
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

        return Leave(error);
    }

    public override Errno Retry(out MessageId id)
    {
        int waiting = _waiting;
        Errno error = Command(CommandCode.Retry, 0, default, out Completion completion);
        id = completion.Id;
        if (error is not (Errno.EAGAIN or Errno.EBADF or Errno.ENODEV))
        {
            NoteGone(waiting, error, id);
        }

        return error;
    }

    public override Errno Discard()
    {
        int waiting = _waiting;
        Errno error = Command(CommandCode.Discard, 0, default, out _);
        if (error == Errno.None)
        {
            NoteGone(waiting, Errno.ECANCELED, default);
        }

        return error;
    }

    public override Errno Poll(out bool readable, out bool writable)
    {
        readable = false;
        writable = false;
        if (IsSending)
        {
            return PollWaiting(out readable, out writable);
        }

        if (!TryEnter())
        {
            return Errno.EBADF;
        }

        readable = !IsLost && SomethingCanBeTaken();
        writable = (_mode & KsockMode.Write) != 0 && !_isDead;
        return Leave(_isDead && !readable ? WhyNot() : Errno.None);
    }

    private Errno PollWaiting(out bool readable, out bool writable)
    {
        int waiting = _waiting;
        Errno error = Command(CommandCode.Poll, 0, default, out Completion completion);
        var flags = (PollFlags)completion.Value;
        readable = (flags & PollFlags.Readable) != 0;
        writable = (flags & PollFlags.Writable) != 0;
        if (writable)
        {
            // Sent, or failed for good with a Status on its way: in both cases one answer is due.
            Errno outcome = LastSent(out MessageId id);
            NoteGone(waiting, outcome, id);
        }

        return error;
    }

    /// <summary>Writes a message as commands. The caller has entered.</summary>
    private Errno Write(in OutgoingMessage message, bool isAwaited, IPostedSend? posted, bool checksSize, out ulong sequence)
    {
        Errno error;
        lock (_commandLock)
        {
            error = WriteLocked(message, isAwaited, posted, checksSize, out sequence);
            _commands.Publish();
        }

        _commandBell.RingIfWanted();
        return error;
    }

    /// <summary>Writes a message as commands, under the command lock. The last of them is yet to be published.</summary>
    private Errno WriteLocked(in OutgoingMessage message, bool isAwaited, IPostedSend? posted, bool checksSize, out ulong sequence)
    {
        sequence = 0;
        Errno error = Check(message, checksSize);
        if (error != Errno.None)
        {
            return error;
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
            ? WriteInline(message, flags, wantsCompletion: true, new Posted(posted, 1, isOwed, isAwaited), out sequence)
            : WriteInParts(message, flags, new Posted(posted, 1, isOwed, isAwaited), out sequence);
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
    private unsafe Errno WriteInline(in OutgoingMessage message, ushort flags, bool wantsCompletion, in Posted posted, out ulong sequence)
    {
        int length = (int)MessageLayout.EntireLength(message.NameLength, message.DataLength);
        Errno error = Begin(length, wantsCompletion, posted, out byte* target, out sequence);
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

    private unsafe Errno WriteInParts(in OutgoingMessage message, ushort flags, in Posted posted, out ulong sequence)
    {
        sequence = 0;
        ReadOnlySpan<byte> data = message.Data;
        int headLength = MessageLayout.DataOffset(message.NameLength);
        Errno error = Begin(headLength, wantsCompletion: false, default, out byte* target, out _);
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
            error = Begin(count, isLast, posted, out target, out sequence);
            if (error == Errno.None)
            {
                data[..count].CopyTo(new Span<byte>(target, count));
                _commands.Commit((ushort)CommandCode.SendPart, 0, sequence);
                _commandBell.RingIfWanted();
                data = data[count..];
            }
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
}
