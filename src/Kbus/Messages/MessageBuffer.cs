using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Kbus.Core;

namespace Kbus;

/// <summary>Holds one received message and is used again for the next, so that receiving allocates nothing.</summary>
/// <remarks>
/// Everything it shows belongs to the message it holds now: spans are valid until the next message is received into it, or until
/// <see cref="Clear"/> or <see cref="Dispose"/>. The data of a big message may be read in place, in memory shared with the bus, and
/// counts against the Ksock's byte budget until then. One thread at a time.
/// </remarks>
public sealed class MessageBuffer : IDisposable
{
    private static readonly byte[] NoHeader = new byte[MessageHeader.Size];
    private readonly bool _isPinned;
    private byte[] _bytes;
    private int _stored;
    private int _entireLength;
    private BorrowedData? _borrowed;
    private BorrowedData? _givenBack;

    /// <summary>Makes an empty buffer.</summary>
    /// <param name="capacity">Bytes of an entire message that fit before it has to grow: at least 0, default 512.</param>
    public MessageBuffer(int capacity = 512)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(capacity);
        _bytes = new byte[Math.Max(capacity, MessageHeader.Size)];
    }

    private MessageBuffer(bool isPinned)
    {
        _isPinned = isPinned;
        _bytes = Allocated(512);
    }

    /// <summary>True while it holds a message. If not, the header's fields are 0 and name and data are empty.</summary>
    public bool HasMessage => _entireLength != 0;

    /// <summary>The id that the bus gave the message.</summary>
    public MessageId Id => Header.Id;

    /// <summary>The id of the Request that this message answers, or <c>[0:0]</c>.</summary>
    public MessageId InReplyTo => Header.InReplyTo;

    /// <summary>The Ksock that this message is for, or 0.</summary>
    public uint To => Header.To;

    /// <summary>The Ksock that sent it; 0 for the bus.</summary>
    public uint From => Header.From;

    /// <summary>Where it came from first, if Limpets carried it.</summary>
    public OrigFrom OrigFrom => Header.OrigFrom;

    /// <summary>Where it is to go in the end, if Limpets carry it.</summary>
    public OrigFrom FinalTo => Header.FinalTo;

    /// <summary>Its flags.</summary>
    public MessageFlags Flags => Header.Flags;

    /// <summary>True if this very copy is to be answered by whoever received it.</summary>
    public bool WantsUsToReply => (Flags & MessageFlags.WantYouToReply) != 0;

    /// <summary>True if it is a Request.</summary>
    public bool IsRequest => HasMessage && Header.IsRequest;

    /// <summary>True if it answers a Request: a Reply or a Status.</summary>
    public bool IsReply => HasMessage && Header.IsReply;

    /// <summary>True if the bus itself made it.</summary>
    public bool IsSynthetic => (Flags & MessageFlags.Synthetic) != 0;

    /// <summary>What kind of message it is; <see cref="MessageKind.Announcement"/> while there is none.</summary>
    public MessageKind Kind => MessageText.KindOf(Header, Name);

    /// <summary>Bytes of the entire form; 0 while there is no message.</summary>
    public int EntireLength => _entireLength;

    /// <summary>The message's name, in ASCII.</summary>
    public ReadOnlySpan<byte> Name => HasMessage ? _bytes.AsSpan(MessageHeader.Size, (int)Header.NameLength) : default;

    /// <summary>The message's data; empty if it has none.</summary>
    public ReadOnlySpan<byte> Data => _borrowed is { } borrowed
        ? borrowed.Bytes
        : HasMessage ? _bytes.AsSpan(MessageLayout.DataOffset(Header.NameLength), (int)Header.DataLength) : default;

    /// <summary>The entire form of the message, byte for byte as the bare level reads it. Source: spec section 3.2.</summary>
    /// <remarks>Data that is read in place is copied into the buffer first.</remarks>
    public ReadOnlySpan<byte> Entire
    {
        get
        {
            if (_borrowed is not null)
            {
                CopyBorrowed();
            }

            return _bytes.AsSpan(0, _entireLength);
        }
    }

    /// <summary>What borrowed the data of an earlier message and has given them back: it may borrow again, so that big messages leave nothing behind either.</summary>
    internal BorrowedData? GivenBack => _givenBack;

    /// <summary>Bytes that it keeps for messages to come.</summary>
    internal int Capacity => _bytes.Length;

    internal ref readonly MessageHeader Header
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref HeaderIn(HasMessage ? _bytes : NoHeader);
    }

    /// <summary>Makes a message that lasts: name and data are copied out.</summary>
    /// <returns>A message of the class that fits its kind.</returns>
    /// <exception cref="InvalidOperationException">The buffer holds no message.</exception>
    public Message ToMessage()
    {
        if (!HasMessage)
        {
            throw new InvalidOperationException("The buffer holds no message.");
        }

        return Message.Read(Header, Name, Data);
    }

    /// <summary>Forgets the message and gives back memory that is read in place.</summary>
    public void Clear()
    {
        _stored = 0;
        _entireLength = 0;
        if (_borrowed is not null)
        {
            GiveBack();
        }
    }

    /// <summary>Does what <see cref="Clear"/> does. The buffer can be used again afterwards.</summary>
    public void Dispose() => Clear();

    /// <summary>The printed form of the message, as <see cref="Message.ToString"/> gives it.</summary>
    public override string ToString() => HasMessage ? ToMessage().ToString() : "(no message)";

    /// <summary>Makes an empty buffer whose messages do not move in memory, so that pointers to them may be lent.</summary>
    internal static MessageBuffer Pinned() => new(isPinned: true);

    /// <summary>Makes the message, in a pinned buffer, point at its name and data where they lie. <see cref="Entire"/> is not to be asked for any more.</summary>
    /// <returns>Where it is, until the buffer is used again.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal unsafe nint MakePointy()
    {
        var message = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_bytes));
        var header = (MessageHeader*)message;
        header->NamePointer = (ulong)(message + MessageHeader.Size);
        header->DataPointer = header->DataLength == 0 ? 0
            : _borrowed is null ? (ulong)(message + MessageLayout.DataOffset(header->NameLength))
            : (ulong)Unsafe.AsPointer(ref MemoryMarshal.GetReference(_borrowed.Bytes));
        return (nint)message;
    }

    /// <summary>Makes room for a message, forgetting the last one. The host fills in the bytes and then commits.</summary>
    /// <param name="length">Bytes of the entire form, or of header and padded name if the data stays elsewhere; at least a header.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal Span<byte> Prepare(int length)
    {
        Clear();
        if (_bytes.Length < length)
        {
            _bytes = Allocated((int)Math.Min(Array.MaxLength, Math.Max(length, 2L * _bytes.Length)));
        }

        _stored = length;
        return _bytes.AsSpan(0, length);
    }

    /// <summary>Accepts what was filled in as an entire message, or as the head of one whose data stays elsewhere.</summary>
    /// <param name="borrowed">The data, if it stays elsewhere; the buffer releases it, also if it says no.</param>
    /// <returns>False, and the buffer is empty, if the lengths do not fit each other: then it was no message.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool Commit(BorrowedData? borrowed = null)
    {
        ref readonly MessageHeader header = ref HeaderIn(_bytes);
        long entire = header.EntireLength;
        bool fits = _stored >= MessageHeader.Size && header.NameLength <= MessageName.MaxLength && (borrowed is null
            ? entire == _stored
            : _stored == MessageLayout.DataOffset(header.NameLength) && borrowed.Bytes.Length == header.DataLength);
        if (fits)
        {
            if (borrowed is not null)
            {
                // It is in use again, and may move to another buffer with its message.
                _borrowed = borrowed;
                _givenBack = null;
            }

            _entireLength = (int)entire;
        }
        else
        {
            borrowed?.Release();
        }

        return fits;
    }

    /// <summary>Takes over what another buffer holds, leaving that one empty.</summary>
    internal void TakeOver(MessageBuffer other)
    {
        Clear();
        if (_isPinned)
        {
            other._bytes.AsSpan(0, other._stored).CopyTo(Prepare(other._stored));
        }
        else
        {
            (_bytes, other._bytes) = (other._bytes, _bytes);
        }

        (_stored, other._stored) = (other._stored, 0);
        (_entireLength, other._entireLength) = (other._entireLength, 0);
        (_borrowed, other._borrowed) = (other._borrowed, null);
    }

    // Every buffer has room for a header.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref readonly MessageHeader HeaderIn(byte[] bytes) =>
        ref Unsafe.As<byte, MessageHeader>(ref MemoryMarshal.GetArrayDataReference(bytes));

    private byte[] Allocated(int length) => GC.AllocateUninitializedArray<byte>(length, _isPinned);

    private void CopyBorrowed()
    {
        BorrowedData borrowed = _borrowed!;
        int dataOffset = _stored;
        if (_bytes.Length < _entireLength)
        {
            byte[] larger = Allocated(_entireLength);
            _bytes.AsSpan(0, dataOffset).CopyTo(larger);
            _bytes = larger;
        }

        ReadOnlySpan<byte> data = borrowed.Bytes;
        data.CopyTo(_bytes.AsSpan(dataOffset));
        int guardAt = _entireLength - MessageLayout.FinalGuardLength;
        _bytes.AsSpan(dataOffset + data.Length, guardAt - dataOffset - data.Length).Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes.AsSpan(guardAt), MessageHeader.EndGuardValue);
        _stored = _entireLength;
        GiveBack();
    }

    private void GiveBack()
    {
        BorrowedData borrowed = _borrowed!;
        _borrowed = null;
        _givenBack = borrowed;
        borrowed.Release();
    }
}
