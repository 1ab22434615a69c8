using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Kbus.Core;
using Kbus.Hosts;
using Kbus.Link;
using Kbus.Linux;

namespace Kbus.Links;

/// <summary>Writes messages as commands: a small one as one command, a big one as a command for its head and some for its data.</summary>
/// <remarks>Invariant: the parts of a big message are written under one hold of the command lock, so that no other command comes between
/// them.</remarks>
internal sealed class MessageWriter(LinkLife life, CommandChannel channel, SendLedger ledger, PostedOutcomes outcomes, KsockMode mode)
{
    private readonly byte[] _goodName = new byte[64];
    private int _goodNameLength;

    // Whether the bus has a part of a big message whose rest will never come. Under the command lock.
    private bool _hasHalf;

    /// <summary>Writes a message as commands. The caller has entered.</summary>
    public Errno Write(in OutgoingMessage message, IPostedSend? posted, bool checksSize, out ulong sequence, Deadline deadline)
    {
        sequence = 0;
        Errno error = channel.LockCommands(deadline);
        if (error != Errno.None)
        {
            return error;
        }

        try
        {
            error = WriteLocked(message, posted, checksSize, out sequence, deadline);
            channel.Publish();
        }
        finally
        {
            channel.UnlockCommands();
        }

        channel.Ring();
        return error;
    }

    /// <summary>Writes a message as commands, under the command lock. The last of them is yet to be published.</summary>
    public Errno WriteLocked(in OutgoingMessage message, IPostedSend? posted, bool checksSize, out ulong sequence, Deadline deadline)
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

        bool isOwed = ledger.IsOwedAnswer(message);
        bool isOrdinary = isOwed && message.Tag == 0;
        if (isOrdinary)
        {
            ledger.Requests.Sending();
        }

        error = IsInline(message)
            ? WriteInline(message, wantsCompletion: true, new Posted(posted, 1, isOwed, message.Tag), out sequence, deadline)
            : WriteInParts(message, new Posted(posted, 1, isOwed, message.Tag), out sequence, deadline);
        if (isOrdinary && error != Errno.None)
        {
            ledger.Requests.Sent(0, error, default);
        }

        return error;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsInline(in OutgoingMessage message) =>
        MessageLayout.EntireLength(message.NameLength, message.DataLength) <= MessageSizes.LargestInline;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Errno Check(in OutgoingMessage message, bool checksSize)
    {
        if ((mode & KsockMode.Write) == 0)
        {
            return Errno.EBADF;
        }

        if (ledger.IsSending)
        {
            return Errno.EALREADY;
        }

        // Otherwise the bus's limit was looked at when the header was complete, and only the absolute maximum counts.
        uint most = checksSize ? Volatile.Read(ref life.Memory.Header.MaxMessageSize) : uint.MaxValue;
        Errno error = MessageCheck.Parts(message.Header.Flags, message.NameLength, message.DataLength, most);
        return error != Errno.None ? error : CheckName(message);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Errno CheckName(in OutgoingMessage message) => IsSendable(message.Name) ? Errno.None : Errno.EBADMSG;

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
    public unsafe Errno WriteInline(
        in OutgoingMessage message, bool wantsCompletion, in Posted posted, out ulong sequence, Deadline deadline)
    {
        int length = (int)MessageLayout.EntireLength(message.NameLength, message.DataLength);
        int tagLength = message.Tag == 0 ? 0 : AnswerTag.Size;
        Errno error = channel.Begin(tagLength + length, wantsCompletion, out byte* target, out sequence, deadline);
        if (error != Errno.None)
        {
            return error;
        }

        if (posted.Done is not null)
        {
            outcomes.Enter(sequence, posted);
        }

        ushort flags = WriteTag(message, ref target);
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

        channel.End(CommandCode.Send, flags, sequence);
        return Errno.None;
    }

    /// <summary>Writes the tag of a Request whose answer is awaited, if it has one, and goes on behind it.</summary>
    /// <returns>The flags of the command.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe ushort WriteTag(in OutgoingMessage message, ref byte* target)
    {
        if (message.Tag == 0)
        {
            return 0;
        }

        *(ulong*)target = message.Tag;
        target += AnswerTag.Size;
        return CommandFlags.Awaited;
    }

    /// <summary>Writes a big message. If it ends early, the bus drops what it has of it with the next command that begins one, or by
    /// <see cref="DropHalf"/>.</summary>
    private unsafe Errno WriteInParts(in OutgoingMessage message, in Posted posted, out ulong sequence, Deadline deadline)
    {
        sequence = 0;
        ReadOnlySpan<byte> data = message.Data;
        int headLength = MessageLayout.DataOffset(message.NameLength);
        int tagLength = message.Tag == 0 ? 0 : AnswerTag.Size;
        Errno error = channel.Begin(tagLength + headLength, wantsCompletion: false, out byte* target, out _, deadline);
        if (error != Errno.None)
        {
            return error;
        }

        ushort flags = WriteTag(message, ref target);
        WriteHead(new Span<byte>(target, headLength), message);
        channel.End(CommandCode.SendBegin, flags, 0);
        while (error == Errno.None && !data.IsEmpty)
        {
            int count = Math.Min(data.Length, MessageSizes.PartLength);
            bool isLast = count == data.Length;
            error = channel.Begin(count, isLast, out target, out sequence, deadline);
            if (error == Errno.None)
            {
                if (isLast && posted.Done is not null)
                {
                    outcomes.Enter(sequence, posted);
                }

                data[..count].CopyTo(new Span<byte>(target, count));
                channel.End(CommandCode.SendPart, 0, sequence);
                channel.Publish();
                channel.Ring();
                data = data[count..];
            }
        }

        _hasHalf = error != Errno.None;
        return error;
    }

    /// <summary>Has the bus drop what it got of a big message that was given up half written. Under the command lock.</summary>
    private unsafe Errno DropHalf(Deadline deadline)
    {
        Errno error = channel.Begin(0, wantsCompletion: false, out _, out _, deadline);
        if (error == Errno.None)
        {
            channel.End(CommandCode.Withdrawn, 0, 0);
            _hasHalf = false;
        }

        return error;
    }
}
